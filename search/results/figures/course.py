"""The course of a search by gradients, and what became of its claims."""

import html
from collections.abc import Sequence

import numpy as np
import pandas as pd

from search.objectives.base import AbstractObjective
from search.results.figures.figure import Figure, blank
from search.results.figures.scales import logarithmic, positive, scale_of
from search.results.figures.theme import BLUE, COLOURS, GREY, ORANGE
from search.results.view import View


def history(view: View, table: pd.DataFrame) -> Figure:
    """Hypervolume, loss and cost over the steps: relaxed values on training batches, which are no results.

    Args:
        view: objectives.
        table: rows by `step` and `member` of one unit: `relaxed_hypervolume`, `loss` [nat] and the objectives.
    """
    scale = scale_of(view.cost, table[view.cost.name]) if view.cost.name in table else None
    panels = {"relaxed_hypervolume": ("hypervolume", 1.0, False), "loss": ("training loss [nat]", 1.0, True)}
    if scale is not None:
        panels[view.cost.name] = (scale.label, scale.factor, scale.logarithmic)
    figure = blank(190 * len(panels) + 70, len(panels), shared_xaxes=True, vertical_spacing=0.05)
    for row, (column, (title, factor, log)) in enumerate(panels.items(), 1):
        by_step = (table.groupby("step")[column].agg(["min", "median", "max"]) * factor).dropna()
        for part, name, fill in (("max", None, None), ("min", "lowest to highest member", "tonexty"), ("median", "median member", None)):
            figure.add_scatter(
                name=name,
                x=by_step.index.tolist(),
                y=by_step[part].tolist(),
                mode="lines",
                line={"width": 2 if part == "median" else 0, "color": BLUE},
                fill=fill,
                fillcolor="rgba(86,180,233,0.3)",
                showlegend=row == 2 and part != "max",
                hoverinfo="x+y" if part == "median" else "skip",
                row=row,
                col=1,
            )
        sizes = positive(by_step.to_numpy().ravel())
        axis = logarithmic(float(np.log10(sizes.max() / sizes.min()))) if len(sizes) else {}
        figure.update_yaxes({"title": {"text": html.escape(title)}} | (axis if log else {}), row=row, col=1)
    starts = table.groupby("stage", sort=False).step.min()
    for stage, step in starts.items():
        figure.add_vline(step, line={"color": GREY, "width": 1, "dash": "dot"})
        text = {"text": html.escape(str(stage)), "textangle": -90, "font": {"size": 11}, "showarrow": False}
        figure.add_annotation(x=step, xanchor="left", y=1, yref="paper", yanchor="top", **text)
    return figure.update_xaxes(title_text="step", row=len(panels), col=1)


def gap(objectives: Sequence[AbstractObjective], claimed: pd.DataFrame) -> Figure:
    """What the relaxed model claimed of each member, and what its hardened design measured: on the diagonal both agree.

    Args:
        objectives: a panel each.
        claimed: designs that something was claimed of.
    """
    figure = blank(400, 1, len(objectives), horizontal_spacing=0.12)
    for column, objective in enumerate(objectives, 1):
        scale = scale_of(objective, claimed[objective.column])
        relaxed, measured = (claimed[name].astype(float) * scale.factor for name in (f"relaxed_{objective.column}", objective.column))
        ends = [min(relaxed.min(), measured.min()), max(relaxed.max(), measured.max())]
        place = {"row": 1, "col": column} if len(objectives) > 1 else {}
        figure.add_scatter(
            name="claim = measurement", x=ends, y=ends, mode="lines", line={"color": GREY, "dash": "dot"}, showlegend=column == 1, **place
        )
        figure.add_scatter(
            name="design",
            x=relaxed.tolist(),
            y=measured.tolist(),
            mode="markers",
            marker={"color": ORANGE, "size": 8, "line": {"width": 1, "color": COLOURS[0]}},
            hovertext=[html.escape(str(name)) for name in claimed.design],
            hovertemplate="%{hovertext}: claimed %{x:.3g}, measured %{y:.3g}<extra></extra>",
            showlegend=column == 1,
            **place,
        )
        figure.update_xaxes(scale.axis("relaxed, validation"), **place)
        figure.update_yaxes(scale.axis("measured, test"), **place)
    return figure
