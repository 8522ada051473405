"""One case at a time, watched: what it says, how long it takes, how much memory."""

import contextlib
import io
import resource
import signal
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final, NamedTuple

SECONDS: Final = 5.0
BYTES: Final = 10**9


class HangError(BaseException):
    """Longer than a case may take; no `Exception`, so that nothing on the way takes it for a mistake."""


class Verdict(NamedTuple):
    """How a case ended.

    Attributes:
        outcome: `accepted`, `refused` (with the error that is promised), `traceback`, `hang` or `memory`.
        detail: the message, or the last lines of the traceback.
        seconds: of processor time.
    """

    outcome: str
    detail: str
    seconds: float


def watch(case: Callable[[], object], promised: type[Exception] | tuple[type[Exception], ...], seconds: float = SECONDS) -> Verdict:
    """Run a case, which may raise what is `promised` and nothing else, and take so many seconds of processor time."""
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    outcome, detail = "accepted", ""
    try:
        with _at_most(seconds), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            case()
    except HangError:
        outcome, detail = "hang", f"over {seconds:g} s"
    except promised as error:
        outcome, detail = "refused", str(error)
    # whatever it is, it is the finding
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        outcome, detail = "traceback", "".join(traceback.format_exception(error)[-3:])
    grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    if grown > BYTES:
        outcome, detail = "memory", f"{grown / 1e9:.1f} GB; {outcome}: {detail}"
    return Verdict(outcome, detail, time.process_time() - began)


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    def hang(number: int, frame: FrameType | None) -> None:
        raise HangError

    # processor time: other people's programs are no hang
    heard = signal.signal(signal.SIGPROF, hang)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, heard)
