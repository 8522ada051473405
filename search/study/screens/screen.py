"""What a screen is told, and the time that is left."""

import time
from collections.abc import Collection, Sequence
from typing import Protocol

from search.study.unit import State, Unit


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
    """Time left, from the pace since the first report (start-up would mislead)."""

    def __init__(self) -> None:
        self._start: tuple[float, float] | None = None

    def left(self, share: float) -> float | None:
        """Seconds, or None while unknown."""
        now = time.monotonic()
        # a resumed study begins above 0: only the pace of this run tells how long the rest takes
        if self._start is None:
            self._start = (now, share)
        began, at = self._start
        # too little done to tell a pace from
        return None if share - at < 0.02 else (now - began) / (share - at) * (1 - share)


def spelt(seconds: float | None) -> str:
    """For people: `about 1m 20s left`, or nothing while unknown."""
    if seconds is None:
        return ""
    whole = int(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours:
        return f"about {hours}h {minutes:02d}m left"
    return f"about {minutes}m {whole % 60:02d}s left" if minutes else f"about {whole}s left"


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
