"""How a study is shown that was begun from Python."""

import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal, final

from search.study.screens import choose
from search.study.screens.screen import Screen
from search.study.unit import State, Unit

Progress = Literal["auto", "plain", "quiet"]
"""What fits where the output goes, lines of text, or nothing."""


def screen(progress: Progress, folder: Path) -> Screen:
    """The screen that was asked for.

    Args:
        progress: see `Progress`.
        folder: of the study, whose course a notebook draws.
    """
    if progress == "quiet":
        return QuietScreen()
    if progress == "auto" and _in_notebook():
        from search.launch.live import LiveScreen

        return LiveScreen(folder)
    return choose.screen("auto" if progress == "auto" else "plain")


def _in_notebook() -> bool:
    # nothing is imported for the question: who is in a notebook has IPython
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell is not None and hasattr(shell, "kernel")


@final
class QuietScreen:
    """Shows nothing."""

    def begin(self, units: Sequence[Unit], done: Collection[str]) -> None:
        """See `Screen.begin`."""

    def show(self, unit: Unit, stage: str, share: float, details: str) -> None:
        """See `Screen.show`."""

    def ended(self, unit: Unit, state: State, reason: str) -> None:
        """See `Screen.ended`."""

    def note(self, text: str) -> None:
        """See `Screen.note`."""

    def close(self) -> None:
        """See `Screen.close`."""
