"""Lines for files and pipes."""

import time
from collections.abc import Collection, Sequence
from typing import TextIO, final

from search.study.screens.screen import Clock, Count, spelt
from search.study.unit import State, Unit


@final
class PlainScreen:
    """A line at most every few seconds, at the start of each stage, and at the end of each unit.

    Args:
        stream: where lines go.
        seconds: at least so far apart.
    """

    def __init__(self, stream: TextIO, seconds: float = 5.0) -> None:
        self._stream, self._seconds = stream, seconds
        self._clock, self._count, self._last = Clock(), Count(), 0.0
        self._stages: dict[str, str] = {}

    def begin(self, units: Sequence[Unit], done: Collection[str]) -> None:
        """See `Screen.begin`."""
        self._count.begin(units, done)
        if len(units) > 1:
            self._print(f"{len(units)} units, {len(done)} of them done before")

    def show(self, unit: Unit, stage: str, share: float, details: str) -> None:
        """Print when it is time."""
        whole = self._count.show(unit, share)
        left, now = spelt(self._clock.left(whole, self._count.total == 1)), time.monotonic()
        # the end is told however soon it comes
        if stage == self._stages.get(unit.name) and now - self._last < self._seconds and share < 1:
            return
        self._stages[unit.name], self._last = stage, now
        which = "" if self._count.total == 1 else f"{self._count.done}/{self._count.total} units  {unit.title}"
        self._print("  ".join(part for part in (f"{whole:4.0%}", which, stage, details, left) if part))

    def ended(self, unit: Unit, state: State, reason: str) -> None:
        """See `Screen.ended`."""
        whole = self._count.ended(unit, state)
        if self._count.total > 1:
            self._print("  ".join(part for part in (f"{whole:4.0%}", unit.title, str(state), reason) if part))

    def note(self, text: str) -> None:
        """See `Screen.note`."""
        self._print(text)

    def close(self) -> None:
        """Nothing to tidy up."""

    def _print(self, line: str) -> None:
        print(line, file=self._stream, flush=True)
