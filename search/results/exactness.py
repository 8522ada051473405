"""What the last measurement says: errors with wires solved and every device drawn, beside those of the search's form."""

from typing import Final

import pandas as pd

LARGE: Final = 0.01
"""A gap that is told in words: one point of error."""


def measured(designs: pd.DataFrame) -> pd.DataFrame:
    """The designs that were measured so, in the order of the table; none of digital chips and of earlier versions."""
    return designs[designs.exact_gap.notna()] if "exact_gap" in designs else designs.head(0)


def points(gap: float) -> str:
    """A gap for people: `+0.3 points`."""
    return f"{100 * gap:+.1f} points"


def warning(design: "pd.Series[float]") -> str:
    """That a design errs more on solved wires than the search's form says, by more than a point; empty where it does not."""
    gap = design.get("exact_gap")
    if gap is None or pd.isna(gap) or gap <= LARGE:
        return ""
    return (
        f"{design.design} errs {design.error_exact:.1%} with its wires solved, {points(gap)} against the search's form of the same "
        "devices: smaller arrays or thicker wires would bring the two together."
    )


def notes(designs: pd.DataFrame) -> list[str]:
    """A sentence for each design of the front whose gap is above a point."""
    found = measured(designs)
    return [warning(design) for _, design in found.iterrows() if design.on_front and warning(design)]
