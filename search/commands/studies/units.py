"""Running a set of units from the command line: what `run`, `sweep` and `compare` have in common."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from search.commands.outcome import fail
from search.launch import units as launched
from search.study.driver import Outcome, StoppedError
from search.study.engines.engine import Engine
from search.study.screens import choose
from search.study.screens.screen import Progress
from search.study.store.store import Store
from search.study.unit import Unit
from search.study.work import Work
from search.unit.work import UnitWork


def run_units(
    kind: str,
    units: Sequence[Unit],
    store: Store,
    engine: Engine,
    again: str,
    progress: Progress = "auto",
    make: Callable[[], Work] = UnitWork,
) -> Outcome:
    """Run what is missing of a study; see `search.launch.units.run_units`.

    Args:
        kind: `run`, `sweep` or `compare`.
        units: all of it.
        store: its folder.
        engine: where units run.
        again: how to continue when it is stopped, for people.
        progress: how it is shown.
        make: what does units.

    Raises:
        UserError: the folder holds something else.
        SystemExit: 130 when it is stopped.
    """

    def late() -> NoReturn:
        # from another thread, while the main one compiles: nothing there can be asked any more, and everything done is stored
        print(f"stopped at once; everything done is saved in {store.folder}; {again}", file=sys.stderr, flush=True)
        store.abandon()
        os._exit(130)

    try:
        return launched.run_units(kind, units, store, engine, choose.screen(progress), make, late)
    except StoppedError as stopped:
        fail(f"stopped at {stopped}; everything done is saved in {store.folder}; {again}", 130)
