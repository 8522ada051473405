"""What verdicts hang on: uncertain prices, and what was searched."""

import html

import pandas as pd

from search.results.figures.breakdown import EDGE
from search.results.figures.figure import Figure, blank
from search.results.figures.theme import BLUE, colours
from search.results.view import View


def sensitivity(constants: pd.DataFrame) -> Figure:
    """The constants of the technology that could change which design is best, strongest on top.

    Args:
        constants: as `search.results.prices.influential` gives them.
    """
    # where one design alone is on the front, no constant moves two apart
    apart = bool((constants["shift"] > 0).any())
    length = constants["shift"] if apart else 100 * constants.elasticity.abs() * constants.spread
    figure = blank(150 + 40 * len(constants))
    figure.add_bar(
        y=[html.escape(str(name).replace("_", " ")) for name in constants.constant],
        x=length.tolist(),
        orientation="h",
        marker={"color": BLUE, "line": EDGE},
        hovertext=[html.escape(f"{c.value:.3g} {c.unit}, 80 % interval {c.low:.3g} to {c.high:.3g}") for _, c in constants.iterrows()],
        hovertemplate="%{y}: %{x:.1f} %<br>%{hovertext}<extra></extra>",
    )
    what = "on the distance of designs" if apart else "on the energy"
    figure.update_yaxes(autorange="reversed", type="category")
    return figure.update_xaxes(title_text=f"effect of one standard deviation<br>{what} [%]")


def parameters(view: View, designs: pd.DataFrame) -> Figure:
    """How each searched parameter goes with each objective: Spearman's rank correlation over the measured designs.

    A search has chosen these designs, so the numbers say what goes together among good designs, not what would happen to any other.

    Args:
        view: objectives and parameters.
        designs: measured.
    """
    columns = [c for c in designs.columns if str(c).partition("[")[0] in view.parameters and pd.api.types.is_numeric_dtype(designs[c])]
    columns = [column for column in columns if designs[column].nunique() > 1]
    looks = colours(objective.name for objective in view.objectives)
    figure = blank(150 + 14 * len(columns) * len(view.objectives))
    ranks = designs[columns].rank()
    for objective in view.objectives:
        # of ranks, Pearson's is Spearman's
        own = ranks.corrwith(designs[objective.column].rank())
        figure.add_bar(
            name=html.escape(objective.name.replace("_", " ")),
            y=[html.escape(str(column).replace("_", " ")) for column in columns],
            x=own.tolist(),
            orientation="h",
            marker={"color": looks[objective.name]["color"], "line": EDGE},
            hovertemplate="%{y} with %{fullData.name}: %{x:.2f}<extra></extra>",
        )
    figure.update_layout(barmode="group").update_yaxes(autorange="reversed", type="category")
    return figure.update_xaxes(title_text="rank correlation", range=[-1, 1])
