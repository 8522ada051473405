"""How commands end and print: one line and an exit code, tables as wide as they are."""

import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from rich.console import Console


def fail(message: str, code: int) -> NoReturn:
    """End with a message on standard error.

    Raises:
        SystemExit: always; 1 failed, 2 bad usage or config, 130 interrupted.
    """
    print(message, file=sys.stderr)
    raise SystemExit(code)


def wide_console() -> "Console":
    """A console for tables: as wide as they are where the output is no terminal."""
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=160)
