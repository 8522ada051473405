"""What a screen is told, and the time that is left."""

import time
from collections.abc import Collection, Sequence
from typing import Final, Literal, Protocol

from codesign.units import duration
from search.study.unit import State, Unit

Progress = Literal["auto", "plain", "json"]  # which screen: that which fits the output, lines of text, lines of JSON

LATER_COMPILATION: Final = 2.0  # for hardening and measurement, in times of what the first step takes
HARDENING: Final = 0.55  # share of a unit's work at which that begins; see `search.unit.staged`


class Screen(Protocol):
    """Receives the course of a study."""

    def begin(self, units: Sequence[Unit], done: Collection[str]) -> None:
        """All units, and names of those that were done before."""

    def show(self, unit: Unit, stage: str, share: float, details: str) -> None:
        """The stage of a unit, the share of its work that is done, and the numbers of the moment."""

    def ended(self, unit: Unit, state: State, reason: str) -> None:
        """A unit has ended; one that is lost may begin again."""

    def note(self, text: str) -> None:
        """Something to be read, once."""

    def close(self) -> None:
        """Nothing more comes."""


class Clock:
    """Time left, from the pace of this run; a resumed study begins above 0.

    A study of one unit compiles before its first step, and about twice as long again for hardening and measurement (measured on the
    quickstart): that is added, and not taken for the pace of its steps. Of many units each compiles, so that the pace has it in.
    """

    def __init__(self) -> None:
        self._begin = time.monotonic()
        self._first: tuple[float, float] | None = None

    def left(self, share: float, alone: bool) -> float | None:
        """Seconds, or None while unknown.

        Args:
            share: of all work that is done.
            alone: whether there is one unit.
        """
        now = time.monotonic()
        if self._first is None:
            if share > 0:
                self._first = (now, share)
            return None
        began, at = self._first
        # too little done to tell a pace from
        if share - at < 0.02:
            return None
        compiled = began - self._begin
        if not alone:
            return (now - self._begin) / share * (1 - share)
        later = LATER_COMPILATION * compiled * max(0.0, (HARDENING - share) / HARDENING)
        return (now - began) / (share - at) * (1 - share) + later


def spelt(seconds: float | None) -> str:
    """For people: `about 1m 20s left`, or nothing while unknown."""
    return "" if seconds is None else f"about {duration(seconds)} left"


class Count:
    """How far a whole study is: units that have ended, and shares of those that run."""

    def __init__(self) -> None:
        self.total, self.done = 1, 0
        self.running: dict[str, float] = {}

    def begin(self, units: Sequence[Unit], done: Collection[str]) -> None:
        """All units, and those done before."""
        self.total, self.done = len(units), len(done)

    def show(self, unit: Unit, share: float) -> float:
        """A unit has got so far; the share of all work."""
        # searches may end a little above their budget
        self.running[unit.name] = min(share, 1.0)
        return self.share

    def ended(self, unit: Unit, state: State) -> float:
        """A unit has ended; the share of all work."""
        self.running.pop(unit.name, None)
        # one that has failed is not tried again in this run
        self.done += state in (State.DONE, State.FAILED)
        return self.share

    @property
    def share(self) -> float:
        """Of all work."""
        return min((self.done + sum(self.running.values())) / self.total, 1.0)
