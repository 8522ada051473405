"""Which of many scored designs are worth another look, or the final measurement."""

from collections.abc import Sequence

import numpy as np

from search.designs.candidate import Candidate
from search.objectives.pareto import non_dominated, representatives
from search.problem.problem import Problem


def front(problem: Problem, found: Sequence[Candidate]) -> list[Candidate]:
    """Feasible designs that no other beats on validation data; the least infeasible one where none is feasible."""
    if not found:
        return []
    values = problem.minimised(np.array([c.objectives for c in found]))
    feasible = np.array([bool(np.all(c.excess <= 0)) for c in found])
    # NaN is never on a front
    keep = non_dominated(np.where(feasible[:, None], values, np.nan))
    if not keep.any():
        return [min(found, key=lambda c: float(np.max(c.excess, initial=0.0)))]
    return [c for c, kept in zip(found, keep, strict=True) if kept]


def layered(problem: Problem, found: Sequence[Candidate], most: int) -> list[Candidate]:
    """The `most` best designs: the front on validation data, the front of the rest, and so on; of the last, those of most hypervolume.

    Validation data are noisy: the second layer often holds what test data would have put into the first.
    """
    left, chosen = list(found), list[Candidate]()
    while left and len(chosen) < most:
        # where nothing is feasible, layers hold one design each, the least infeasible first
        layer = front(problem, left)
        values = problem.comparable(np.array([c.objectives for c in layer]))
        chosen += [layer[i] for i in representatives(values, most - len(chosen))]
        # by identity: designs hold arrays, whose `==` has no truth value
        taken = {id(c) for c in layer}
        left = [c for c in left if id(c) not in taken]
    return chosen


def select(candidates: Sequence[Candidate], most: int, signs: Sequence[float] | None = None) -> list[Candidate]:
    """Designs worth the final measurement: all members' own, and of the others those that are feasible and on the validation front.

    Args:
        candidates: scored designs.
        most: designs to keep in all; the front is thinned evenly along its last objective.
        signs: 1 for each objective that is minimised, -1 for one that is maximised; all minimised where left out.
    """
    # kept even where dominated: the gap between claim and design is told of every member
    own = [c for c in candidates if c.origin == "member"]
    values = np.array([c.objectives for c in candidates]) * (1.0 if signs is None else np.asarray(signs))
    feasible = np.array([bool(np.all(c.excess <= 0)) for c in candidates])
    front = non_dominated(np.where(feasible[:, None], values, np.nan))
    others = [c for c, keep in zip(candidates, front, strict=True) if keep and c.origin != "member"]
    others.sort(key=lambda c: c.objectives[-1])
    room = max(most - len(own), 0)
    if len(others) > room:
        others = [others[i] for i in np.unique(np.linspace(0, len(others) - 1, room).round().astype(int))] if room else []
    return own + others
