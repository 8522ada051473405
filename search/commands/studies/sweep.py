"""`codesign sweep`: all studies of one config, on any engine; the same command continues what was stopped."""

import os
from collections.abc import Sequence
from pathlib import Path

from search.commands.outcome import fail
from search.commands.studies.engines import EngineChoice, engine_of
from search.launch.precision import refuse_double_precision
from search.launch.resolved import write_config
from search.problem import sweep as sweeps
from search.problem.config import written
from search.study.screens.screen import Progress
from search.study.store.store import Store
from search.study.unit import Unit


def sweep(config: Path, output: Path | None, overrides: Sequence[str], choice: EngineChoice, progress: Progress = "auto") -> None:
    """Run what is missing of a sweep, then publish it; see `codesign sweep --help`.

    Raises:
        UserError: a mistake in the config, or a folder that holds something else.
        SystemExit: 1 where a unit failed, 130 where it was stopped.
    """
    choice.check()
    refuse_double_precision()
    cells = sweeps.read(config, overrides)
    units = [Unit(cell.hash, cell.label, written(cell.file.config)) for cell in cells]
    first = cells[0].file.config
    # before there is a folder: an engine may be missing
    engine = engine_of(choice)
    # before anything that imports JAX
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # no start-up chatter from XLA between the progress lines
    with Store(output or Path(first.output or f"results/{first.name}-sweep")) as store:
        from search.commands.studies.units import run_units
        from search.results import sweep as published

        outcome = run_units("sweep", units, store, engine, "the same command continues", progress)
        # that of the first cell: what it can be run again from is in the store, unit by unit
        write_config(store.folder, first)
        report = published.publish(store)
        print(f"{outcome.done} of {len(units)} units are done")
        print(f"report: {report}")
        if outcome.failed:
            titles = {unit.name: unit.title for unit in units}
            lines = [f"{titles[name]}: {reason.partition(chr(10))[0]}" for name, reason in outcome.failed.items()]
            fail("\n".join(lines), 2 if len(outcome.mistakes) == len(units) else 1)
