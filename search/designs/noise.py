"""How good designs' answers are on one split, and what that split cannot tell apart: standard errors over samples and simulated chips."""

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from search.objectives.base import AbstractObjective
from search.objectives.constraint import spell
from search.objectives.roles import answers_of

# chip by chip only these are known
_OF_CHIPS: Final = ("error", "accuracy")


class Answers(NamedTuple):
    """The answers of designs on one split.

    A mean error p over n samples and over c chips has the variance p (1 - p) / n + s^2 / c; s is the standard deviation over chips. All
    designs are measured on the same simulated chips, so between two designs only the differences chip by chip count. The samples are the
    same too, but which of them a design gets wrong is not stored: their parts add up, which is more than the truth.

    Attributes:
        values: `[designs]`, less is better; infinite where nothing is known.
        sampled: variance by samples, `[designs]`; 0 where unknown: of losses, and of studies that did not store how many samples there are.
        spread: variance of the mean over chips, `[designs]`.
        chips: error of each chip, `[designs, chips]`; None where it is not stored.
    """

    values: NDArray[np.float64]
    sampled: NDArray[np.float64]
    spread: NDArray[np.float64]
    chips: NDArray[np.float64] | None

    @property
    def alone(self) -> NDArray[np.float64]:
        """Standard error of each design's answers, `[designs]`."""
        return np.sqrt(self.sampled + self.spread)

    def beside(self, at: int) -> NDArray[np.float64]:
        """Standard error of one design's answers, `[designs]`: its chips beside those of each other design.

        What is within one of it of the best is as good (Breiman et al. 1984, "Classification and regression trees", 3.4.3).
        """
        chips = np.full(len(self.values), self.spread[at]) if self.chips is None else self._paired(at)
        return np.sqrt(self.sampled[at] + chips)

    def differences(self, at: int) -> NDArray[np.float64]:
        """Standard error of the difference between each design and one of them, `[designs]`."""
        chips = self.spread + self.spread[at] if self.chips is None else self._paired(at)
        return np.sqrt(self.sampled + self.sampled[at] + chips)

    def _paired(self, at: int) -> NDArray[np.float64]:
        assert self.chips is not None
        return _variance_of_mean(self.chips - self.chips[at])


Objectives = Sequence[AbstractObjective]


def validated(designs: pd.DataFrame, objectives: Objectives) -> Answers:
    """On validation data, which designs are chosen by."""
    own = answers_of(objectives)
    return _answers(
        designs, own, "validation_error" if own is None else f"validation_{own.column}", "validation_samples", "validation_chip_errors"
    )


def tested(designs: pd.DataFrame, objectives: Objectives) -> Answers:
    """On test data."""
    own = answers_of(objectives)
    return _answers(designs, own, "error_mean" if own is None else own.column, "test_samples", "chip_errors")


def told(objectives: Objectives, value: float) -> str:
    """Answers as they are minimised, for people."""
    own = answers_of(objectives)
    return f"{value:.2%}" if own is None else spell(own, own.sign * value)


def told_difference(objectives: Objectives, difference: float) -> str:
    """A difference between answers: shares in points of a hundred."""
    own = answers_of(objectives)
    return f"{100 * difference:.1f} points" if own is None or own.unit == "1" else f"{difference:.2g} {own.unit}"


def _answers(designs: pd.DataFrame, own: AbstractObjective | None, column: str, samples: str, chips: str) -> Answers:
    """Where no objective is about answers, the error is: every design has one."""
    values = (1.0 if own is None else own.sign) * designs[column].to_numpy(np.float64)
    nothing = np.zeros(len(designs))
    if own is not None and own.unit != "1":
        return Answers(_known(values), nothing, nothing, None)
    sampled = nothing
    if samples in designs:
        count = designs[samples].to_numpy(np.float64)
        # no error in n samples says only that it is below some 1 in n
        share = np.clip(np.abs(values), 1 / count, 1 - 1 / count)
        sampled = np.nan_to_num(share * (1 - share) / count)
    of_chips = _listed(designs, chips) if own is None or own.name in _OF_CHIPS else None
    if of_chips is not None:
        return Answers(_known(values), sampled, _variance_of_mean(of_chips), of_chips)
    # the spread over the test's chips: that over others is about the same
    known = {"error_std", "chips"} <= set(designs.columns)
    spread = designs.error_std.to_numpy(np.float64) ** 2 / designs.chips.to_numpy(np.float64) if known else nothing
    return Answers(_known(values), sampled, np.nan_to_num(spread), None)


def _known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isnan(values), np.inf, values)


def _variance_of_mean(chips: NDArray[np.float64]) -> NDArray[np.float64]:
    """Over the last axis, `[designs, chips]`; a single chip has no spread."""
    count = chips.shape[1]
    return np.nan_to_num(np.var(chips, axis=1, ddof=1) / count) if count > 1 else np.zeros(len(chips))


def _listed(designs: pd.DataFrame, column: str) -> NDArray[np.float64] | None:
    """A column of lists `[designs, length]`; None where there is none for each design, or not all are as long."""
    if column not in designs or len(designs) == 0:
        return None
    found = [_numbers(cell) for cell in designs[column]]
    return np.stack(found) if len({one.size for one in found}) == 1 and found[0].size else None


def _numbers(cell: Any) -> NDArray[np.float64]:
    """A list from the store, or its JSON from a CSV file; empty where there is none."""
    found = json.loads(cell) if isinstance(cell, str) else cell
    return np.asarray(found if isinstance(found, list | tuple | np.ndarray) else [], np.float64)
