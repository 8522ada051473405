"""`codesign cost`: price a workload on a chip, without training."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from codesign.cost import Cost
from codesign.hardware.base import AbstractHardware, UnsupportedLayerError
from codesign.hardware.hybrid.chip import HybridChip
from codesign.hardware.registry import RANGES
from codesign.hardware.registry import REGISTRY as FAMILIES
from codesign.published.registry import REGISTRY as PUBLISHED
from codesign.technology.catalogue import load
from codesign.technology.files import TechnologyError
from codesign.technology.technology import Technology
from codesign.technology.uncertainty import draws
from codesign.workloads import presets
from codesign.workloads.table import TableError, read_workload
from codesign.workloads.twin import ann_twin
from codesign.workloads.workload import Workload
from search.commands.prices import settings as read_settings
from search.commands.prices import tables
from search.commands.prices.tables import Comparison
from search.errors import UserError, nearest

# prices of a family when none are named; published models carry their own constants and read none
OWN_TECHNOLOGY: Final = {"crossbar": "rram_45nm", "systolic": "digital_45nm", "manycore": "digital_45nm", "hybrid": "rram_45nm"}
DRAWS: Final = 1000
ENGINES: Final = ("crossbar", "systolic")


def cost(
    workload: str,
    hardware: str = "crossbar",
    set_: Sequence[str] = (),
    technology: str | None = None,
    as_json: bool = False,
    as_csv: bool = False,
    all_published: bool = False,
    hardness: float = 1.0,
) -> None:
    """Print the cost of one inference.

    Args:
        workload: a preset, or a CSV/YAML table of layers.
        hardware: a family or a published model.
        set_: `NAME=VALUE` each: a chip parameter or a workload property.
        technology: prices; default the family's own.
        as_json: print JSON.
        as_csv: print CSV.
        all_published: all models side by side, as ratios to an ANN of equal accuracy bits.
        hardness: 1 is the exact model, below 1 the smooth one.

    Raises:
        UserError: an unknown name (with the nearest), a bad value, or a layer the chip cannot run.
    """
    if as_json and as_csv:
        raise UserError("--json and --csv exclude each other")
    if not 0 <= hardness <= 1:
        raise UserError(f"--hardness must be between 0 and 1, got {hardness:g}")
    if all_published:
        _compare(workload, hardware, set_, technology, as_json, as_csv, hardness)
        return
    chip_class = _chip_class(hardware)
    chip_settings, properties = read_settings.split(set_, _fields(hardware, chip_class))
    work = load_workload(workload, properties)
    prices = load_technology(technology or OWN_TECHNOLOGY.get(hardware, "digital_45nm"))
    chip = _hybrid(chip_settings, work, prices, hardness) if chip_class is HybridChip else read_settings.make(chip_class, chip_settings)
    _check_cells(chip)
    result, sure = price_drawn(chip, work, prices, hardness)
    if as_json:
        print(json.dumps(tables.document(result, workload, hardware, prices.name) | {"intervals": sure}, indent=2))
    elif as_csv:
        print(result.to_table().to_csv(index=False), end="")
    else:
        tables.show_cost(result, f"{workload} on {hardware}, {prices.parts or prices.name}", sure)


def _check_cells(chip: AbstractHardware) -> None:
    if all(getattr(chip, name, None) is None for name in ("device", "stuck_on", "stuck_off")):
        return
    from codesign.evaluation.devices import check_cells  # imports networks when asked: prices alone need none

    try:
        check_cells(chip)
    except ValueError as error:
        raise UserError(f"--set: {error}") from None


def load_workload(name: str, properties: Mapping[str, Any]) -> Workload:
    """A preset or a table, with properties replaced.

    Raises:
        UserError: neither, a bad table, or a property of the wrong length.
    """
    try:
        if Path(name).suffix in (".csv", ".yaml", ".yml"):
            return read_workload(name, **properties)
        if name not in presets.PRESETS:
            raise UserError(f"unknown workload {name!r}{nearest(name, presets.available())}; a table ends in .csv or .yaml")
        return presets.preset(name, **properties)
    except (TableError, ValueError) as error:
        raise UserError(str(error)) from None


def load_technology(name: str) -> Technology:
    """Prices by name, by path, or by parts: `{process: cmos_28nm, memory: lstp}`.

    Raises:
        UserError: an unknown name or a bad file.
    """
    try:
        return load(YAML(typ="safe").load(name) if name.startswith("{") else name)
    except YAMLError as error:
        raise UserError(f"technology {name!r}: {error}") from None
    except TechnologyError as error:
        raise UserError(str(error)) from None


def price(chip: Any, work: Workload, prices: Technology, hardness: float) -> Cost:
    """The cost, with what can go wrong as the user's error.

    Raises:
        UserError: a layer the chip cannot run, a constant the technology lacks, or a per-layer parameter of the wrong length.
    """
    try:
        return _price(chip, work, prices, hardness)
    except KeyError as error:
        # a KeyError as text has quotes around its message
        raise UserError(str(error.args[0])) from None
    except (UnsupportedLayerError, ValueError) as error:
        raise UserError(str(error)) from None


def price_drawn(chip: Any, work: Workload, prices: Technology, hardness: float) -> tuple[Cost, dict[str, tuple[float, float]]]:
    """As `price`, with the 10th and 90th percentile of energy, latency and area under draws of all prices.

    Raises:
        UserError: as `price`.
    """
    # the prices as they are come first among the draws: one program for both
    drawn = jax.tree.map(lambda leaf, all_draws: jnp.concatenate([leaf[None], all_draws]), prices, draws(prices, DRAWS))
    try:
        costs = _price_drawn(chip, work, drawn, hardness)
    except KeyError as error:
        raise UserError(str(error.args[0])) from None
    except (UnsupportedLayerError, ValueError) as error:
        raise UserError(str(error)) from None
    totals = {"energy_pj": costs.energy_pj.sum((1, 2)), "latency_ns": costs.latency_ns.sum(1), "area_um2": costs.area_um2.sum(1)}
    ends = {name: np.quantile(np.asarray(values[1:], np.float64), [0.1, 0.9]).tolist() for name, values in totals.items()}
    return jax.tree.map(lambda leaf: leaf[0], costs), {name: (low, high) for name, (low, high) in ends.items()}


@eqx.filter_jit
def _price_drawn(chip: AbstractHardware, work: Workload, drawn: Technology, hardness: float) -> Cost:
    return jax.vmap(lambda prices: chip.cost(work, prices, hardness))(drawn)


@eqx.filter_jit
def _price(chip: AbstractHardware, work: Workload, prices: Technology, hardness: float) -> Cost:
    return chip.cost(work, prices, hardness)


def _chip_class(name: str) -> type:
    known = {**PUBLISHED, **FAMILIES}
    if name not in known:
        raise UserError(f"unknown hardware {name!r}{nearest(name, list(known))}")
    return known[name]


def _fields(name: str, chip: type) -> list[str]:
    if chip is not HybridChip:
        return read_settings.fields(chip)
    # engines by name only: their own parameters keep the defaults
    return ["engines", "assignment", "transfer_buffer_kb", "link_gbit_per_s"]


def _hybrid(settings: Mapping[str, str], work: Workload, prices: Technology, hardness: float) -> HybridChip:
    """Engines by name; each layer where it takes least energy unless `assignment` says otherwise."""
    names = [part.strip() for part in settings.get("engines", ",".join(ENGINES)).split(",")]
    for name in names:
        if name not in FAMILIES or name == "hybrid":
            raise UserError(f"--set engines: unknown engine {name!r}{nearest(name, [n for n in FAMILIES if n != 'hybrid'])}")
    engines = {name: read_settings.make(FAMILIES[name], {}) for name in names}
    if "assignment" in settings:
        assignment = np.asarray(np.atleast_1d(read_settings.numbers("assignment", settings["assignment"], above_zero=False)), int)
        assignment = np.broadcast_to(assignment, (len(work),)) if assignment.size == 1 else assignment
    else:
        alone = [_energy_by_layer(engine, work, prices, hardness) for engine in engines.values()]
        # each engine alone: what it costs to pass data between engines is left out of the choice, not of the price
        assignment = np.argmin(np.stack(alone), axis=0)
    rest: dict[str, Any] = {
        name: read_settings.numbers(name, text) for name, text in settings.items() if name not in ("engines", "assignment")
    }
    read_settings.check(rest, RANGES["hybrid"])
    try:
        return HybridChip.of(engines, assignment, **rest)
    except ValueError as error:
        raise UserError(str(error)) from None


def _energy_by_layer(engine: Any, work: Workload, prices: Technology, hardness: float) -> np.ndarray:
    able = np.asarray([engine.supports(layer) for layer in work])
    if able.all():
        return np.asarray(price(engine, work, prices, hardness).energy_pj.sum(1))
    # a chip refuses the whole network for one layer it cannot run, so this engine alone has no price to offer
    return np.full(len(work), np.inf)


def compare(
    work: Workload, prices: Technology | None, hardness: float, settings: Mapping[str, Mapping[str, str]] = MappingProxyType({})
) -> list[Comparison]:
    """Every published model and own family: cost of `work` over that of its twin, `codesign.workloads.ann_twin`, within the same model."""
    twin = ann_twin(work)
    rows = []
    for name, chip_class in {**PUBLISHED, **FAMILIES}.items():
        # a hybrid chip would assign its engines anew for the twin: two chips, not one
        if chip_class is HybridChip:
            continue
        own = prices or load_technology(OWN_TECHNOLOGY.get(name, "digital_45nm"))
        try:
            chip = read_settings.make(chip_class, settings.get(name, {}))
            # a model that cannot run the network is a line with its reason, and no end of the comparison
            spiking, ann = price(chip, work, own, hardness), price(chip, twin, own, hardness)
        except UserError as error:
            rows.append(Comparison(name, None, None, str(error)))
            continue
        # some published models count energy only and have a latency of 0
        latency = float(spiking.latency / ann.latency) if float(ann.latency) > 0 else None
        rows.append(Comparison(name, float(spiking.energy / ann.energy), latency, ""))
    return rows


def _compare(
    workload: str, hardware: str, set_: Sequence[str], technology_name: str | None, as_json: bool, as_csv: bool, hardness: float
) -> None:
    """Settings of a chip are those of `hardware`; all other models stand with their defaults."""
    chip_settings, properties = read_settings.split(set_, _fields(hardware, _chip_class(hardware)))
    prices = load_technology(technology_name) if technology_name else None
    rows = compare(load_workload(workload, properties), prices, hardness, {hardware: chip_settings})
    if as_json:
        print(json.dumps({"workload": workload, "models": [dataclasses.asdict(row) for row in rows]}, indent=2))
    elif as_csv:
        import pandas as pd

        print(pd.DataFrame([dataclasses.asdict(row) for row in rows]).to_csv(index=False), end="")
    else:
        tables.show_comparison(rows, workload)
