"""Showing how far a study is: a live line on a terminal, plain lines elsewhere."""

import sys
import time
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn


class Reporter(Protocol):
    """Receives the course of a study."""

    def update(self, stage: str, share: float, details: str) -> None:
        """The stage, the share of all work that is done, and the numbers of the moment."""

    def close(self) -> None:
        """Nothing more comes."""


class Clock:
    """Time left, from the pace since the first report (compilation and start-up would mislead)."""

    def __init__(self) -> None:
        self._start: tuple[float, float] | None = None

    def left(self, share: float) -> str:
        """For people: `about 1m 20s left`, or nothing while unknown."""
        now = time.monotonic()
        # a resumed study begins above 0: only the pace of this run tells how long the rest takes
        if self._start is None:
            self._start = (now, share)
        began, at = self._start
        # too little done to tell a pace from
        if share - at < 0.02:
            return ""
        seconds = int((now - began) / (share - at) * (1 - share))
        return f"about {seconds // 60}m {seconds % 60:02d}s left" if seconds >= 60 else f"about {seconds}s left"


class TerminalReporter:
    """One line that stays in place."""

    def __init__(self, console: Console) -> None:
        self._clock = Clock()
        self._progress = Progress(
            TextColumn("[bold]{task.fields[stage]}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[details]}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
        )
        self._task = self._progress.add_task("study", total=1.0, stage="start", details="", left="")
        self._progress.start()

    def update(self, stage: str, share: float, details: str) -> None:
        """Redraw."""
        self._progress.update(self._task, completed=share, stage=stage, details=details, left=self._clock.left(share))

    def close(self) -> None:
        """Leave the last state on the screen."""
        self._progress.stop()


class PlainReporter:
    """A line at most every few seconds, and at the start of each stage."""

    def __init__(self, stream: TextIO, seconds: float = 5.0) -> None:
        self._stream, self._seconds = stream, seconds
        self._clock, self._last, self._stage = Clock(), 0.0, ""

    def update(self, stage: str, share: float, details: str) -> None:
        """Print when it is time."""
        left = self._clock.left(share)
        now = time.monotonic()
        # the end is told however soon it comes
        if stage == self._stage and now - self._last < self._seconds and share < 1:
            return
        self._stage, self._last = stage, now
        print("  ".join(part for part in (f"{share:4.0%}", stage, details, left) if part), file=self._stream, flush=True)

    def close(self) -> None:
        """Nothing to tidy up."""


def reporter() -> Reporter:
    """The one that fits where the output goes."""
    # not on standard output, which has the result alone and can be piped
    console = Console(stderr=True)
    return TerminalReporter(console) if console.is_terminal else PlainReporter(sys.stderr)
