"""A live table on a terminal: a line for each unit that runs, and one for the whole study."""

from collections.abc import Collection, Sequence
from typing import final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from search.study.screens.screen import Clock, Count, spelt
from search.study.unit import State, Unit


@final
class TerminalScreen:
    """See the module.

    Args:
        console: the terminal.
    """

    def __init__(self, console: Console) -> None:
        self._clock, self._count = Clock(), Count()
        self._progress = Progress(
            TextColumn("{task.fields[what]}", style="bold", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[details]}", markup=False),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
        )
        self._lines: dict[str, TaskID] = {}
        self._whole: TaskID | None = None
        self._failed = self._lost = 0

    def begin(self, units: Sequence[Unit], done: Collection[str]) -> None:
        """See `Screen.begin`."""
        self._count.begin(units, done)
        if len(units) > 1:
            self._whole = self._progress.add_task("", total=1.0, what=f"{len(units)} units", details="", left="")
        self._progress.start()

    def show(self, unit: Unit, stage: str, share: float, details: str) -> None:
        """Redraw."""
        left = spelt(self._clock.left(self._count.show(unit, share), self._count.total == 1))
        if unit.name not in self._lines:
            self._lines[unit.name] = self._progress.add_task("", total=1.0, what="", details="", left="")
        alone = self._whole is None
        what = stage if alone else f"{unit.title}  {stage}"
        self._progress.update(self._lines[unit.name], completed=share, what=what, details=details, left=left if alone else "")
        self._draw_whole(left)

    def ended(self, unit: Unit, state: State, reason: str) -> None:
        """See `Screen.ended`."""
        self._count.ended(unit, state)
        self._failed += state == State.FAILED
        self._lost += state == State.LOST
        if self._whole is not None and unit.name in self._lines:
            self._progress.remove_task(self._lines.pop(unit.name))
        if reason:
            self.note(f"{unit.title}: {state}: {reason}")
        self._draw_whole(spelt(self._clock.left(self._count.share, self._count.total == 1)))

    def note(self, text: str) -> None:
        """See `Screen.note`."""
        self._progress.console.print(text, markup=False, highlight=False)

    def close(self) -> None:
        """Leave the last state on the screen."""
        self._progress.stop()

    def _draw_whole(self, left: str) -> None:
        if self._whole is not None:
            counts = {"done": self._count.done, "running": len(self._count.running), "failed": self._failed, "lost": self._lost}
            details = "  ".join(f"{number} {name}" for name, number in counts.items() if number)
            self._progress.update(self._whole, completed=self._count.share, details=details, left=left)
