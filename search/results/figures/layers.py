"""A design layer by layer: what each costs, how busy it is, how precise it is."""

import html
from typing import Final

import pandas as pd

from search.results.figures.breakdown import EDGE
from search.results.figures.figure import Figure, blank
from search.results.figures.scales import unit_of
from search.results.figures.theme import COLOURS

RATES: Final = ("input_rate", "output_rate", "weight_density")
"""Of at most 1: events per input and step, events per neuron and step, share of weights that are not 0."""


def layers(table: pd.DataFrame) -> Figure:
    """Energy, rates and bits of each layer, a panel each; a panel without values is left out.

    Args:
        table: a row for each layer, as `Study.layers` gives it.
    """
    bits = [column for column in table.columns if str(column).endswith("_bits")]
    factor, unit = unit_of("pJ", table.energy_pj)
    panels = {
        f"energy [{unit}]": {"energy_pj": factor},
        "rate [per step]": {column: 1.0 for column in RATES if column in table},
        "bits": {column: 1.0 for column in bits},
    }
    panels = {title: columns for title, columns in panels.items() if columns}
    figure = blank(190 * len(panels) + 60, len(panels), shared_xaxes=True, vertical_spacing=0.06)
    looks = iter(COLOURS)
    for row, (title, columns) in enumerate(panels.items(), 1):
        place = {"row": row, "col": 1} if len(panels) > 1 else {}
        for column, scale in columns.items():
            figure.add_bar(
                name=html.escape(column.removesuffix("_pj").replace("_", " ")),
                x=[html.escape(str(layer)) for layer in table.layer],
                y=(table[column].astype(float) * scale).tolist(),
                marker={"color": next(looks, COLOURS[-1]), "line": EDGE},
                meta=column,
                hovertemplate="%{x}, %{fullData.name}: %{y:.3g}<extra></extra>",
                **place,
            )
        figure.update_yaxes(title_text=title, rangemode="tozero", **place)
    return figure.update_layout(barmode="group").update_xaxes(type="category")
