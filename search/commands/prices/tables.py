"""Costs for people and for programs."""

import dataclasses
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from codesign.cost import Cost
from codesign.units import show

WIDTH: Final = 100  # columns, where there is no terminal
_TIED: Final = "\N{NO-BREAK SPACE}"


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A model's verdict: spiking over ANN twin, or why it has none."""

    model: str
    energy_ratio: float | None
    latency_ratio: float | None
    reason: str


def document(cost: Cost, workload: str, hardware: str, technology: str) -> dict[str, Any]:
    """A cost as JSON: totals, layers with their components, area by component; units in the names."""
    energy, latency, area, used = (np.asarray(x, float) for x in (cost.energy_pj, cost.latency_ns, cost.area_um2, cost.utilisation))
    return {
        "workload": workload,
        "hardware": hardware,
        "technology": technology,
        "totals": {
            "energy_pj": float(cost.energy),
            "latency_ns": float(cost.latency),
            "area_um2": float(cost.area),
            "power_mw": float(cost.power),
        },
        # above 0: the chip asks for exp(excess) times what its technology can do
        "excess": float(cost.excess),
        "layers": [
            {
                "name": layer,
                "energy_pj": dict(zip(cost.components, energy[i].tolist(), strict=True)),
                "latency_ns": latency[i].item(),
                "utilisation": used[i].item(),
            }
            for i, layer in enumerate(cost.layers)
        ],
        "area_um2": dict(zip(cost.components, area.tolist(), strict=True)),
    }


def show_cost(cost: Cost, title: str, sure: Mapping[str, tuple[float, float]]) -> None:
    """Print energy by layer and component, with latency, utilisation, area and totals, and how sure these are."""
    console = _console()
    console.print(_layers(cost, title, console))
    console.print(_components(cost))
    totals = {"energy": (cost.energy, "pJ"), "latency": (cost.latency, "ns"), "area": (cost.area, "um2"), "mean power": (cost.power, "mW")}
    # some published models know no time or no area, and so no power
    known = [name for name, (value, _) in totals.items() if float(value) > 0 and (name != "mean power" or float(cost.latency) > 0)]
    _say(console, ", ".join(f"{name} {_tied(float(totals[name][0]), totals[name][1])}" for name in known))
    intervals = {name: (f"{name}_{unit.lower()}", unit) for name, (_, unit) in totals.items() if f"{name}_{unit.lower()}" in sure}
    # a published model has its own constants, which nobody gave intervals
    if any(low < high for low, high in sure.values()):
        ends = [f"{name} {_tied(sure[key][0], unit)} to {_tied(sure[key][1], unit)}" for name, (key, unit) in intervals.items()]
        _say(console, f"80 % of draws of all prices: {', '.join(ends)}")
    if float(cost.excess) > 0:
        asked = f"{np.exp(float(cost.excess)):.3g} times what its technology can do"
        _say(console, f"Illegal: it asks for {asked} (clock of a memory, capacity, or bits of a cell).")


def _layers(cost: Cost, title: str, console: Console) -> Table:
    """Energy of each layer, by as many of its dearest components as there is room for."""
    energy = np.asarray(cost.energy_pj, float)
    # a component that costs nothing here would be a column of zeros
    dearest = [int(j) for j in np.argsort(-energy.sum(0), kind="stable") if energy[:, j].any()]
    found = _layer_table(cost, title, [], len(dearest))
    for most in range(1, len(dearest) + 1):
        table = _layer_table(cost, title, sorted(dearest[:most]), len(dearest) - most)
        # measured as if there were room for any table; from below, as few have room for many
        if Measurement.get(console, console.options.update(max_width=1000), table).maximum > console.width:
            break
        found = table
    return found


def _layer_table(cost: Cost, title: str, shown: Sequence[int], others: int) -> Table:
    energy = np.asarray(cost.energy_pj, float)
    rest = energy.sum(1) - energy[:, shown].sum(1)
    table = Table(title=title, title_justify="left")
    table.add_column("layer", overflow="ellipsis", no_wrap=True)
    for name in (*(cost.components[j] for j in shown), *([f"{others} more"] if others else []), "energy", "latency", "used"):
        table.add_column(name, justify="right", no_wrap=True)

    def row(name: str, parts: np.ndarray, left: float, total: float, *ends: str) -> None:
        more = [show(left, "pJ")] if others else []
        table.add_row(name, *(show(value, "pJ") for value in parts), *more, show(total, "pJ"), *ends)

    for i, layer in enumerate(cost.layers):
        row(layer, energy[i, shown], rest[i], energy[i].sum(), show(float(cost.latency_ns[i]), "ns"), f"{float(cost.utilisation[i]):.0%}")
    table.add_section()
    row("total", energy[:, shown].sum(0), rest.sum(), float(cost.energy), show(float(cost.latency), "ns"), "")
    return table


def _components(cost: Cost) -> Table:
    """Energy and area of each component that has any, in the order of the cost."""
    energy, area = np.asarray(cost.energy_pj, float).sum(0), np.asarray(cost.area_um2, float)
    table = Table()
    table.add_column("component", overflow="ellipsis", no_wrap=True)
    for name in ("energy", "share", "area", "share"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, joules, size in zip(cost.components, energy, area, strict=True):
        if joules or size:
            table.add_row(name, show(joules, "pJ"), _share(joules, energy.sum()), show(size, "um2"), _share(size, area.sum()))
    return table


def _share(part: float, whole: float) -> str:
    # a network in which nothing happens has no energy to share, and some published models know no area
    return f"{part / whole:.1%}" if whole > 0 else "-"


def show_comparison(rows: Sequence[Comparison], workload: str) -> None:
    """Print models side by side."""
    console = _console()
    table = Table(title=f"{workload}: spiking over an ANN of equal accuracy bits, under each model", title_justify="left")
    table.add_column("model", no_wrap=True)
    table.add_column("energy", justify="right")
    table.add_column("latency", justify="right")
    table.add_column("remark")
    for row in rows:
        table.add_row(row.model, _ratio(row.energy_ratio), _ratio(row.latency_ratio), row.reason)
    console.print(table)
    _say(console, "Ratios within one model: below 1 the spiking network is the cheaper. Joules do not compare across models.")


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _console() -> Console:
    """As wide as a terminal; where the output is a file or a pipe, as wide as a page of a terminal that is not small."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)


def _say(console: Console, text: str) -> None:
    print(textwrap.fill(text, console.width).replace(_TIED, " "))


def _tied(value: float, unit: str) -> str:
    """A value with its unit, which no line break parts."""
    return show(value, unit).replace(" ", _TIED)
