"""Stopping politely: a signal asks, the study stops at its next safe point; a second one stops it at once.

An exception raised by the signal itself could strike anywhere, a finaliser that swallows it included.
"""

import signal
import sys
from types import FrameType, TracebackType
from typing import Self


class StopRequest:
    """Listens for Ctrl-C and termination while it is entered."""

    def __init__(self) -> None:
        self._asked = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        """Start to listen."""
        # SIGTERM as well: batch systems and containers send it before they kill
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def check(self) -> None:
        """A safe point.

        Raises:
            KeyboardInterrupt: somebody asked to stop.
        """
        if self._asked:
            raise KeyboardInterrupt

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        print("stopping at the next safe point (again to stop at once)", file=sys.stderr, flush=True)
