"""One run of a study that may be killed, for `benchmarks/kills.py`. Exit codes: 0 done, 1 failed, 130 stopped, 131 stopped in haste."""

import io
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd

from search.study import driver
from search.study.driver import StoppedError
from search.study.engines.engine import Engine
from search.study.engines.inline import Inline
from search.study.engines.local import Local
from search.study.interrupt import StopRequest
from search.study.journal import Journal
from search.study.screens.plain import PlainScreen
from search.study.store.store import Store
from search.study.unit import Unit
from search.study.work import Show

STEPS, SECONDS, DESIGNS = 6, 0.15, 3
NUMBERS = 50_000  # in a checkpoint: writing it takes long enough to be hit


def units(count: int) -> list[Unit]:
    return [Unit(f"{i:012x}", {"seed": i}, {"seed": i}) for i in range(count)]


class SteppedWork:
    """Random numbers in steps, each of which follows from the last and is kept; designs follow from the last step.

    Args:
        notes: folder for what the study does not know of: processes that did units, and units that were begun.
    """

    def __init__(self, notes: Path) -> None:
        self._notes = notes
        (notes / "processes" / str(os.getpid())).touch()

    def __call__(self, unit: Unit, journal: Journal, show: Show, safe_point: Callable[[], None]) -> None:
        """See `Work`."""
        with open(self._notes / "begun", "a") as begun:
            begun.write(f"{unit.name}\n")
        held = journal.load_arrays("state", np.zeros(NUMBERS))
        state = np.full(NUMBERS, float(unit.config["seed"])) if held is None else np.asarray(held)
        for step in range(int(journal.get("step") or 0), STEPS):
            # of the state that is kept, which may be a step ahead of the number: the first entry says which step it is of
            if int(state[0]) <= step or held is None:
                state = np.random.default_rng([step, int(state[-1] * 1000)]).random(NUMBERS)
                state[0], held = step + 1, state
                journal.save_arrays("state", state)
            journal.add_history(step, "relax", [{"loss": float(state[-1])}])
            journal.put("step", str(step + 1))
            show("relax", step / STEPS, f"step {step}")
            time.sleep(SECONDS)
            safe_point()
        for i in range(DESIGNS):
            if f"d{i:02d}" not in journal.design_names():
                parts = pd.DataFrame({"layer": ["a", "b"], "component": ["adc", "dac"], "energy_pj": [float(i), 1.0]})
                journal.add_design(f"d{i:02d}", {"design": f"d{i:02d}", "error": float(state[-1]) + i, "feasible": True}, parts, {})
                safe_point()


def engine_of(name: str) -> Engine:
    if name == "ray":
        from search.study.engines.ray import Ray

        return Ray(2)
    return Local(2) if name == "local" else Inline()


def main(folder: Path, notes: Path, count: int, engine: str) -> None:
    with Store(folder) as store:

        def late() -> NoReturn:
            store.abandon()
            os._exit(131)

        store.add_units(units(count))
        try:
            with StopRequest(late=late, quietly=True) as stop:
                run = partial(driver.run, units(count), store, engine_of(engine), partial(SteppedWork, notes))
                outcome = run(PlainScreen(io.StringIO()), stop.check)
        except StoppedError:
            raise SystemExit(130) from None
    raise SystemExit(1 if outcome.failed else 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
