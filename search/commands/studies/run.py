"""`codesign run`: a study of one unit, from its config to its report."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from search.commands.outcome import fail
from search.errors import UserError
from search.launch.precision import refuse_double_precision
from search.launch.resolved import write_config
from search.problem import config as configs
from search.study.screens.screen import Progress
from search.study.store.store import Store
from search.study.unit import State, Unit


def run(config: Path, output: Path | None, resume: bool, overrides: Sequence[str] = (), progress: Progress = "auto") -> None:
    """Run or continue a study, then publish it; see `codesign run --help`.

    Raises:
        UserError: a mistake in the config, or a folder that is not free for it.
        SystemExit: 1 for a study that failed or found nothing feasible, 130 for one that was stopped.
    """
    refuse_double_precision()
    file = configs.read(config, overrides)
    folder = output or Path(file.config.output or f"results/{file.config.name}")
    given = [*(("--output", str(output)) if output else ()), *(part for text in overrides for part in ("--set", text)), "--resume"]
    again = f"continue with: codesign run {shlex.join([str(config), *given])}"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # no start-up chatter from XLA between the progress lines
    unit = Unit(file.config.hash(), {}, configs.written(file.config))
    with Store(folder) as store:
        # before anything that imports JAX: a folder that is taken is told at once
        refuse_unless_free(store, unit, resume)
        from search.commands.studies.units import run_units
        from search.results import publish
        from search.study.engines.inline import Inline
        from search.unit.work import UnitWork

        write_config(folder, file.config)
        outcome = run_units("run", [unit], store, Inline(), again, progress, lambda: UnitWork({unit.name: file}))
        for reason in outcome.mistakes.values():
            fail(reason, 2)
        for reason in outcome.failed.values():
            fail(f"{reason.partition(chr(10))[0]}; the whole reason is in the tables `units` and `failed` of {folder / 'study.db'}", 1)
        report = publish.publish(store)
    print(publish.summary(folder))
    print(f"report: {report}")
    # last: a study without a feasible design has its report and its nearest design all the same
    if (why := publish.infeasible(folder)) is not None:
        fail(why, 1)


def refuse_unless_free(store: Store, unit: Unit, resume: bool) -> None:
    """See that a folder is free for a study of one unit, or holds it and may be continued.

    Raises:
        UserError: it holds another study, or this one and `resume` was not asked for.
    """
    held = store.tables.units()
    if not held:
        return
    if [stored.unit.name for stored in held] != [unit.name]:
        raise UserError(
            f"{store.folder} holds another study (another config, or written by an earlier version); choose another place with --output"
        )
    if not resume:
        state = "a finished" if held[0].state == State.DONE else "an unfinished"
        raise UserError(f"{store.folder} holds {state} study of this config; continue with --resume, or choose another place with --output")
