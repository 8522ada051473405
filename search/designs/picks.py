"""Designs worth building: on the measured front, and chosen there by validation data, within its noise."""

from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from search.designs import noise
from search.designs.noise import Objectives
from search.objectives.pareto import non_dominated
from search.objectives.roles import answers_of, cost_of

SLACK: Final = 0.01  # one point of error is worth saving energy for
PICKS: Final = ("cheapest", "balanced", "most accurate")


class Pick(NamedTuple):
    """A recommended design.

    Attributes:
        design: its name.
        row: of the table of designs.
        why: in words, about validation data.
        equals: designs of the front that validation data cannot tell from the best for this wish, its own name among them.
        noise: standard error of its answers on validation data, in their unit; 0 where nothing is known of it.
    """

    design: str
    row: pd.Series
    why: str
    equals: tuple[str, ...]
    noise: float


def picks(designs: pd.DataFrame, objectives: Objectives, slack: float = SLACK) -> dict[str, Pick]:
    """What to build, for three wishes; only designs that are feasible and on the measured front, chosen among these by validation data.

    Args:
        designs: measured designs.
        objectives: at least two; their bounds are in `feasible`.
        slack: what better answers may be given up for, in their unit.

    Returns:
        By wish; empty when no design is feasible. `cheapest`: best in cost. `most accurate`: the cheapest of all designs whose answers are
        within one standard error of the best. `balanced`: the cheapest within `slack`, or within the standard error of the difference where
        that is more, of the best answers; without an objective about answers the knee, the least distance from the best in its worst
        objective, in units of the designs' range.
    """
    front = front_of(designs, objectives)
    if front.empty:
        return {}
    answers = noise.validated(front, objectives)
    return {
        wish: Pick(
            str(front.design.iloc[choice.at]),
            front.iloc[choice.at],
            choice.why,
            tuple(str(name) for name in front.design[choice.equals]),
            float(answers.alone[choice.at]),
        )
        for wish, choice in choices(front, objectives, slack).items()
    }


class Choice(NamedTuple):
    """A row, the rows that count as equal to the best, and why."""

    at: int
    equals: NDArray[np.bool_]
    why: str


def choices(table: pd.DataFrame, objectives: Objectives, slack: float = SLACK) -> dict[str, Choice]:
    """By validation data alone, of any designs in a fixed order."""
    answers, cost = noise.validated(table, objectives), _validated_cost(table, objectives)
    cheapest, best = _first(cost, answers.values), _first(answers.values, cost)
    told, costs = noise.told(objectives, answers.values[best]), cost_of(objectives).name.replace("_", " ")
    around = answers.beside(best)
    good = answers.values <= answers.values[best] + around
    accurate = _first(np.where(good, cost, np.inf), answers.values)
    error = noise.told_difference(objectives, float(around[accurate]))
    found = {
        "cheapest": Choice(cheapest, cost == cost[cheapest], f"least {costs}"),
        "balanced": _knee(table, objectives, cost) if answers_of(objectives) is None else _balanced(answers, cost, best, slack, objectives),
        "most accurate": Choice(
            accurate, good, _among(int(good.sum()), costs, f"as good as the best answers, {told}, within their noise of {error}")
        ),
    }
    return {wish: found[wish] for wish in PICKS}


def _balanced(answers: noise.Answers, cost: NDArray[np.float64], best: int, slack: float, objectives: Objectives) -> Choice:
    width = np.maximum(slack, answers.differences(best))
    near = answers.values <= answers.values[best] + width
    at = _first(np.where(near, cost, np.inf), answers.values)
    costs, given = cost_of(objectives).name.replace("_", " "), noise.told_difference(objectives, float(width[at]))
    told = noise.told(objectives, answers.values[best])
    return Choice(at, near, _among(int(near.sum()), costs, f"within {given} of the best answers, {told}"))


def _among(count: int, costs: str, which: str) -> str:
    return f"least {costs} of the {count} designs {which}" if count > 1 else f"the only design {which}"


def _knee(table: pd.DataFrame, objectives: Objectives, cost: NDArray[np.float64]) -> Choice:
    values = table[[f"validation_{o.column}" for o in objectives]].to_numpy(np.float64)
    # a cost of 0 has no logarithm
    scaled = np.stack(
        [o.sign * (np.log(np.maximum(values[:, i], 1e-30)) if o.logarithmic else values[:, i]) for i, o in enumerate(objectives)], 1
    )
    known, distance = np.all(np.isfinite(scaled), axis=1), np.full(len(table), np.inf)
    if known.any():
        low = scaled[known].min(axis=0)
        # where all designs are equal in an objective it decides nothing (0 / 1e-9)
        distance[known] = ((scaled[known] - low) / np.maximum(np.ptp(scaled[known], axis=0), 1e-9)).max(axis=1)
    at = _first(distance, cost)
    return Choice(at, distance == distance[at], "nearest to the best in all objectives at once")


def _first(*keys: NDArray[np.float64]) -> int:
    """The row that is least in the first key, of equals in the next, and so on; of equal rows the first."""
    return int(np.lexsort(keys[::-1])[0])


def _validated_cost(table: pd.DataFrame, objectives: Objectives) -> NDArray[np.float64]:
    values = cost_of(objectives).sign * table[f"validation_{cost_of(objectives).column}"].to_numpy(np.float64)
    return np.where(np.isnan(values), np.inf, values)


def usable_of(designs: pd.DataFrame) -> pd.DataFrame:
    """Feasible designs, as the store orders them: what is chosen does not depend on how a table is sorted."""
    if designs.empty:
        return designs
    usable = designs[designs.feasible.to_numpy(bool)]
    return usable.sort_values([name for name in ("unit", "design") if name in usable], kind="stable")


def front_of(designs: pd.DataFrame, objectives: Objectives) -> pd.DataFrame:
    """Feasible designs that no other of the table beats on test data; its `on_front` may be about more designs."""
    usable = usable_of(designs)
    if usable.empty:
        return usable
    values = usable[[o.column for o in objectives]].to_numpy(np.float64) * [o.sign for o in objectives]
    return usable[non_dominated(values)]
