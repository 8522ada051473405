"""A unit that takes no time: its designs follow from its config, and it can be stopped, killed and continued like a real one."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pandas as pd

from search.study.journal import Journal
from search.study.unit import Unit, UnitFailedError
from search.study.work import Show

STEPS = 5


def units(count: int, **config: object) -> list[Unit]:
    return [Unit(f"{i:012x}", {"seed": i}, {"seed": i, **config}) for i in range(count)]


class ToyWork:
    """Random numbers in steps, each of which follows from the last; what a kill takes away has to be made again."""

    def __call__(self, unit: Unit, journal: Journal, show: Show, safe_point: Callable[[], None]) -> None:
        config = unit.config
        if config.get("bad") == config["seed"]:
            raise UnitFailedError("nothing is finite")
        if config.get("broken") == config["seed"]:
            raise ZeroDivisionError("a fault of ours")
        state = journal.load_arrays("state", jnp.zeros(2))
        state = np.array([0.0, config["seed"]]) if state is None else np.asarray(state)
        for step in range(int(state[0]), STEPS):
            state = np.array([step + 1, np.random.default_rng([step, int(state[1] * 1000)]).random()])
            # before the state that follows from it, as in real searches: what a kill takes away is done again
            journal.add_history(step, "relax", [{"loss": float(state[1])}])
            journal.save_arrays("state", jnp.asarray(state))
            show("relax", step / STEPS, f"step {step}")
            self._die(unit, step)
            time.sleep(float(config.get("seconds", 0)))
            safe_point()
        for i in range(3):
            if f"d{i:02d}" not in journal.design_names():
                row = {"design": f"d{i:02d}", "error": float(state[1]) + i, "energy_pj": i, "feasible": True}
                journal.add_design(f"d{i:02d}", row, pd.DataFrame({"layer": ["a"], "component": ["adc"], "energy_pj": [float(i)]}), {})
        show("measure", 1.0, "")

    def _die(self, unit: Unit, step: int) -> None:
        """Once, in the middle, if the config asks for it: as a process that has run out of memory."""
        mark = Path(str(unit.config.get("die", "/nowhere"))) / unit.name
        if step == 2 and mark.parent.exists() and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)


class DyingWork:
    """Ends its process every time."""

    def __call__(self, unit: Unit, journal: Journal, show: Show, safe_point: Callable[[], None]) -> None:
        os._exit(9)
