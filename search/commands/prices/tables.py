"""Costs for people and for programs."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from codesign.cost import Cost
from codesign.units import show


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
    energy, area = np.asarray(cost.energy_pj, float), np.asarray(cost.area_um2, float)
    # a component that costs nothing here would be a column of zeros
    shown = [j for j in range(len(cost.components)) if energy[:, j].any() or area[j]]
    table = Table(title=title)
    table.add_column("layer")
    for j in shown:
        table.add_column(cost.components[j], justify="right")
    for name in ("energy", "latency", "used"):
        table.add_column(name, justify="right")
    for i, layer in enumerate(cost.layers):
        cells = [show(energy[i, j], "pJ") for j in shown]
        table.add_row(
            layer, *cells, show(energy[i].sum(), "pJ"), show(float(cost.latency_ns[i]), "ns"), f"{float(cost.utilisation[i]):.0%}"
        )
    table.add_section()
    table.add_row(
        "total", *(show(energy[:, j].sum(), "pJ") for j in shown), show(float(cost.energy), "pJ"), show(float(cost.latency), "ns"), ""
    )
    # a network in which nothing happens has no energy to share
    table.add_row("share", *(f"{energy[:, j].sum() / max(energy.sum(), 1e-30):.1%}" for j in shown), "", "", "")
    table.add_row("area", *(show(area[j], "um2") for j in shown), "", "", "")
    _print(table)
    totals = {"energy": (cost.energy, "pJ"), "latency": (cost.latency, "ns"), "area": (cost.area, "um2"), "mean power": (cost.power, "mW")}
    print(", ".join(f"{name} {show(float(value), unit)}" for name, (value, unit) in totals.items()))
    intervals = {name: (f"{name}_{unit.lower()}", unit) for name, (_, unit) in totals.items() if f"{name}_{unit.lower()}" in sure}
    # a published model has its own constants, which nobody gave intervals
    if any(low < high for low, high in sure.values()):
        ends = [f"{name} {show(sure[key][0], unit)} to {show(sure[key][1], unit)}" for name, (key, unit) in intervals.items()]
        print(f"80 % of draws of all prices: {', '.join(ends)}")
    if float(cost.excess) > 0:
        print(f"Illegal: it asks for {np.exp(float(cost.excess)):.3g} times what its technology can do (clock of a memory, or capacity).")


def show_comparison(rows: Sequence[Comparison], workload: str) -> None:
    """Print models side by side."""
    table = Table(
        title=f"{workload}: spiking over an ANN of equal accuracy bits, under each model",
    )
    table.add_column("model")
    table.add_column("energy", justify="right")
    table.add_column("latency", justify="right")
    table.add_column("remark")
    for row in rows:
        table.add_row(row.model, _ratio(row.energy_ratio), _ratio(row.latency_ratio), row.reason)
    _print(table)
    print("Ratios within one model: below 1 the spiking network is the cheaper. Joules do not compare across models.")


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _print(table: Table) -> None:
    """At its full width, so that output into a file or pipe is not folded at 80 columns."""
    console = Console()
    # measured as if there were room for any table
    needed = Measurement.get(console, console.options.update(max_width=1000), table).maximum
    width = console.width if console.is_terminal else max(needed, console.width)
    Console(width=width).print(table)
