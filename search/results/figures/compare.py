"""Fronts against each other: of the units of a sweep, of searchers, of two studies."""

import html
from collections.abc import Mapping
from typing import Final

import pandas as pd

from search.results.figures.figure import Figure, blank
from search.results.figures.scales import scale_of
from search.results.figures.theme import COLOURS
from search.results.view import View

MOST: Final = 24  # fronts that can be told apart in one picture
_SYMBOLS: Final = ("circle", "square", "diamond")
_DASHES: Final = ("solid", "dash", "dot")


def compare(view: View, fronts: Mapping[str, pd.DataFrame]) -> Figure:
    """The front of each: the first objective against the cost.

    Args:
        view: objectives that all have.
        fronts: designs by what they are called, each with its own `on_front`; of more than `MOST` those with most designs.
    """
    objective = view.against[0]
    names = sorted(fronts, key=lambda name: -int(fronts[name].on_front.sum()))[:MOST]
    everything = pd.concat([fronts[name] for name in names]) if names else pd.DataFrame(columns=view.columns)
    x, y = scale_of(view.cost, everything[view.cost.column]), scale_of(objective, everything[objective.column])
    figure = blank(480)
    # in the order that they came in
    for number, name in enumerate(name for name in fronts if name in names):
        own = view.ordered(fronts[name][fronts[name].on_front])
        turn = number // len(COLOURS)
        figure.add_scatter(
            name=html.escape(name),
            x=(own[view.cost.column] * x.factor).tolist(),
            y=(own[objective.column] * y.factor).tolist(),
            mode="lines+markers",
            # a staircase: between two designs only the one on the left is to be had
            line={"shape": "hv", "dash": _DASHES[turn % 3], "color": COLOURS[number % len(COLOURS)]},
            marker={"symbol": _SYMBOLS[turn % 3], "size": 8},
            hovertext=[html.escape(str(design)) for design in own.design],
            hovertemplate="%{fullData.name}<br>%{hovertext}: %{x:.4g}, %{y:.4g}<extra></extra>",
            # who draws it on a page finds the design by these
            customdata=own[["unit", "design"]].to_numpy().tolist() if "unit" in own else None,
        )
    figure.update_xaxes(x.axis())
    return figure.update_yaxes(y.axis("test data"))
