"""Figures of a comparison, as PNG files."""

import io
from pathlib import Path

import matplotlib
import pandas as pd

from search.compare.tables import Scale
from search.study.store.files import write_bytes

# before pyplot is imported, which else may look for a display
matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.figure import Figure


def draw_all(folder: Path, scale: Scale, table: pd.DataFrame, front: pd.DataFrame, course: pd.DataFrame) -> list[str]:
    """Every figure, under `folder/figures`; returns their names."""
    figures = folder / "figures"
    figures.mkdir(exist_ok=True)
    drawings = {"hypervolume": final(table), "course": over_budget(course), "budgets": budgets(table), "fronts": fronts(scale, front)}
    for name, figure in drawings.items():
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=130, bbox_inches="tight")
        # pyplot keeps every figure that nobody closes
        plt.close(figure)
        write_bytes(figures / f"{name}.png", buffer.getvalue())
    return list(drawings)


def _colours(searchers: pd.Series) -> dict[str, str]:
    # by name: a searcher has one colour in all figures
    return {name: f"C{i}" for i, name in enumerate(sorted(searchers.unique()))}


def final(table: pd.DataFrame) -> Figure:
    """Final hypervolume of every seed at the largest budget."""
    last = table[table.share == table.share.max()]
    order = last.groupby("searcher").hypervolume.median().sort_values(ascending=False).index
    figure, axes = plt.subplots(figsize=(6.4, 0.5 * len(order) + 1.6))
    axes.boxplot([last[last.searcher == name].hypervolume for name in order], orientation="horizontal", tick_labels=list(order), widths=0.5)
    for i, name in enumerate(order, 1):
        own = last[last.searcher == name].hypervolume
        axes.plot(own, [i] * len(own), "o", ms=4, alpha=0.6, color="C0")
    # the best on top
    axes.invert_yaxis()
    axes.set(xlabel="hypervolume of hardened designs on test data [share of the box], one point per seed")
    return figure


def over_budget(course: pd.DataFrame) -> Figure:
    """Hypervolume of the legal designs known so far against what was spent: median and quartiles over seeds."""
    figure, axes = plt.subplots(figsize=(6.4, 4.2))
    last = course[course.share == course.share.max()]
    for name, colour in _colours(last.searcher).items():
        own = last[last.searcher == name].groupby("spent").validation_hypervolume
        low, middle, high = (own.quantile(q) for q in (0.25, 0.5, 0.75))
        axes.plot(middle.index, middle, color=colour, label=name)
        axes.fill_between(middle.index, low, high, color=colour, alpha=0.2, lw=0)
    axes.set(xlabel="budget spent [training samples x time steps]", ylabel="hypervolume on validation data [share of the box]")
    axes.set_title("legal designs known so far; median and quartiles over seeds", fontsize=9)
    axes.legend(frameon=False)
    return figure


def budgets(table: pd.DataFrame) -> Figure:
    """Final hypervolume on test data against the budget that a whole search was given: median and range over seeds."""
    figure, axes = plt.subplots(figsize=(6.4, 4.2))
    for name, colour in _colours(table.searcher).items():
        own = table[table.searcher == name].groupby("budget").hypervolume
        axes.plot(own.median().index, own.median(), "o-", color=colour, label=name)
        axes.fill_between(own.median().index, own.quantile(0.25), own.quantile(0.75), color=colour, alpha=0.2, lw=0)
    axes.set(xscale="log", xlabel="budget of a search [training samples x time steps]")
    axes.set(ylabel="hypervolume on test data [share of the box]")
    axes.set_title("median and quartiles over seeds", fontsize=9)
    axes.legend(frameon=False)
    return figure


def fronts(scale: Scale, front: pd.DataFrame) -> Figure:
    """Measured fronts of all seeds at the largest budget: the first objective against the last."""
    first, last = scale.objectives[0], scale.objectives[-1]
    figure, axes = plt.subplots(figsize=(6.4, 4.2))
    shown = front[front.on_front & (front.share == front.share.max())]
    for name, colour in _colours(front.searcher).items():
        for number, (_, own) in enumerate(shown[shown.searcher == name].groupby("seed")):
            ordered = own.sort_values(last.column)
            # one entry of the legend for all seeds
            label = name if number == 0 else None
            # a staircase: between two designs only the one on the left is to be had
            axes.step(ordered[last.column], ordered[first.column], ".-", where="post", color=colour, alpha=0.6, lw=0.8, label=label)
    axes.set(xlabel=f"{last.name} [{last.unit}]", ylabel=f"{first.name} [{first.unit}]")
    if last.logarithmic:
        axes.set_xscale("log")
    if first.logarithmic:
        axes.set_yscale("log")
    axes.set_title("hardened designs on test data, one line per seed", fontsize=9)
    axes.legend(frameon=False)
    return figure
