"""What to build, or why nothing can be built yet: designs of the measured front, chosen within the noise of validation data."""

import itertools
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from codesign.units import show
from search.objectives.constraint import spell
from search.results import noise
from search.results.view import View

SLACK: Final = 0.01  # one point of error is worth saving energy for
PICKS: Final = ("cheapest", "balanced", "most accurate")


class Pick(NamedTuple):
    """A recommended design.

    Attributes:
        design: its name.
        row: of the table of designs, with `on_front`.
        why: in words, about validation data.
        equals: designs of the front that validation data cannot tell from the best for this wish, its own name among them.
        noise: standard error of its answers on validation data, in their unit; 0 where nothing is known of it.
    """

    design: str
    row: pd.Series
    why: str
    equals: tuple[str, ...]
    noise: float


def picks(designs: pd.DataFrame, view: View, slack: float = SLACK) -> dict[str, Pick]:
    """What to build, for three wishes; only designs that are feasible and on the measured front, chosen among these by validation data.

    Args:
        designs: measured designs.
        view: their objectives and bounds.
        slack: what better answers may be given up for, in their unit.

    Returns:
        By wish; empty when no design is feasible. `cheapest`: best in cost. `most accurate`: the cheapest of all designs whose answers are
        within one standard error of the best. `balanced`: the cheapest within `slack`, or within the standard error of the difference where
        that is more, of the best answers; without an objective about answers the knee, the least distance from the best in its worst
        objective, in units of the designs' range.
    """
    front = _front(designs, view)
    if front.empty:
        return {}
    answers = noise.validated(front, view)
    return {
        wish: Pick(
            str(front.design.iloc[choice.at]),
            front.iloc[choice.at],
            choice.why,
            tuple(str(name) for name in front.design[choice.equals]),
            float(answers.alone[choice.at]),
        )
        for wish, choice in _choices(front, view, slack).items()
    }


def choose(designs: pd.DataFrame, view: View, slack: float = SLACK) -> pd.Series | None:
    """The balanced design of `picks`; None when no design is feasible."""
    found = picks(designs, view, slack).get("balanced")
    return None if found is None else found.row


def within(designs: pd.DataFrame, view: View, error: float = 0.03) -> pd.Series | None:
    """The cheapest design with at most this test error, by validation data; None when no feasible design has so little.

    As with bounds, test data say which designs meet the level, and of these only the front counts.
    """
    able = designs[(designs.error_mean <= error).to_numpy(bool)] if len(designs) else designs
    return picks(able, view)["cheapest"].row if not _front(able, view).empty else None


def disagreements(designs: pd.DataFrame, view: View) -> list[str]:
    """Where test and validation data say different things, a sentence each; none where they agree."""
    usable = _usable(designs)
    if _front(usable, view).empty:
        return []
    return [*_beaten(usable, view), *_reversed(usable, view)]


class _Choice(NamedTuple):
    """A row, the rows that count as equal to the best, and why."""

    at: int
    equals: NDArray[np.bool_]
    why: str


def _choices(table: pd.DataFrame, view: View, slack: float) -> dict[str, _Choice]:
    """By validation data alone, of any designs in a fixed order."""
    answers, cost = noise.validated(table, view), _validated_cost(table, view)
    cheapest, best = _first(cost, answers.values), _first(answers.values, cost)
    told, costs = noise.told(view, answers.values[best]), view.cost.name.replace("_", " ")
    around = answers.beside(best)
    good = answers.values <= answers.values[best] + around
    accurate = _first(np.where(good, cost, np.inf), answers.values)
    error = noise.told_difference(view, float(around[accurate]))
    found = {
        "cheapest": _Choice(cheapest, cost == cost[cheapest], f"least {costs}"),
        "balanced": _knee(table, view, cost) if view.answers is None else _balanced(answers, cost, best, slack, view),
        "most accurate": _Choice(
            accurate, good, _among(int(good.sum()), costs, f"as good as the best answers, {told}, within their noise of {error}")
        ),
    }
    return {wish: found[wish] for wish in PICKS}


def _balanced(answers: noise.Answers, cost: NDArray[np.float64], best: int, slack: float, view: View) -> _Choice:
    width = np.maximum(slack, answers.differences(best))
    near = answers.values <= answers.values[best] + width
    at = _first(np.where(near, cost, np.inf), answers.values)
    costs, given = view.cost.name.replace("_", " "), noise.told_difference(view, float(width[at]))
    told = noise.told(view, answers.values[best])
    return _Choice(at, near, _among(int(near.sum()), costs, f"within {given} of the best answers, {told}"))


def _among(count: int, costs: str, which: str) -> str:
    return f"least {costs} of the {count} designs {which}" if count > 1 else f"the only design {which}"


def _knee(table: pd.DataFrame, view: View, cost: NDArray[np.float64]) -> _Choice:
    values = table[[f"validation_{column}" for column in view.columns]].to_numpy(np.float64)
    # a cost of 0 has no logarithm
    scaled = np.stack(
        [o.sign * (np.log(np.maximum(values[:, i], 1e-30)) if o.logarithmic else values[:, i]) for i, o in enumerate(view.objectives)], 1
    )
    known, distance = np.all(np.isfinite(scaled), axis=1), np.full(len(table), np.inf)
    if known.any():
        low = scaled[known].min(axis=0)
        # where all designs are equal in an objective it decides nothing (0 / 1e-9)
        distance[known] = ((scaled[known] - low) / np.maximum(np.ptp(scaled[known], axis=0), 1e-9)).max(axis=1)
    at = _first(distance, cost)
    return _Choice(at, distance == distance[at], "nearest to the best in all objectives at once")


def _first(*keys: NDArray[np.float64]) -> int:
    """The row that is least in the first key, of equals in the next, and so on; of equal rows the first."""
    return int(np.lexsort(keys[::-1])[0])


def _validated_cost(table: pd.DataFrame, view: View) -> NDArray[np.float64]:
    values = view.cost.sign * table[f"validation_{view.cost.column}"].to_numpy(np.float64)
    return np.where(np.isnan(values), np.inf, values)


def _usable(designs: pd.DataFrame) -> pd.DataFrame:
    """Feasible designs, as the store orders them: what is chosen does not depend on how a table is sorted."""
    if designs.empty:
        return designs
    usable = designs[designs.feasible.to_numpy(bool)]
    return usable.sort_values([name for name in ("unit", "design") if name in usable], kind="stable")


def _front(designs: pd.DataFrame, view: View) -> pd.DataFrame:
    """Of all that is given: `on_front` of a table may be about more designs."""
    usable = _usable(designs)
    if usable.empty:
        return usable
    marked = view.with_front(usable)
    return marked[marked.on_front]


def _beaten(usable: pd.DataFrame, view: View) -> list[str]:
    """Designs that validation data alone would pick, and that others beat on test data in every objective."""
    signs = [o.sign for o in view.objectives]
    values, front = usable[view.columns].to_numpy(np.float64) * signs, _front(usable, view)
    wishes: dict[int, list[str]] = {}
    for wish, choice in _choices(usable, view, SLACK).items():
        wishes.setdefault(choice.at, []).append(wish)
    found, recommended = [], {wish: pick.row for wish, pick in picks(usable, view).items()}
    for at, names in wishes.items():
        own = usable.iloc[at]
        # what is recommended instead where it is one of them: it is on the page already
        better = [row for row in (*(recommended[name] for name in names if name in recommended), *(row for _, row in front.iterrows()))]
        beats = (row for row in better if _dominates(row[view.columns].to_numpy(np.float64) * signs, values[at]))
        if (other := next(beats, None)) is not None:
            told = ", ".join(
                f"{o.name.replace('_', ' ')} {spell(o, own[o.column])} against {spell(o, other[o.column])}" for o in view.objectives
            )
            found.append(
                f"Validation data alone would pick {own.design} as {' and '.join(names)}, which {other.design} beats on test data: {told}."
            )
    return found


def _dominates(better: NDArray[np.float64], worse: NDArray[np.float64]) -> bool:
    return bool(np.all(better <= worse) and np.any(better < worse))


def _reversed(usable: pd.DataFrame, view: View) -> list[str]:
    """Pairs of recommended designs whose order on validation data is turned round on test data, by more than its noise."""
    # names of designs are those of a unit
    rows = {(pick.row.get("unit"), pick.design): pick.row for pick in picks(usable, view).values()}
    table = pd.DataFrame(list(rows.values()))
    before, after = noise.validated(table, view).values, noise.tested(table, view)
    found = []
    for i, j in itertools.permutations(range(len(table)), 2):
        width = float(after.differences(j)[i])
        if before[i] < before[j] and after.values[i] - after.values[j] > width:
            first, second = (str(table.design.iloc[at]) for at in (i, j))
            said, was = ([noise.told(view, float(values[at])) for at in (i, j)] for values in (before, after.values))
            found.append(
                f"{first} answers better than {second} on validation data ({said[0]} against {said[1]}) and worse on test data "
                f"({was[0]} against {was[1]}), by more than the noise of {noise.told_difference(view, width)}."
            )
    return found


def nearest(designs: pd.DataFrame) -> pd.Series:
    """The design that comes nearest to meeting the constraints."""
    # the column is there: without bounds every design is feasible, and nobody asks
    return designs.sort_values("violation").iloc[0]


def infeasible(designs: pd.DataFrame, view: View) -> str | None:
    """Why no design is feasible, or None where one is."""
    if designs.feasible.any():
        return None
    closest = nearest(designs)
    if closest.get("tightest") == "excess":
        return f"no design is legal: the nearest, {closest.design}, asks for {np.exp(closest.excess):.3g} times what its technology can do"
    tightest = view.tightest(closest)
    if tightest is None:
        return "no design has finite objectives"
    name, column = tightest.objective.name.replace("_", " "), tightest.objective.column
    return f"infeasible because of {name}: the nearest design, {closest.design}, has {tightest.describe(float(closest[column]))}"


def sentence(designs: pd.DataFrame, view: View) -> str:
    """What to build and why, in one sentence."""
    chosen = choose(designs, view)
    if chosen is None:
        return f"Build nothing yet: {infeasible(designs, view) or 'no design has finite objectives'}."
    values = view.settings(chosen)
    parts = []
    if "rows" in values and "columns" in values:
        parts.append(f"arrays of {values.pop('rows')} x {values.pop('columns')}")
    parts += [f"{name.replace('_', ' ')} {value}" for name, value in values.items()]
    cost = [f"{show(chosen.energy_pj, 'pJ')} and {show(chosen.latency_ns, 'ns')} per inference"]
    known = {"error", "energy", "latency"}
    cost += [f"{o.name.replace('_', ' ')} {spell(o, chosen[o.column])}" for o in view.objectives if o.name not in known]
    return (
        f"Build {chosen.design}: {', '.join(parts)}; {chosen.error_mean:.1%} test error (± {chosen.error_std:.1%} over "
        f"{int(chosen.chips)} simulated chips) at {', '.join(cost)}{_saving(designs, chosen, view)}."
    )


def _saving(designs: pd.DataFrame, chosen: pd.Series, view: View) -> str:
    """How much the design saves against the one with the best answers."""
    # of what is maximised, `less` would be no praise
    if view.answers is None or view.cost.sign < 0:
        return ""
    best = picks(designs, view)["most accurate"]
    if best.design == chosen.design:
        return ""
    factor = best.row[view.cost.column] / chosen[view.cost.column]
    return f", {factor:.1f}x less {view.cost.name.replace('_', ' ')} than the most accurate design"
