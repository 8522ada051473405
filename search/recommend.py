"""One sentence: what to build."""

from typing import Any

import pandas as pd

from codesign.units import show


def choose(designs: pd.DataFrame, slack: float = 0.01) -> pd.Series | None:
    """The design to build: the least energy among feasible designs within `slack` of the best *validation* error.

    Test results describe designs and choose none; None when no design is feasible.
    """
    usable = designs[designs.feasible]
    if usable.empty:
        return None
    close = usable[usable.validation_error <= usable.validation_error.min() + slack]
    return close.sort_values("energy_pj").iloc[0]


def settings_of(design: pd.Series) -> dict[str, str]:
    """A design's parameters for people; a per-layer one becomes `3 / 4 / 5`."""
    start, stop = list(design.index).index("origin") + 1, list(design.index).index("error")
    grouped: dict[str, list[str]] = {}
    for column in design.index[start:stop]:
        grouped.setdefault(str(column).partition("[")[0], []).append(f"{design[column]:g}")
    return {name: " / ".join(values) for name, values in grouped.items()}


def sentence(designs: pd.DataFrame) -> str:
    """What to build and why, in one sentence."""
    chosen = choose(designs)
    if chosen is None:
        nearest = designs.sort_values("error_mean").iloc[0]
        return (
            f"Build nothing yet: no design meets the constraints; the nearest is {nearest.design} with {nearest.error_mean:.1%} test error."
        )
    values: dict[str, Any] = settings_of(chosen)
    parts = []
    if "rows" in values and "columns" in values:
        parts.append(f"arrays of {values.pop('rows')} x {values.pop('columns')}")
    parts += [f"{name.replace('_', ' ')} {value}" for name, value in values.items()]
    best = designs[designs.feasible].sort_values("validation_error").iloc[0]
    against = (
        "" if best.design == chosen.design else f", {best.energy_pj / chosen.energy_pj:.1f}x less energy than the most accurate design"
    )
    cost = f"{show(chosen.energy_pj, 'pJ')} and {show(chosen.latency_ns, 'ns')} per inference"
    return (
        f"Build {chosen.design}: {', '.join(parts)}; {chosen.error_mean:.1%} test error (± {chosen.error_std:.1%} over "
        f"{int(chosen.chips)} simulated chips) at {cost}{against}."
    )
