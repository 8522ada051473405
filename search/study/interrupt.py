"""Stopping politely: a signal asks, the study stops at its next safe point; who is too late for one, or asks twice, is stopped at once.

An exception raised by the signal itself could strike anywhere, a finaliser that swallows it included.
"""

import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType, TracebackType
from typing import Final, Self, final

PATIENCE_SECONDS: Final = 2.0  # that a safe point may take, from a signal on; compilation takes longer

_early = threading.Event()  # a signal has come before a study listened


@contextlib.contextmanager
def from_the_start() -> Iterator[None]:
    """Until a study listens itself, a signal interrupts; where something swallows that (JAX at garbage collection), the study knows."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    _early.clear()
    for number, handler in before.items():
        # what a shell starts in the background ignores Ctrl-C
        if handler is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        yield
    except Exception:
        # an import that is interrupted may fail with an error of its own
        if _early.is_set():
            raise KeyboardInterrupt from None
        raise
    finally:
        # for who calls this from Python
        for number, handler in before.items():
            signal.signal(number, handler)
        _early.clear()


def _interrupt(number: int, frame: FrameType | None) -> None:
    _early.set()
    raise KeyboardInterrupt


@final
class StopRequest:
    """Listens for Ctrl-C and termination while it is entered.

    Args:
        listen: signals; SIGTERM as well: batch systems and containers send it before they kill.
        late: called, from a thread of its own, where no safe point came in time; it ends the process. None to wait for ever.
        quietly: whether nothing is printed.
    """

    def __init__(
        self,
        listen: Sequence[signal.Signals] = (signal.SIGINT, signal.SIGTERM),
        late: Callable[[], None] | None = None,
        quietly: bool = False,
    ) -> None:
        self._listen, self._late, self._quietly = listen, late, quietly
        self._asked = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        """Start to listen; what came too early is heard now."""
        for number in self._listen:
            self._before[number] = signal.signal(number, self._hear)
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        # handlers run in the main thread, which compiled code keeps for many seconds; a byte in a pipe arrives at once
        self._wakeup = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        self._over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()
        self._asked = self._asked or _early.is_set()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Give the signals back."""
        self._over.set()
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        # ends the watcher, which closes the other end
        os.close(self._write)

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
        if not self._quietly:
            # a terminal that has gone away is no reason to stop less politely
            with contextlib.suppress(OSError):
                print("stopping at the next safe point (again to stop at once)", file=sys.stderr, flush=True)

    def _watch(self) -> None:
        """Wait for the first signal, then for the end of patience or a second signal."""
        try:
            # other signals (a window that changes its size) are heard here too
            while (heard := os.read(self._read, 1)) and heard[0] not in self._listen:
                pass
            if heard and self._late is not None:
                # a second signal, the end of patience, or the end of the pipe: `__exit__` says which of them
                select.select([self._read], [], [], PATIENCE_SECONDS)
                if not self._over.is_set():
                    self._late()
        finally:
            os.close(self._read)
