"""`codesign compare`: searchers side by side, from a plan to a table."""

import os
from pathlib import Path

from search.commands.outcome import fail, wide_console
from search.commands.studies.engines import EngineChoice, engine_of
from search.compare.plan import Plan
from search.launch.precision import refuse_double_precision
from search.launch.resolved import write_config
from search.problem import config as configs
from search.problem.config import ConfigFile, written
from search.study.screens.screen import Progress
from search.study.store.store import Store


def compare(plan: Plan, output: Path | None, choice: EngineChoice, progress: Progress = "auto") -> None:
    """Run what is missing of a comparison, then publish it; see `codesign compare --help`.

    Raises:
        UserError: a mistake in the plan or its config.
        SystemExit: 1 where a unit failed, 130 where it was stopped.
    """
    # first, as it needs neither the config nor JAX
    plan.check()
    choice.check()
    refuse_double_precision()
    file = configs.read(plan.config)
    # before there is a folder: an engine may be missing
    engine = engine_of(choice)
    # before anything that imports JAX
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # no start-up chatter from XLA between the progress lines
    with Store(output or Path(f"results/{file.config.name}-compare")) as store:
        from search.commands.studies.units import run_units
        from search.compare import report
        from search.compare.records import records
        from search.results.view import View

        units = plan.units(file.config, _budget(plan, file, store))
        outcome = run_units("compare", units, store, engine, "the same command continues", progress)
        write_config(store.folder, file.config)
        # what has finished is published, whatever failed
        if outcome.done:
            results, first = records(store.tables, View.of(written(file.config))), plan.searchers[0]
            found = report.publish(store.folder, file.config, results, first)
            wide_console().print(report.terminal(found, first, file.config.name))
            print(f"report: {store.folder / 'report.html'}")
        if outcome.failed:
            titles = {unit.name: unit.title for unit in units}
            fail("\n".join(f"{titles[name]} failed: {reason}" for name, reason in outcome.failed.items()), 1)


def _budget(plan: Plan, file: ConfigFile, store: Store) -> float:
    """What each search may spend; asked of the problem once and kept, as it takes a moment."""
    if plan.budget:
        return plan.budget
    key = f"budget of {file.config.hash()}"
    held = store.tables.get(key)
    if held is None:
        from search.blackbox.joint import cost
        from search.blackbox.workbench import Workbench
        from search.problem import build

        held = str(cost(Workbench(build.build(file), build.settings(file.config)), build.settings(file.config)))
        store.put(key, held)
    return float(held)
