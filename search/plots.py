"""Figures of a study, as PNG files."""

import io
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd

from search.store import write_bytes

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter


def draw_all(folder: Path, designs: pd.DataFrame, breakdown: pd.DataFrame, history: pd.DataFrame) -> None:
    """Every figure, under `folder/figures`."""
    figures = folder / "figures"
    figures.mkdir(exist_ok=True)
    drawings = {
        "pareto": pareto(designs),
        "breakdown": energy_breakdown(designs, breakdown),
        "gap": gap(designs),
        "history": course(history),
    }
    for name, figure in drawings.items():
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=130, bbox_inches="tight")
        plt.close(figure)
        write_bytes(figures / f"{name}.png", buffer.getvalue())


def _plain_log(axis: Axis) -> None:
    """Numbers such as 2, 5, 10 instead of powers that overlap."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def pareto(designs: pd.DataFrame) -> Figure:
    """Test error against energy, with the spread over simulated chips."""
    figure, axes = plt.subplots(figsize=(6.4, 4.2))
    front = designs[designs.on_front].sort_values("energy_pj")
    rest = designs[~designs.on_front]
    axes.errorbar(rest.energy_pj / 1e3, rest.error_mean * 100, rest.error_std * 100, fmt="o", color="0.65", label="dominated", capsize=2)
    axes.errorbar(
        front.energy_pj / 1e3,
        front.error_mean * 100,
        front.error_std * 100,
        fmt="o-",
        color="C0",
        label="front",
        capsize=2,
        drawstyle="steps-post",
    )
    for _, design in front.iterrows():
        axes.annotate(
            design.design, (design.energy_pj / 1e3, design.error_mean * 100), xytext=(4, 4), textcoords="offset points", fontsize=7
        )
    chips = int(designs.chips.max())
    axes.set(xscale="log", xlabel="energy per inference [nJ]", ylabel=f"test error [%], mean ± std over {chips} simulated chips")
    _plain_log(axes.xaxis)
    axes.legend(frameon=False)
    return figure


def energy_breakdown(designs: pd.DataFrame, breakdown: pd.DataFrame) -> Figure:
    """Energy by component (bars) for every design of the front."""
    front = designs[designs.on_front].sort_values("energy_pj").design
    energy = breakdown[breakdown.energy_pj.notna() & breakdown.design.isin(front)]
    table = energy.pivot_table(index="design", columns="component", values="energy_pj", aggfunc="sum", sort=False).loc[list(front)]
    figure, axes = plt.subplots(figsize=(6.4, 0.32 * len(table) + 1.4))
    left = np.zeros(len(table))
    for index, component in enumerate(table.columns):
        share = (table[component] / table.sum(axis=1) * 100).to_numpy()
        axes.barh(table.index, share, left=left, label=component, color=plt.get_cmap("tab20")(index))
        left += share
    axes.invert_yaxis()
    axes.set(xlabel="share of the design's energy [%]", ylabel="design (cheapest first)")
    axes.legend(frameon=False, fontsize=7, bbox_to_anchor=(1.0, 1.0), loc="upper left")
    return figure


def gap(designs: pd.DataFrame) -> Figure:
    """Relaxed against hardened: what the search believed and what was measured."""
    own = designs[designs.origin == "member"]
    figure, (energy, error) = plt.subplots(1, 2, figsize=(8.4, 3.8))
    panels = (
        (energy, own.relaxed_energy_pj / 1e3, own.energy_pj / 1e3, "energy [nJ]"),
        (error, own.relaxed_error * 100, own.error_mean * 100, "error [%]"),
    )
    for axes, relaxed, hard, name in panels:
        axes.plot(relaxed, hard, "o")
        ends = [min(relaxed.min(), hard.min()), max(relaxed.max(), hard.max())]
        axes.plot(ends, ends, ":", color="0.5")
        axes.set(xlabel=f"relaxed {name}, validation", ylabel=f"hardened {name}, test")
    energy.set(xscale="log", yscale="log")
    _plain_log(energy.xaxis)
    _plain_log(energy.yaxis)
    figure.tight_layout()
    return figure


def course(history: pd.DataFrame) -> Figure:
    """Energy and loss of every member over the search's steps."""
    figure, (loss, energy) = plt.subplots(2, 1, figsize=(6.4, 5), sharex=True)
    for _, member in history.groupby("member"):
        loss.plot(member.step, member.loss, lw=1)
        energy.plot(member.step, member.energy / 1e3 if "energy" in member else member.loss, lw=1)
    for axes in (loss, energy):
        axes.set_yscale("log")
        for stage in history.groupby("stage").step.min():
            axes.axvline(stage, color="0.8", lw=0.8, zorder=0)
    loss.set(ylabel="training loss [nat]")
    energy.set(ylabel="relaxed energy [nJ]", xlabel="step (one line per member)")
    return figure
