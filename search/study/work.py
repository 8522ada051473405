"""Doing one unit: what engines call, wherever they run it."""

import time
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from search.errors import UserError
from search.study.journal import Held, Journal, Write
from search.study.provenance import peak_gb, provenance
from search.study.unit import State, Unit, UnitFailedError

Show = Callable[[str, float, str], None]  # stage, share of the unit's work that is done, the numbers of the moment


class Work(Protocol):
    """Does units one after another; what it has compiled it may keep."""

    def __call__(self, unit: Unit, journal: Journal, show: Show, safe_point: Callable[[], None]) -> None:
        """Do a unit, or continue it from what its journal holds.

        Args:
            unit: what is done.
            journal: where everything it finds goes.
            show: told how far it is.
            safe_point: called where it may stop; raises KeyboardInterrupt to stop it.

        Raises:
            UnitFailedError: it cannot be done.
            UserError: its config cannot be built.
        """


class Ended(NamedTuple):
    """How a unit ended.

    Attributes:
        reason: empty where it is done; its first line is for people, a traceback may follow.
        mistake: the reason is the user's to mend.
        provenance: versions, machine, seconds, memory.
    """

    state: State
    reason: str
    mistake: bool
    provenance: dict[str, Any]


def attempt(
    work: Work,
    unit: Unit,
    held: Held,
    tell: Callable[[Write], None],
    show: Show,
    safe_point: Callable[[], None],
    own: tuple[type[Exception], ...],
) -> Ended:
    """Do a unit; a failure is told and kept from the others.

    Args:
        work: what does it.
        unit: what is done.
        held: what was there of it before.
        tell: takes what it finds.
        show: told how far it is.
        safe_point: raises KeyboardInterrupt to stop.
        own: errors that are the engine's, not the unit's.
    """
    began, processor = time.monotonic(), time.process_time()
    state, reason, mistake = State.DONE, "", False
    try:
        work(unit, Journal(held, tell), show, safe_point)
    except own:
        raise
    except UserError as error:
        state, reason, mistake = State.FAILED, str(error), True
    except UnitFailedError as error:
        state, reason = State.FAILED, str(error)
    # whatever else there is, XLA's lack of memory included: kept with its traceback, and the other units go on
    except Exception as error:
        first = str(error).partition("\n")[0]
        state, reason = State.FAILED, f"{type(error).__name__}: {first}\n{traceback.format_exc()}"
    took = {"wall_s": time.monotonic() - began, "processor_s": time.process_time() - processor, "peak_gb": peak_gb()}
    return Ended(state, reason, mistake, provenance() | took)
