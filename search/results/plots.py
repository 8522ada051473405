"""Figures of a study, as PNG files."""

import io
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
import pandas as pd

from search.objectives.registry import AbstractObjective
from search.results.view import View
from search.study.store.files import write_bytes

# before pyplot is imported, which else may look for a display
matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

_SCALES = {"pJ": (1e-3, "nJ"), "ns": (1e-3, "µs"), "um2": (1e-6, "mm²")}  # canonical unit -> factor and unit of axes


class Scale(NamedTuple):
    """How an objective is drawn: values times `factor` are in the label's unit."""

    factor: float
    label: str
    logarithmic: bool


def scale_of(objective: AbstractObjective) -> Scale:
    """Answers in percent, costs in the units of everyday chips."""
    name = objective.name.replace("_", " ")
    if objective.answers and objective.unit == "1":
        return Scale(100, f"{name} [%]", False)
    factor, unit = _SCALES.get(objective.unit, (1.0, objective.unit))
    return Scale(factor, name if unit == "1" else f"{name} [{unit}]", objective.logarithmic)


def draw_all(folder: Path, view: View, designs: pd.DataFrame, breakdown: pd.DataFrame, history: pd.DataFrame) -> None:
    """Every figure that there is something to draw in, under `folder/figures`."""
    figures = folder / "figures"
    figures.mkdir(exist_ok=True)
    drawings = {
        "pareto": pareto(view, designs),
        "breakdown": energy_breakdown(view, designs, breakdown),
    }
    # what only a search by gradients has
    if len(claimed := view.claimed(designs)):
        drawings["gap"] = gap(view, claimed)
    if len(history):
        drawings["history"] = course(view, history)
    for name, figure in drawings.items():
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=130, bbox_inches="tight")
        # pyplot keeps every figure that nobody closes
        plt.close(figure)
        write_bytes(figures / f"{name}.png", buffer.getvalue())


def _plain_log(axis: Axis) -> None:
    """Numbers such as 2, 5, 10 instead of powers that overlap."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def pareto(view: View, designs: pd.DataFrame) -> Figure:
    """Every other objective against the cost, errors with their spread over simulated chips."""
    figure, panels = plt.subplots(1, len(view.against), figsize=(6.4 * min(len(view.against), 3), 4.2), squeeze=False)
    for axes, objective in zip(panels[0], view.against, strict=True):
        _front(axes, view, objective, designs)
    panels[0, 0].legend(frameon=False)
    figure.tight_layout()
    return figure


def _front(axes: Axes, view: View, objective: AbstractObjective, designs: pd.DataFrame) -> None:
    x, y = scale_of(view.cost), scale_of(objective)
    front, rest = view.ordered(designs[designs.on_front]), designs[~designs.on_front]
    # of more than two objectives, two show a cloud and no curve
    line = "o-" if len(view.objectives) == 2 else "o"
    for part, form, colour, label in ((rest, "o", "0.65", "dominated"), (front, line, "C0", "front")):
        # only errors are known chip by chip
        spread = part.error_std * y.factor if objective.name == "error" else None
        xs, ys = part[view.cost.column] * x.factor, part[objective.column] * y.factor
        axes.errorbar(xs, ys, spread, capsize=2, fmt=form, color=colour, label=label, drawstyle="steps-post")
    for _, design in front.iterrows():
        where = (design[view.cost.column] * x.factor, design[objective.column] * y.factor)
        axes.annotate(design.design, where, xytext=(4, 4), textcoords="offset points", fontsize=7)
    chips = int(designs.chips.max())
    axes.set(xlabel=x.label, ylabel=f"{y.label}, test, over {chips} simulated chips")
    if x.logarithmic:
        axes.set_xscale("log")
        _plain_log(axes.xaxis)
    if y.logarithmic:
        axes.set_yscale("log")
        _plain_log(axes.yaxis)


def energy_breakdown(view: View, designs: pd.DataFrame, breakdown: pd.DataFrame) -> Figure:
    """Energy by component (bars) for every design of the front, or of all where none is feasible."""
    front = view.ordered(designs[designs.on_front] if designs.on_front.any() else designs).design
    energy = breakdown[breakdown.energy_pj.notna() & breakdown.design.isin(front)]
    # rows as the front is ordered, whatever the pivot makes of it
    table = energy.pivot_table(index="design", columns="component", values="energy_pj", aggfunc="sum", sort=False).loc[list(front)]
    figure, axes = plt.subplots(figsize=(6.4, 0.32 * len(table) + 1.4))
    left = np.zeros(len(table))
    for index, component in enumerate(table.columns):
        share = (table[component] / table.sum(axis=1) * 100).to_numpy()
        axes.barh(table.index, share, left=left, label=component, color=plt.get_cmap("tab20")(index % 20))
        left += share
    axes.invert_yaxis()
    axes.set(xlabel="share of the design's energy [%]", ylabel="design (best in cost first)")
    axes.legend(frameon=False, fontsize=7, bbox_to_anchor=(1.0, 1.0), loc="upper left")
    return figure


def gap(view: View, claimed: pd.DataFrame) -> Figure:
    """Relaxed against hardened: what the search believed and what was measured."""
    figure, panels = plt.subplots(1, len(view.objectives), figsize=(4.2 * len(view.objectives), 3.8), squeeze=False)
    for axes, objective in zip(panels[0], view.objectives, strict=True):
        scale = scale_of(objective)
        relaxed, hard = (claimed[c].astype(float) * scale.factor for c in (f"relaxed_{objective.column}", objective.column))
        axes.plot(relaxed, hard, "o")
        ends = [min(relaxed.min(), hard.min()), max(relaxed.max(), hard.max())]
        axes.plot(ends, ends, ":", color="0.5")
        axes.set(xlabel=f"relaxed {scale.label}, validation", ylabel=f"hardened {scale.label}, test")
        if scale.logarithmic:
            axes.set(xscale="log", yscale="log")
            _plain_log(axes.xaxis)
            _plain_log(axes.yaxis)
    figure.tight_layout()
    return figure


def course(view: View, history: pd.DataFrame) -> Figure:
    """Loss and cost of every member over the search's steps."""
    scale = scale_of(view.cost)
    figure, (loss, cost) = plt.subplots(2, 1, figsize=(6.4, 5), sharex=True)
    for _, member in history.groupby("member"):
        loss.plot(member.step, member.loss, lw=1)
        cost.plot(member.step, member[view.cost.name] * scale.factor, lw=1)
    for axes in (loss, cost):
        for stage in history.groupby("stage").step.min():
            axes.axvline(stage, color="0.8", lw=0.8, zorder=0)
    loss.set(ylabel="training loss [nat]", yscale="log")
    cost.set(ylabel=f"relaxed {scale.label}", xlabel="step (one line per member)", yscale="log" if scale.logarithmic else "linear")
    return figure
