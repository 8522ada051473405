"""What scripts know of units that can be compared: designs as columns, axes, parameters, picks, and details of the designs that matter."""

import json
import math
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from search.objectives.base import AbstractObjective
from search.objectives.described import from_description
from search.problem.config import Config
from search.results import recommend
from search.results.figures.scales import scale_of
from search.results.groups import Group, plain
from search.results.page import columns, rows
from search.results.view import View
from search.study.store.tables import Tables

COSTS: Final = (("energy", "pJ"), ("latency", "ns"), ("area", "um2"))
"""In every row, whatever the objectives are."""
_ALWAYS: Final = ("feasible", "on_front", "error_mean", "error_std", "chips")
_DETAILS: Final = ("origin", "front_probability")
_STAGES: Final = ("validation_", "relaxed_", "rounded_", "gap_", "error_1h", "error_1d", "error_30d", "error_exact", "exact_")
_RATES: Final = ("input_rate", "output_rate", "weight_density", "arrays", "cores")


def of_group(group: Group, picks: Mapping[str, recommend.Pick], tables: Tables) -> dict[str, Any]:
    """One group as plain values.

    Args:
        group: with at least one measured design.
        picks: of its designs.
        tables: of its study.
    """
    view, names = group.view, [stored.unit.name for stored in group.units]
    parameters = _parameters(Config.model_validate(dict(group.config)), view, group.designs)
    axes = [_axis(objective, group.designs) for objective in _drawn(view, group.designs)]
    shown = ["design", *_ALWAYS, *(axis["column"] for axis in axes), *(c for p in parameters for c in p["columns"])]
    designs = rows.kept(group.designs, view, len(shown))
    places = {name: number for number, name in enumerate(names)}
    several = {"unit": columns.column(designs.unit.map(places))} if len(names) > 1 else {}
    return {
        "measured": len(group.designs),
        "objectives": len(view.objectives),
        "names": names,
        "units": titles(group) if len(names) > 1 else [],
        "labels": _labels(group) if len(names) > 1 else {},
        "axes": axes,
        "x": view.cost.column,
        "y": view.against[0].column,
        "curve": len(view.objectives) == 2,
        "bounds": {limit.objective.column: limit.bound for limit in view.limits},
        "parameters": parameters,
        "columns": several | columns.table(designs, list(dict.fromkeys(shown))),
        "picks": [{"wish": wish, "row": rows.row_of(designs, pick.row), "why": pick.why} for wish, pick in picks.items()],
        "baselines": of_unit(tables, "baselines", str(recommended(group, picks).unit)) or [],
        "nearest": rows.row_of(designs, recommend.nearest(designs)) if not picks and "violation" in designs else 0,
        **_details(designs, picks, names, tables),
    }


def _labels(group: Group) -> dict[str, list[Any]]:
    """What was varied, by unit; what all have in common is left out, and so is the section of a key where its last part says which."""
    varied = pd.DataFrame([plain(stored) for stored in group.units])
    keys = [str(key) for key in varied if varied[key].nunique() > 1]
    last = [key.rpartition(".")[2] for key in keys]
    names = [short if last.count(short) == 1 else key for key, short in zip(keys, last, strict=True)]
    return {name: [columns.rounded(value) for value in varied[key]] for name, key in zip(names, keys, strict=True)}


def titles(group: Group) -> list[str]:
    """What tells each unit from the others, for people: `seed 2, searcher tpe`."""
    varied = _labels(group)
    told = [
        ", ".join(f"{name} {value}" for name, value in zip(varied, values, strict=True)) for values in zip(*varied.values(), strict=True)
    ]
    return told or [stored.unit.title for stored in group.units]


def recommended(group: Group, picks: Mapping[str, recommend.Pick]) -> "pd.Series[Any]":
    """The design to build, or the one that comes nearest to the bounds."""
    return picks["balanced"].row if picks else recommend.nearest(group.designs)


def of_unit(tables: Tables, key: str, unit: str) -> Any:
    """What a unit holds under a name; None where it holds nothing."""
    text = tables.facts(key).get(unit)
    return None if text is None else json.loads(text)


def _drawn(view: View, designs: pd.DataFrame) -> list[AbstractObjective]:
    """Objectives, and what else every design has."""
    others = [
        from_description({"name": name, "unit": unit, "direction": "minimise", "logarithmic": True, "answers": False, "worst": 1.0})
        for name, unit in COSTS
    ]
    error = {"name": "error_mean", "unit": "1", "direction": "minimise", "logarithmic": False, "answers": True, "worst": 1.0}
    if "error" not in view.columns:
        others.append(from_description(error))
    wanted = [*view.objectives, *others, *(limit.objective for limit in view.limits)]
    found: dict[str, AbstractObjective] = {}
    for objective in wanted:
        # of equal columns the first: an objective before what every design has, and before a bound on it
        if objective.column in designs:
            found.setdefault(objective.column, objective)
    return list(found.values())


def _axis(objective: AbstractObjective, designs: pd.DataFrame) -> dict[str, Any]:
    scale = scale_of(objective, designs[objective.column])
    return {
        "column": objective.column,
        "name": objective.name.replace("_", " ").removesuffix(" mean"),
        "label": scale.label,
        "factor": scale.factor,
        "log": scale.logarithmic,
        "decades": scale.decades,
        "unit": "%" if objective.answers and objective.unit == "1" else objective.unit,
        "up": objective.sign < 0,
        "spread": objective.name in ("error", "error_mean"),
    }


def _parameters(config: Config, view: View, designs: pd.DataFrame) -> list[dict[str, Any]]:
    """What was searched: its columns, by layer where it has several, its unit, and whether it is a switch."""
    found = []
    for name in view.parameters:
        own = [str(c) for c in designs.columns if c == name or str(c).startswith(f"{name}[")]
        entry = config.parameters.get(name)
        gate = entry is not None and entry.kind == "gate"
        found.append({"name": name, "label": name.replace("_", " "), "unit": unit_of(config, name), "columns": own, "gate": gate})
    return found


def unit_of(config: Config, name: str) -> str:
    """The unit of a searched parameter; empty where it has none, and of a chip of the user's own."""
    # imports JAX, which the page of an unfinished study does without
    from codesign.hardware.registry import RANGES
    from codesign.network.operation import RANGES as OPERATION

    engine, _, own = name.rpartition(".")
    kind = config.hardware.engines[engine].kind if engine in config.hardware.engines else config.hardware.kind
    legal = OPERATION.get(own) or RANGES.get(kind, {}).get(own)
    return "" if legal is None or legal.unit == "1" else legal.unit


def _details(designs: pd.DataFrame, picks: Mapping[str, recommend.Pick], units: list[str], tables: Tables) -> dict[str, Any]:
    first = tables.breakdown(str(designs.unit.iloc[0]), str(designs.design.iloc[0]))
    numbers = rows.detailed(designs, dict(picks), len(first))
    own = designs.loc[numbers]
    told = [c for c in designs.columns if c in _DETAILS or str(c).startswith(_STAGES) or str(c).endswith(("_p10", "_p90"))]
    told = [c for c in told if not str(c).endswith("chip_errors")]  # lists, told below
    rates = [c for c in designs.columns if str(c).partition("[")[0] in _RATES]
    errors = own.chip_errors.tolist() if "chip_errors" in own else []
    return {
        "detailed": numbers,
        "details": columns.table(own, [*told, *rates]),
        "chip_errors": columns.nested([each if hasattr(each, "__len__") else None for each in errors]),
        "breakdown": _breakdown(own, tables),
        **_facts(own, units, tables),
    }


def _breakdown(designs: pd.DataFrame, tables: Tables) -> dict[str, Any]:
    """Energies [pJ] of each design by layer and component, latencies [ns] by layer, areas [um2] by component; null where there is none."""
    found = [tables.breakdown(str(d.unit), str(d.design)) for _, d in designs.iterrows()]
    everything = pd.concat(found) if found else pd.DataFrame()
    if everything.empty:
        return {"layers": [], "components": [], "energy": [], "latency": [], "area": []}
    # every part in the same order for all designs
    layers = [str(name) for name in everything.layer[everything.energy_pj.notna()].unique()]
    # the dearest first: it has a colour of its own
    components = [str(name) for name in everything.groupby("component").energy_pj.sum().sort_values(ascending=False).index]
    placed = {key: columns.nested([_placed(table, key, layers, components) for table in found]) for key in ("energy", "latency", "area")}
    return {"layers": layers, "components": components, **placed}


def _placed(table: pd.DataFrame, key: str, layers: list[str], components: list[str]) -> list[float]:
    if key == "energy":
        energies = zip(table.layer, table.component, table.energy_pj, strict=True)
        cells = {(str(layer), str(component)): float(value) for layer, component, value in energies}
        return [cells.get((layer, component), math.nan) for layer in layers for component in components]
    names, column, parts = (layers, "latency_ns", table.layer) if key == "latency" else (components, "area_um2", table.component)
    own = {str(part): float(value) for part, value in zip(parts, table[column], strict=True) if not pd.isna(value)}
    return [own.get(name, math.nan) for name in names]


def _facts(designs: pd.DataFrame, units: list[str], tables: Tables) -> dict[str, Any]:
    """Layers, chip and operation of the units that have a detailed design; what many have in common once."""
    stored = {key: tables.facts(key) for key in ("layers", "chip", "operation")}
    texts, place = list[str](), dict[int, int]()
    for name in designs.unit.unique():
        found = {key: json.loads(of[name]) for key, of in stored.items() if name in of}
        text = json.dumps(found)
        if text not in texts:
            texts.append(text)
        place[units.index(name)] = texts.index(text)
    return {"facts": [json.loads(text) for text in texts], "fact_of": place}
