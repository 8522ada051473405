"""How objectives are drawn: in which unit, on which kind of axis."""

import html
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from search.objectives.base import AbstractObjective

# canonical unit -> factors and units of axes, smallest unit first
_UNITS: Final[Mapping[str, tuple[tuple[float, str], ...]]] = {
    "pJ": ((1e3, "fJ"), (1.0, "pJ"), (1e-3, "nJ"), (1e-6, "µJ"), (1e-9, "mJ"), (1e-12, "J")),
    "ns": ((1e3, "ps"), (1.0, "ns"), (1e-3, "µs"), (1e-6, "ms"), (1e-9, "s")),
    "um2": ((1.0, "µm²"), (1e-6, "mm²")),
}
_USUAL: Final = {"pJ": (1e-3, "nJ"), "ns": (1e-3, "µs"), "um2": (1e-6, "mm²")}
"""Of everyday chips: where no values say better."""


def logarithmic(decades: float) -> dict[str, Any]:
    """An axis with plain numbers at its marks, where plotly would write 10, 2, 5, 10²; over wide ranges 1, 2 and 5 of each decade."""
    return {"type": "log", "tickformat": "~g"} | ({"dtick": "D2"} if 0.7 <= decades <= 3 else {})


class Scale(NamedTuple):
    """How an objective is drawn: values times `factor` are in the label's unit, and span so many `decades`."""

    factor: float
    label: str
    logarithmic: bool
    decades: float = 1.0

    def axis(self, of: str = "") -> dict[str, Any]:
        """Of a plotly layout.

        Args:
            of: what is said after the label, such as `test`.
        """
        title = html.escape(f"{self.label}, {of}" if of else self.label)
        return {"title": {"text": title}} | (logarithmic(self.decades) if self.logarithmic else {"type": "linear"})


def scale_of(objective: AbstractObjective, values: Iterable[float] = ()) -> Scale:
    """Answers in percent, costs in the unit that suits the values.

    Args:
        objective: what is drawn.
        values: in the objective's unit; without any, the unit of everyday chips is taken.
    """
    name = objective.name.replace("_", " ")
    if objective.answers and objective.unit == "1":
        return Scale(100, f"{name} [%]", False)
    sizes = positive(values)
    factor, unit = unit_of(objective.unit, sizes)
    decades = float(np.log10(sizes.max() / sizes.min())) if len(sizes) else 1.0
    return Scale(factor, name if unit == "1" else f"{name} [{unit}]", objective.logarithmic, decades)


def unit_of(unit: str, values: Iterable[float] = ()) -> tuple[float, str]:
    """Factor and unit in which the middle of some values reads well.

    Args:
        unit: a canonical unit; one without prefixes stays as it is.
        values: in that unit.
    """
    sizes = positive(values)
    if unit not in _UNITS or not len(sizes):
        return _USUAL.get(unit, (1.0, unit))
    middle = float(np.median(sizes))
    # the largest unit in which the middle is not below 1; square micrometres read well up to a hundredth of 1 mm², as in codesign.units
    least = 0.01 if unit == "um2" else 1.0
    fits = [(factor, name) for factor, name in _UNITS[unit] if middle * factor >= least]
    return fits[-1] if fits else _UNITS[unit][0]


def positive(values: Iterable[float]) -> NDArray[np.float64]:
    """Those that a logarithmic axis can show."""
    sizes = np.asarray(list(values), np.float64)
    return sizes[np.isfinite(sizes) & (sizes > 0)]
