"""The screen that fits where the output goes."""

import sys

from rich.console import Console

from search.study.screens.plain import PlainScreen
from search.study.screens.screen import Screen
from search.study.screens.terminal import TerminalScreen


def screen() -> Screen:
    """A live table on a terminal, plain lines elsewhere."""
    # not on standard output, which has the result alone and can be piped
    console = Console(stderr=True)
    return TerminalScreen(console) if console.is_terminal else PlainScreen(sys.stderr)
