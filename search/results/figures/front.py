"""The front: what designs cost and how well they answer."""

import html
from collections.abc import Sequence
from typing import Any

import pandas as pd

from search.objectives.base import AbstractObjective
from search.objectives.constraint import spell
from search.results.figures.figure import Figure, blank
from search.results.figures.scales import Scale, scale_of
from search.results.figures.theme import BLUE, GREY, RED
from search.results.view import View

WIDEST = 3  # panels beside each other


def front(view: View, designs: pd.DataFrame, against: Sequence[AbstractObjective] | None = None) -> Figure:
    """Every measured design: objectives against the cost, errors with their spread over simulated chips.

    Args:
        view: objectives.
        designs: measured, with `on_front`.
        against: what is drawn upwards, a panel each; None for all objectives but the cost.
    """
    upwards = tuple(against or view.against)
    columns = min(len(upwards), WIDEST)
    rows = -(-len(upwards) // columns)
    figure = blank(440 * rows, rows, columns)
    x = scale_of(view.cost, designs[view.cost.column])
    for number, objective in enumerate(upwards):
        place = {} if rows * columns == 1 else {"row": number // columns + 1, "col": number % columns + 1}
        y = scale_of(objective, designs[objective.column])
        for trace in _traces(view, objective, designs, (x, y)):
            figure.add_scatter(**trace, showlegend=number == 0, **place)
        figure.update_xaxes(x.axis(), **place)
        figure.update_yaxes(y.axis("test data"), **place)
    return figure


def _traces(view: View, objective: AbstractObjective, designs: pd.DataFrame, scales: tuple[Scale, Scale]) -> list[dict[str, Any]]:
    x, y = scales
    # of more than two objectives, two show a cloud and no curve
    lines = len(view.objectives) == 2
    feasible = designs.feasible.astype(bool)
    parts = (
        ("breaks a bound", designs[~feasible], {"color": RED, "symbol": "x-thin-open", "size": 7}, False),
        ("beaten by another", designs[feasible & ~designs.on_front], {"color": GREY, "symbol": "circle-open", "size": 7}, False),
        ("on the front", view.ordered(designs[designs.on_front]), {"color": BLUE, "size": 9}, lines),
    )
    return [
        {
            "name": name,
            "x": (part[view.cost.column] * x.factor).tolist(),
            "y": (part[objective.column] * y.factor).tolist(),
            # only errors are known chip by chip
            "error_y": {"array": (part.error_std * y.factor).tolist(), "thickness": 1, "width": 2} if objective.name == "error" else None,
            "mode": "lines+markers" if line else "markers",
            # a staircase: between two designs only the one on the left is to be had
            "line": {"shape": "hv", "width": 1.5},
            "marker": marker,
            "hovertext": [about(view, design) for _, design in part.iterrows()],
            "hoverinfo": "text",
        }
        for name, part, marker, line in parts
        if len(part) or name == "on the front"
    ]


def about(view: View, design: pd.Series) -> str:
    """What is said when a design is pointed at: its name, objectives and settings; plotly reads marks in it, so names are escaped."""
    values = [f"{o.name.replace('_', ' ')} {spell(o, design[o.column])}" for o in view.objectives]
    settings = [f"{name.replace('_', ' ')}: {value}" for name, value in view.settings(design).items()]
    head, *rest = (html.escape(str(line)) for line in (design.design, ", ".join(values), *settings))
    return "<br>".join([f"<b>{head}</b>", *rest])
