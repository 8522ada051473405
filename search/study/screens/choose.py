"""The screen that fits where the output goes."""

import sys

from rich.console import Console

from search.study.screens.lines import LinesScreen
from search.study.screens.plain import PlainScreen
from search.study.screens.screen import Progress, Screen
from search.study.screens.terminal import TerminalScreen


def screen(progress: Progress = "auto") -> Screen:
    """A live table on a terminal and plain lines elsewhere; or what was asked for. On standard error: the result alone can be piped."""
    if progress == "json":
        return LinesScreen(sys.stderr)
    console = Console(stderr=True)
    return TerminalScreen(console) if console.is_terminal and progress == "auto" else PlainScreen(sys.stderr)
