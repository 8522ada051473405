"""Studies begun from Python."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from search.errors import UserError
from search.launch.document import Source, document
from search.launch.precision import refuse_double_precision
from search.launch.resolved import write_config
from search.launch.screens import Progress, screen
from search.problem import config as configs
from search.problem import sweep as sweeps
from search.problem.config import ConfigFile, written
from search.results.studies.study import Study, load
from search.study import compile_cache
from search.study.same import refuse_unless_same
from search.study.store.store import Store
from search.study.unit import State, Unit


class StudyFailedError(RuntimeError):
    """Units of a study cannot be done; the message says why, everything else is stored."""


def run(config: Source, output: str | Path | None = None, progress: Progress = "auto", **overrides: Any) -> Study:
    """Run a study of one unit, or continue it where it was stopped; one that is done is loaded.

    Ctrl-C (or the notebook's stop button) saves; the same call continues.

    Args:
        config: a file, or a mapping of what one would hold.
        output: folder for the results; default `results/NAME`.
        progress: `auto`: a live figure in a notebook, a live table on a terminal, else lines; `plain`: lines; `quiet`: nothing.
        **overrides: values that replace the config's: `seed=1`, `search={"population": 4}`, `**{"search.population": 4}`.

    Raises:
        UserError: a mistake in the config, or a folder that holds something else.
        StudyFailedError: no design could be measured.
        KeyboardInterrupt: it was stopped; everything done is saved.
    """
    refuse_double_precision()
    path, root = document(config, overrides)
    found = configs.checked_file(path, root)
    unit = Unit(found.config.hash(), {}, written(found.config))
    folder = Path(output or found.config.output or f"results/{found.config.name}")
    return _study("run", [unit], [found], folder, 1, progress)


def sweep(config: Source, output: str | Path | None = None, workers: int = 1, progress: Progress = "auto", **overrides: Any) -> Study:
    """Run all studies that a config's `sweep` section describes, or what is missing of them.

    Args:
        config: a file, or a mapping of what one would hold.
        output: folder for the results; default `results/NAME-sweep`.
        workers: units that run at a time; 1 runs them in this process.
        progress: see `run`.
        **overrides: values that replace the config's.

    Raises:
        UserError: a mistake in the config, or a folder that holds something else.
        StudyFailedError: no unit could be done; where some are, the study says which.
        KeyboardInterrupt: it was stopped; everything done is saved.
    """
    refuse_double_precision()
    cells = sweeps.cells(*document(config, overrides))
    units = [Unit(cell.hash, cell.label, written(cell.file.config)) for cell in cells]
    first = cells[0].file.config
    folder = Path(output or first.output or f"results/{first.name}-sweep")
    return _study("sweep", units, [cell.file for cell in cells], folder, workers, progress)


def _study(kind: str, units: Sequence[Unit], files: Sequence[ConfigFile], folder: Path, workers: int, progress: Progress) -> Study:
    # before anything that imports JAX: no start-up chatter from XLA between the lines of progress
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with Store(folder) as store:
        refuse_unless_same(store, kind, units)
        if _is_done(store, units):
            return load(folder)
        compile_cache.enable()
        from search.launch.units import run_units
        from search.results import publish, sweep
        from search.study.driver import StoppedError
        from search.study.engines.inline import Inline
        from search.study.engines.local import Local
        from search.unit.work import UnitWork

        # that of the first unit: what the others can be run again from is in the store
        write_config(folder, files[0].config)
        known = {unit.name: file for unit, file in zip(units, files, strict=True)}
        alone = workers == 1
        try:
            outcome = run_units(
                kind,
                units,
                store,
                Inline() if alone else Local(workers),
                screen(progress, folder),
                # other processes check configs again, which they are sent
                (lambda: UnitWork(known)) if alone else UnitWork,
            )
        except StoppedError as stopped:
            print(f"stopped at {stopped}; everything done is saved in {folder}; the same call continues", file=sys.stderr)
            raise KeyboardInterrupt from None
        if not outcome.done and outcome.mistakes:
            raise UserError("\n".join(outcome.mistakes.values()))
        if not outcome.done:
            raise StudyFailedError("\n".join(reason.partition("\n")[0] for reason in outcome.failed.values()))
        (publish if kind == "run" else sweep).publish(store)
    return load(folder)


def _is_done(store: Store, units: Sequence[Unit]) -> bool:
    done = {stored.unit.name for stored in store.tables.units() if stored.state == State.DONE}
    return done >= {unit.name for unit in units}
