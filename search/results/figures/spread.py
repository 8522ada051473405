"""How a design's error differs from chip to chip, and with time after programming."""

import html
from typing import Final

import pandas as pd

from search.results.figures.figure import Figure, blank
from search.results.figures.theme import BLUE, COLOURS, GREY

AGES: Final = {"error_mean": "fresh", "error_1h": "an hour", "error_1d": "a day", "error_30d": "a month"}
"""Columns of designs, and the time after programming."""


def chips(designs: pd.DataFrame) -> Figure:
    """Test error of every simulated chip of some designs, with mean and standard deviation.

    Args:
        designs: in the order in which they are drawn; `chip_errors` may be missing.
    """
    figure = blank(380)
    names = [html.escape(str(name)) for name in designs.design]
    known = designs[designs.chip_errors.notna()] if "chip_errors" in designs else designs.head(0)
    points = [(html.escape(str(d.design)), chip, 100 * error) for _, d in known.iterrows() for chip, error in enumerate(d.chip_errors)]
    if points:
        where, numbers, errors = zip(*points, strict=True)
        figure.add_scatter(
            name="one chip",
            x=where,
            y=errors,
            mode="markers",
            marker={"color": GREY, "size": 6, "opacity": 0.6},
            customdata=numbers,
            hovertemplate="%{x}, chip %{customdata}: %{y:.2f} %<extra></extra>",
        )
    figure.add_scatter(
        name="mean ± standard deviation",
        x=names,
        y=(100 * designs.error_mean).tolist(),
        error_y={"array": (100 * designs.error_std).tolist(), "thickness": 2, "width": 6},
        mode="markers",
        marker={"color": BLUE, "size": 10, "symbol": "diamond"},
        hovertemplate="%{x}: %{y:.2f} %<extra></extra>",
    )
    figure.update_xaxes(type="category", title_text="design")
    return figure.update_yaxes(title_text="test error of a simulated chip [%]", rangemode="tozero")


def ageing(designs: pd.DataFrame) -> Figure:
    """Test error when fresh, and an hour, a day and a month after programming: a line for each design.

    Args:
        designs: that age; those that were not aged are left out.
    """
    figure = blank(380)
    columns = {column: label for column, label in AGES.items() if column in designs}
    for number, (_, design) in enumerate(designs.iterrows()):
        if len(columns) < 2 or design[list(columns)].isna().any():
            continue
        spread = [design.get("error_std" if column == "error_mean" else f"{column}_std", 0.0) for column in columns]
        figure.add_scatter(
            name=html.escape(str(design.design)),
            x=list(columns.values()),
            y=[100 * design[column] for column in columns],
            error_y={"array": [100 * value for value in spread], "thickness": 1, "width": 3},
            mode="lines+markers",
            line={"color": COLOURS[number % len(COLOURS)]},
            hovertemplate="%{fullData.name}, %{x}: %{y:.2f} %<extra></extra>",
        )
    figure.update_xaxes(type="category", title_text="time after programming")
    return figure.update_yaxes(title_text="test error [%]", rangemode="tozero")
