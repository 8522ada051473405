"""One sentence: what to build, or why nothing can be built yet."""

import numpy as np
import pandas as pd

from codesign.units import show
from search.objectives.constraint import spell
from search.results.view import View


def choose(designs: pd.DataFrame, view: View, slack: float = 0.01) -> pd.Series | None:
    """The design to build, by *validation* data; test results say which designs meet their bounds, and choose none among these.

    With an objective about answers: the one that is best in cost among feasible designs within `slack` of the best answers. Otherwise the
    knee: the least distance from the best in its worst objective, in units of the designs' range. None when no design is feasible.
    """
    usable = designs[designs.feasible]
    if usable.empty:
        return None
    if view.answers is not None:
        quality = view.answers.sign * usable[f"validation_{view.answers.column}"].to_numpy(np.float64)
        cost = view.cost.sign * usable[f"validation_{view.cost.column}"].to_numpy(np.float64)
        near = quality <= np.nanmin(quality) + slack
        return usable.iloc[int(np.argmin(np.where(near, cost, np.inf)))]
    values = usable[[f"validation_{column}" for column in view.columns]].to_numpy(np.float64)
    # a cost of 0 has no logarithm
    scaled = np.stack(
        [o.sign * (np.log(np.maximum(values[:, i], 1e-30)) if o.logarithmic else values[:, i]) for i, o in enumerate(view.objectives)], 1
    )
    # where all designs are equal in an objective it decides nothing (0 / 1e-9)
    distance = (scaled - scaled.min(axis=0)) / np.maximum(np.ptp(scaled, axis=0), 1e-9)
    return usable.iloc[int(np.argmin(distance.max(axis=1)))]


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
        return f"Build nothing yet: {infeasible(designs, view)}."
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
    usable = designs[designs.feasible]
    # by validation data: a test result chooses no design to compare with either
    best = usable.sort_values(f"validation_{view.answers.column}", ascending=view.answers.sign > 0).iloc[0]
    if best.design == chosen.design:
        return ""
    factor = best[view.cost.column] / chosen[view.cost.column]
    return f", {factor:.1f}x less {view.cost.name.replace('_', ' ')} than the most accurate design"
