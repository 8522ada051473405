"""A study in a notebook: a bar, the numbers of the moment, and a figure of its course."""

import contextlib
import html
import sqlite3
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final, final

from search.errors import UserError
from search.results.figures.figure import Figure
from search.results.studies.study import Study, load
from search.study.screens.screen import Clock, Count, spelt
from search.study.unit import State, Unit

BAR_SECONDS: Final = 0.5
FIGURE_SECONDS: Final = 10.0  # a figure is some hundred kilobytes for the browser


@final
class LiveScreen:
    """Two outputs of a cell that change while it runs.

    Args:
        folder: of the study; its course is read from there.
    """

    def __init__(self, folder: Path) -> None:
        from IPython.display import DisplayHandle

        self._folder, self._clock, self._count = folder, Clock(), Count()
        self._bar, self._figure = DisplayHandle(), DisplayHandle()
        self._shown = {"bar": 0.0, "figure": time.monotonic()}
        self._begun: set[str] = set()
        self._notes: list[str] = []
        self._line = ""

    def begin(self, units: Sequence[Unit], done: Collection[str]) -> None:
        """See `Screen.begin`."""
        self._count.begin(units, done)
        self._draw_bar(0.0)

    def show(self, unit: Unit, stage: str, share: float, details: str) -> None:
        """See `Screen.show`."""
        whole = self._count.show(unit, share)
        which = "" if self._count.total == 1 else f"{self._count.done}/{self._count.total} units"
        left = spelt(self._clock.left(whole, self._count.total == 1))
        self._line = "  ".join(part for part in (f"{whole:.0%}", which, unit.title if which else "", stage, details, left) if part)
        if self._is_time("bar", BAR_SECONDS):
            self._draw_bar(whole)
        if self._is_time("figure", FIGURE_SECONDS):
            self._draw_figure()

    def ended(self, unit: Unit, state: State, reason: str) -> None:
        """See `Screen.ended`."""
        self._draw_bar(self._count.ended(unit, state))

    def note(self, text: str) -> None:
        """See `Screen.note`."""
        self._notes.append(text)

    def close(self) -> None:
        """The last state stays, as the cell's output."""
        self._line = f"{self._count.done} of {self._count.total} units are done" if self._count.total > 1 else "done" * self._count.done
        self._draw_bar(self._count.share)
        self._draw_figure()

    def _is_time(self, which: str, seconds: float) -> bool:
        now = time.monotonic()
        due = now - self._shown[which] >= seconds
        if due:
            self._shown[which] = now
        return due

    def _draw_bar(self, share: float) -> None:
        notes = "".join(f"<br>{html.escape(note)}" for note in self._notes)
        text = f"<progress value='{share:.3f}' max='1' style='width:24em'></progress> {html.escape(self._line)}{notes}"
        self._put(self._bar, "bar", {"text/html": text, "text/plain": self._line})

    def _draw_figure(self) -> None:
        # a picture that cannot be drawn now is no reason to stop a study
        with contextlib.suppress(UserError, sqlite3.Error):
            figure = drawn(load(self._folder))
            if figure is not None:
                self._put(self._figure, "figure", figure._repr_mimebundle_())

    def _put(self, handle: Any, name: str, content: Any) -> None:
        if name in self._begun:
            handle.update(content, raw=True)
        else:
            self._begun.add(name)
            handle.display(content, raw=True)


def drawn(study: Study) -> Figure | None:
    """The course of one unit, the fronts of several; None where nothing is there yet, or nothing that goes together."""
    if len(study.groups) != 1:
        return None
    if len(study.groups[0].units) > 1:
        return None if study.designs.empty else study.plot.compare()
    # searches without gradients have no course, and none has one before its first steps
    return None if study.history.empty else study.plot.history()
