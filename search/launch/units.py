"""Running what is missing of a study: what `run`, `sweep` and `compare` have in common, from Python and from the command line."""

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from search.study import driver
from search.study.driver import Outcome
from search.study.engines.engine import Engine
from search.study.interrupt import StopRequest
from search.study.same import refuse_unless_same
from search.study.screens.screen import Screen
from search.study.store.store import Store
from search.study.unit import Unit
from search.study.work import Work
from search.unit.work import UnitWork


def run_units(
    kind: str,
    units: Sequence[Unit],
    store: Store,
    engine: Engine,
    screen: Screen,
    make: Callable[[], Work] = UnitWork,
    late: Callable[[], None] | None = None,
) -> Outcome:
    """Run what is missing of a study.

    Args:
        kind: `run`, `sweep` or `compare`.
        units: all of it.
        store: its folder.
        engine: where units run.
        screen: shown progress, and closed in the end.
        make: what does units.
        late: called where a request to stop finds no safe point in time; None to wait for one.

    Raises:
        UserError: the folder holds something else.
        StoppedError: it was asked to stop; everything done is stored.
    """
    refuse_unless_same(store, kind, units)
    store.put("kind", kind)
    store.add_units(units)
    # only a main thread hears signals; a study in another one is stopped with its process
    listening: AbstractContextManager[Any] = StopRequest(late=late) if _is_main() else nullcontext()
    try:
        with listening as stop:
            outcome = driver.run(units, store, engine, make, screen, _unasked if stop is None else stop.check)
        # of a sweep the others say more with it; alone it would keep its own correction from the folder
        if kind == "run":
            for name in outcome.mistakes:
                store.forget(name)
        return outcome
    finally:
        # before anything is printed: a live line would be drawn into it
        screen.close()


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()


def _unasked() -> None:
    """A safe point that nobody can ask to stop at."""
