"""All designs across their parameters and objectives: a line for each."""

import html
from typing import Any

import numpy as np
import pandas as pd

from search.results.figures.figure import Figure, blank
from search.results.figures.scales import scale_of
from search.results.figures.theme import BLUE, GREY
from search.results.view import View


def parallel(view: View, designs: pd.DataFrame) -> Figure:
    """Parallel coordinates: designs of the front in colour; drag along an axis to keep what passes there.

    Args:
        view: objectives and parameters.
        designs: measured, with `on_front`.
    """
    figure = blank(520)
    columns = [column for column in designs.columns if str(column).partition("[")[0] in view.parameters and designs[column].nunique() > 1]
    axes = [_axis(str(column).replace("_", " "), designs[column]) for column in columns]
    for objective in view.objectives:
        scale = scale_of(objective, designs[objective.column])
        axes.append(_axis(scale.label, designs[objective.column] * scale.factor, logarithmic=scale.logarithmic))
    figure.add_parcoords(
        dimensions=axes,
        line={"color": designs.on_front.astype(int).tolist(), "colorscale": [[0, GREY], [1, BLUE]], "cmin": 0, "cmax": 1},
        unselected={"line": {"opacity": 0.05}},
        # names of parameters are long
        labelangle=-35,
    )
    return figure.update_layout(margin={"t": 150, "l": 70, "r": 90, "b": 30})


def _axis(label: str, values: "pd.Series[Any]", logarithmic: bool = False) -> dict[str, Any]:
    label = html.escape(label)
    if not pd.api.types.is_numeric_dtype(values):
        names = sorted(values.dropna().astype(str).unique())
        places = {name: place for place, name in enumerate(names)}
        ticks = {"tickvals": list(range(len(names))), "ticktext": [html.escape(name) for name in names]}
        return {"label": label, "values": values.astype(str).map(places).tolist(), **ticks}
    numbers = values.astype(float)
    if not logarithmic or not (numbers.dropna() > 0).all():
        # every bit and step has its mark; measured numbers are all different, and have many digits
        counted = numbers.nunique() <= 8 and bool((numbers.dropna() % 1 == 0).all())
        ticks = {"tickvals": sorted(numbers.dropna().unique())} if counted else {"tickformat": ".3~g"}
        return {"label": label, "values": numbers.tolist(), **ticks}
    powers = np.log10(numbers)
    marks = np.linspace(powers.min(), powers.max(), 5)
    return {"label": label, "values": powers.tolist(), "tickvals": marks.tolist(), "ticktext": [f"{10**mark:.3g}" for mark in marks]}
