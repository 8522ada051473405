"""One look for all figures, on light and on dark ground; colours that people who see colours differently can tell apart."""

import itertools
from collections.abc import Iterable
from typing import Final

import plotly.graph_objects as go
import plotly.io as pio

# Okabe and Ito 2008, "Color Universal Design"; the first two swapped so that blue, which is dark on white, comes first
BLUE: Final = "#0072B2"
ORANGE: Final = "#E69F00"
GREEN: Final = "#009E73"
RED: Final = "#D55E00"
SKY: Final = "#56B4E9"
PURPLE: Final = "#CC79A7"
YELLOW: Final = "#F0E442"
GREY: Final = "#8A8F98"  # what is only background: dominated designs, diagonals

COLOURS: Final = (BLUE, ORANGE, GREEN, RED, SKY, PURPLE, YELLOW, GREY)
PATTERNS: Final = ("", "/", "x", ".")
"""Fills of bars: with more parts than colours, a colour comes again with another fill."""


def _template(ink: str, ground: str, grid: str) -> go.layout.Template:
    axis = {"gridcolor": grid, "linecolor": grid, "zerolinecolor": grid, "automargin": True, "title": {"standoff": 8}}
    return go.layout.Template(
        layout={
            "font": {"family": "system-ui, sans-serif", "size": 13, "color": ink},
            "paper_bgcolor": ground,
            "plot_bgcolor": ground,
            "colorway": COLOURS,
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {"align": "left", "bgcolor": ground, "bordercolor": grid, "font": {"color": ink}},
            "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "bgcolor": "rgba(0,0,0,0)"},
            "margin": {"l": 56, "r": 16, "t": 36, "b": 48},
        }
    )


LIGHT: Final = _template("#1b1f24", "#ffffff", "#e3e6ea")
DARK: Final = _template("#e6e9ee", "#171a1f", "#353b44")

# for `figure.update_layout(template="codesign_dark")`
pio.templates["codesign"], pio.templates["codesign_dark"] = LIGHT, DARK


def colours(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """`color` and `pattern` of each name, in their order: the same name looks the same in all figures of a study."""
    looks = itertools.cycle((colour, pattern) for pattern in PATTERNS for colour in COLOURS)
    return {name: {"color": colour, "pattern": pattern} for name, (colour, pattern) in zip(dict.fromkeys(names), looks, strict=False)}
