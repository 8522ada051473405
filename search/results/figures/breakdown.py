"""Where the energy of a design goes."""

import html

import pandas as pd

from search.results.figures.figure import Figure, blank
from search.results.figures.scales import unit_of
from search.results.figures.theme import colours

EDGE = {"width": 0.5, "color": "rgba(128,128,128,0.6)"}
"""Of bars: neighbours differ by more than their colour."""


def breakdown(table: pd.DataFrame) -> Figure:
    """Energy by layer, stacked by component.

    Args:
        table: of one design: `layer`, `component`, `energy_pj`.
    """
    energy = table[table.energy_pj > 0].pivot_table(index="layer", columns="component", values="energy_pj", aggfunc="sum", sort=False)
    # the dearest first: it has a colour of its own
    energy = energy[energy.sum().sort_values(ascending=False).index]
    total = energy.sum(axis=1)
    factor, unit = unit_of("pJ", total)
    looks = colours(str(component) for component in energy.columns)
    figure = blank(150 + 34 * len(energy))
    for component in energy.columns:
        own, look = energy[component], looks[str(component)]
        figure.add_bar(
            name=html.escape(str(component).replace("_", " ")),
            y=[html.escape(str(layer)) for layer in energy.index],
            x=(own * factor).tolist(),
            orientation="h",
            marker={"color": look["color"], "pattern": {"shape": look["pattern"]}, "line": EDGE},
            customdata=(own / total.sum()).tolist(),
            hovertemplate=f"%{{y}}, %{{fullData.name}}: %{{x:.3g}} {unit}, %{{customdata:.1%}} of all<extra></extra>",
        )
    # the first layer on top, and the legend below where long names have room
    figure.update_layout(barmode="stack", yaxis={"autorange": "reversed", "type": "category"}, legend={"traceorder": "normal"})
    return figure.update_xaxes(title_text=f"energy of one inference [{unit}]")
