"""What the relaxed model said of a member, and what became of it on the way to a legal design: the gap that every search reports."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from search.objectives.registry import AbstractObjective


class Claim(NamedTuple):
    """Objectives of one member, all on the same validation data.

    Attributes:
        relaxed: as the relaxed model claimed them when the search ended.
        rounded: of the best legal corner, exactly.
        rounded_feasible: whether that corner meets all constraints.
        hardened: of the polished and fine-tuned design, exactly.
    """

    relaxed: list[float]
    rounded: list[float]
    rounded_feasible: bool
    hardened: list[float]

    def gap(self, objectives: list[AbstractObjective]) -> list[float]:
        """Hardened against relaxed, see `gap`."""
        return [gap(o, after, before) for o, after, before in zip(objectives, self.hardened, self.relaxed, strict=True)]


def gap(objective: AbstractObjective, after: float, before: float) -> float:
    """The ratio where factors count (NaN where nothing was claimed), the difference otherwise."""
    if not objective.logarithmic:
        return after - before
    return after / before if before else float("nan")


def spelt(objective: AbstractObjective, gaps: "pd.Series[float]") -> str:
    """Median and worst gap, for people."""
    name = objective.name.replace("_", " ")
    if objective.logarithmic:
        worst = gaps.max() if objective.sign > 0 else gaps.min()
        return f"{(gaps.median() - 1) * 100:+.1f} % {name} ({(worst - 1) * 100:+.1f} %)"
    worst = (objective.sign * gaps).max() * objective.sign
    if objective.answers and objective.unit == "1":
        return f"{gaps.median() * 100:+.2f} points of {name} ({worst * 100:+.2f})"
    return f"{gaps.median():+.3g} {objective.unit} of {name} ({worst:+.3g})"


def all_spelt(objectives: list[AbstractObjective], gaps: pd.DataFrame) -> str:
    """Median and worst gap of every objective that has any; `gaps` has a column `gap_NAME` for each."""
    columns = [(o, gaps[f"gap_{o.name}"].dropna().astype(np.float64)) for o in objectives]
    return ", ".join(spelt(o, column) for o, column in columns if len(column))
