"""What to build, or why nothing can be built yet: designs of the measured front, chosen within the noise of validation data."""

import itertools
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from codesign.units import show
from search.designs import noise
from search.designs.picks import SLACK, Pick, choices, front_of, usable_of
from search.designs.picks import picks as picks_of
from search.objectives.constraint import spell
from search.results.exactness import warning
from search.results.view import View


def picks(designs: pd.DataFrame, view: View, slack: float = SLACK) -> dict[str, Pick]:
    """What to build, by wish (`cheapest`, `balanced`, `most accurate`); see `search.designs.picks`. Empty when no design is feasible."""
    return picks_of(designs, view.objectives, slack)


COARSE: Final = 0.03
"""Noise of answers on validation data above which choosing by them is said to be rough."""


def choose(designs: pd.DataFrame, view: View, slack: float = SLACK) -> pd.Series | None:
    """The balanced design of `picks`; None when no design is feasible."""
    found = picks(designs, view, slack).get("balanced")
    return None if found is None else found.row


def within(designs: pd.DataFrame, view: View, error: float = 0.03) -> pd.Series | None:
    """The cheapest design with at most this test error, by validation data; None when no feasible design has so little.

    As with bounds, test data say which designs meet the level, and of these only the front counts.
    """
    able = designs[(designs.error_mean <= error).to_numpy(bool)] if len(designs) else designs
    return picks(able, view)["cheapest"].row if not front_of(able, view.objectives).empty else None


def disagreements(designs: pd.DataFrame, view: View) -> list[str]:
    """Where test and validation data say different things, a sentence each; none where they agree."""
    usable = usable_of(designs)
    if front_of(usable, view.objectives).empty:
        return []
    return [*_beaten(usable, view), *_reversed(usable, view)]


def _beaten(usable: pd.DataFrame, view: View) -> list[str]:
    """Designs that validation data alone would pick, and that others beat on test data."""
    signs = [o.sign for o in view.objectives]
    values, front = usable[view.columns].to_numpy(np.float64) * signs, front_of(usable, view.objectives)
    wishes: dict[int, list[str]] = {}
    for wish, choice in choices(usable, view.objectives).items():
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
    before, after = noise.validated(table, view.objectives).values, noise.tested(table, view.objectives)
    found = []
    for i, j in itertools.permutations(range(len(table)), 2):
        width = float(after.differences(j)[i])
        if before[i] < before[j] and after.values[i] - after.values[j] > width:
            first, second = (str(table.design.iloc[at]) for at in (i, j))
            said, was = ([noise.told(view.objectives, float(values[at])) for at in (i, j)] for values in (before, after.values))
            found.append(
                f"{first} answers better than {second} on validation data ({said[0]} against {said[1]}) and worse on test data "
                f"({was[0]} against {was[1]}), by more than the noise of {noise.told_difference(view.objectives, width)}."
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
        f"Build {chosen.design}: {', '.join(parts)}; {chosen.error_mean:.1%} test error{_spread(chosen)} "
        f"at {', '.join(cost)}{_saving(designs, chosen, view)}.{_doubt(designs, view)}{f' {told}' if (told := warning(chosen)) else ''}"
    )


def _doubt(designs: pd.DataFrame, view: View) -> str:
    """That validation data are too few to choose by, where they are."""
    noise = picks(designs, view)["balanced"].noise
    if view.answers is None or view.answers.unit != "1" or not noise > COARSE:
        return ""
    return f" Validation data are few: designs within {noise:.0%} of each other cannot be told apart, so look at the front."


def _spread(design: pd.Series) -> str:
    """How the error differs from chip to chip; a single chip says nothing of that."""
    return f" (± {design.error_std:.1%} over {int(design.chips)} simulated chips)" if design.chips > 1 else ""


def _saving(designs: pd.DataFrame, chosen: pd.Series, view: View) -> str:
    """How much the design saves against the one with the best answers."""
    # of what is maximised, `less` would be no praise
    if view.answers is None or view.cost.sign < 0:
        return ""
    best = picks(designs, view)["most accurate"]
    if best.design == chosen.design:
        return ""
    factor = best.row[view.cost.column] / chosen[view.cost.column]
    # `1.0x less` would be none
    if factor < 1.05:
        return ""
    return f", {factor:.1f}x less {view.cost.name.replace('_', ' ')} than the most accurate design"
