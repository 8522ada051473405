"""What a cost shows: totals, and who pays them."""

import textwrap
from collections.abc import Mapping
from typing import Final

import numpy as np

from codesign.shown.numbers import concrete, number
from codesign.shown.sheet import WIDTH, Sheet, Table, shares
from codesign.units import show

MOST: Final = 4  # components and layers that are told in a terminal


def cost_sheet(layers: tuple[str, ...], components: tuple[str, ...], arrays: Mapping[str, object]) -> Sheet:
    """A cost: totals with units, the components and layers that pay most.

    Args:
        layers: names.
        components: names.
        arrays: `energy_pj` `[..., layers, components]`, `latency_ns` and `utilisation` `[..., layers]`, `area_um2` `[..., components]`,
            `excess` `[...]`; leading axes are those of many designs.
    """
    title = f"Cost of one inference: {len(layers)} layers, {len(components)} components"
    found = {name: concrete(value) for name, value in arrays.items()}
    energy, latency, area, used, excess = (found[name] for name in ("energy_pj", "latency_ns", "area_um2", "utilisation", "excess"))
    if energy is None or latency is None or area is None or used is None or excess is None:
        return Sheet(title, tuple(f"{name} {number(value)}" for name, value in arrays.items()))
    if many := energy.shape[:-2]:
        title = f"{title}, {'x'.join(map(str, many))} designs (shares are those of their means)"
    totals = _totals(energy, latency, area)
    mean = {
        name: array.reshape(-1, *array.shape[len(many) :]).mean(0)
        for name, array in (("e", energy), ("t", latency), ("a", area), ("u", used))
    }
    by = {
        "energy by component": shares(components, mean["e"].sum(0).tolist(), MOST),
        "energy by layer": shares(layers, mean["e"].sum(1).tolist(), MOST),
        "latency by layer": shares(layers, mean["t"].tolist(), MOST),
        "area by component": shares(components, mean["a"].tolist(), MOST),
    }
    illegal = () if not np.any(excess > 0) else (f"illegal: asks for {np.exp(excess.max()):.3g} times what its technology can do",)
    lines = (
        *_wrapped(", ".join(f"{name} {value}" for name, value in totals.items())),
        *(line for name, told in by.items() if told for line in _wrapped(f"{name}: {told}")),
        *illegal,
    )
    tables = (
        Table("", (), (*totals.items(), *((("legal", illegal[0]),) if illegal else ()))),
        _components(components, mean["e"].sum(0), mean["a"]),
        _layers(layers, mean["e"].sum(1), mean["t"], mean["u"]),
    )
    return Sheet(title, lines, tables)


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, WIDTH - 2, subsequent_indent="  ", max_lines=2, placeholder=" …")


def _totals(energy: np.ndarray, latency: np.ndarray, area: np.ndarray) -> dict[str, str]:
    joules, time = energy.sum((-2, -1)), latency.sum(-1)
    # a model without latency has no power either
    power = np.divide(joules, time, out=np.zeros_like(joules), where=time > 0)
    totals = {"energy": (joules, "pJ"), "latency": (time, "ns"), "area": (area.sum(-1), "um2"), "mean power": (power, "mW")}
    return {name: number(value, unit, 3, listed=1) for name, (value, unit) in (totals | {"EDP": (joules * time, "pJ*ns")}).items()}


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.3g} %" if whole > 0 else "-"


def _components(names: tuple[str, ...], energy: np.ndarray, area: np.ndarray) -> Table:
    order = [i for i in np.argsort(-energy, kind="stable") if energy[i] > 0 or area[i] > 0]
    rows = [
        (names[i], show(energy[i], "pJ"), _percent(energy[i], energy.sum()), show(area[i], "um2"), _percent(area[i], area.sum()))
        for i in order
    ]
    return Table("by component", ("component", "energy", "share", "area", "share"), tuple(rows))


def _layers(names: tuple[str, ...], energy: np.ndarray, latency: np.ndarray, used: np.ndarray) -> Table:
    rows = [
        (
            name,
            show(energy[i], "pJ"),
            _percent(energy[i], energy.sum()),
            show(latency[i], "ns"),
            _percent(latency[i], latency.sum()),
            f"{100 * used[i]:.3g} %",
        )
        for i, name in enumerate(names)
    ]
    return Table("by layer", ("layer", "energy", "share", "latency", "share", "used"), tuple(rows))
