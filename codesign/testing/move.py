"""What a change of one parameter does to random designs, and how it is told."""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from codesign.testing.designs import Values
from codesign.testing.qualities import QUALITIES

TOLERANCE: Final = 1e-3
"""A quality that rises by less than this share in every design keeps no search away from a bound."""
_ROUNDING: Final = 1e-5  # of sums in float32
_NOTHING: Final = 1e-6  # error of exact arithmetic that a compiler has reordered
_LEGAL_SHARE: Final = 0.1  # of the designs drawn: fewer and the ranges are not those of a search


class Move(NamedTuple):
    """What a change of one parameter does to random designs.

    Attributes:
        parameter: its name.
        towards: `low`, `high`, `one option over another`, or `dead` for a parameter that changes nothing anywhere.
        value: the bound or the option.
        designs: legal designs that were changed.
        worse: share of them in which each quality rises by more than `TOLERANCE`.
        rise: the largest rise of each quality, as a share.
        fall: the largest fall of each quality, as a share.
        changes: whether anything changes at all.
        example: the design that gains most, before the change.
    """

    parameter: str
    towards: str
    value: str
    designs: int
    worse: dict[str, float]
    rise: dict[str, float]
    fall: dict[str, float]
    changes: bool
    example: dict[str, Any]

    @property
    def name(self) -> str:
        """Parameter and direction."""
        return f"{self.parameter} {self.towards}"

    @property
    def free(self) -> bool:
        """Whether nothing gets worse anywhere."""
        return not any(self.worse.values())

    def __str__(self) -> str:
        """A line for people."""
        where = ", ".join(f"{name}={_told(value)}" for name, value in self.example.items())
        qualities = ", ".join(self.worse)
        if self.towards == "dead":
            return f"{self.parameter} is dead: {qualities} stay the same in {self.designs} designs, such as {where}"
        gains = ", ".join(f"{name} falls by up to {share:.1%}" for name, share in self.fall.items() if share > TOLERANCE)
        if self.free:
            told = f"is free: of {qualities} nothing gets worse in {self.designs} designs; {gains or 'nothing gets better either'}"
        else:
            prices = (f"{name} in {share:.0%} (up to {self.rise[name]:.1%})" for name, share in self.worse.items() if share)
            told = f"makes worse {', '.join(prices)} of {self.designs} designs; {gains or 'nothing gets better'}"
        return f"{self.name} ({self.value}) {told}{'; most in' if gains else ', such as'} {where}"


def _told(value: Any) -> str:
    return np.array2string(np.asarray(value), precision=4, max_line_width=1000, formatter={"str_kind": str})


def compare(what: tuple[str, str, str], before: NDArray[np.float64], after: NDArray[np.float64], designs: Values) -> Move:
    """A move from the qualities before and after it.

    Args:
        what: parameter, direction and value.
        before: `[designs, qualities]`.
        after: the same.
        designs: before the change.

    Raises:
        AssertionError: hardly any design was legal before.
    """
    legal = before[:, -1] == 0
    assert legal.mean() >= _LEGAL_SHARE, f"only {legal.sum()} of {legal.size} random designs are legal: narrow the ranges"
    was, now = before[legal], after[legal]
    # nothing has no share: what rises from nothing has risen without bound
    ratio = np.where(was > 0, now / np.where(was > 0, was, 1), np.where(now > _NOTHING, np.inf, 1))
    # costs of an illegal design mean nothing
    ratio[:, :-1][now[:, -1] > 0] = 1
    most = np.flatnonzero(legal)[int(np.argmin(ratio.min(1)))]

    def named(values: NDArray[np.float64]) -> dict[str, float]:
        return dict(zip(QUALITIES, values.tolist(), strict=True))

    return Move(
        *what,
        designs=int(legal.sum()),
        worse=named((ratio > 1 + TOLERANCE).mean(0)),
        rise=named(np.maximum(ratio - 1, 0).max(0)),
        fall=named(np.maximum(1 - ratio, 0).max(0)),
        changes=bool((np.abs(ratio - 1) > _ROUNDING).any()),
        example={name: value[most] for name, value in designs.items()},
    )
