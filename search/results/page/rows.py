"""Which designs a page holds, and of which it holds everything."""

from typing import Any, Final

import numpy as np
import pandas as pd

from search.results.recommend import Pick
from search.results.view import View

DRAWN: Final = 10_000  # designs: more points hide each other, and take browsers seconds
CELLS: Final = 300_000  # designs times columns: a page of so many designs stays below 3 MB
DETAILED: Final = 300  # designs whose layers are told
PARTS: Final = 15_000  # designs times layers times components


def kept(designs: pd.DataFrame, view: View, columns: int) -> pd.DataFrame:
    """The designs that the page draws, best in cost first and numbered from 0; of too many those of the front and an even choice of others.

    Args:
        designs: measured, with `on_front`.
        view: objectives.
        columns: how many each takes.
    """
    ordered = view.ordered(designs)
    most = max(min(DRAWN, CELLS // max(columns, 1)), int(designs.on_front.sum()))
    return ordered.loc[_first(ordered, most)].reset_index(drop=True)


def detailed(designs: pd.DataFrame, picks: dict[str, Pick], parts: int) -> list[int]:
    """Numbers of the designs that have a whole spec sheet: those picked, the front, and others from end to end.

    Args:
        designs: as `kept` gives them.
        picks: of `recommend.picks`.
        parts: layers times components of one.
    """
    most = max(min(DETAILED, PARTS // max(parts, 1)), len(picks))
    wanted = [number for number in (row_of(designs, pick.row) for pick in picks.values()) if number is not None]
    rest = [number for number in _first(designs, most) if number not in wanted]
    return sorted(dict.fromkeys([*wanted, *rest[: most - len(set(wanted))]]))


def row_of(designs: pd.DataFrame, row: "pd.Series[Any]") -> int | None:
    """The number of a design among those of the page."""
    same = designs.design == row.design
    if "unit" in designs:
        same &= designs.unit == row.unit
    return int(np.argmax(same)) if same.any() else None


def _first(designs: pd.DataFrame, most: int) -> list[Any]:
    """Index of the front, and of others evenly until there are so many; in the order of the table."""
    if len(designs) <= most:
        return list(designs.index)
    front, others = designs.index[designs.on_front], designs.index[~designs.on_front]
    room = max(most - len(front), 0)
    some = others[np.unique(np.linspace(0, len(others) - 1, room).astype(int))] if room else others[:0]
    chosen = set(front[:most]) | set(some)
    return [number for number in designs.index if number in chosen]
