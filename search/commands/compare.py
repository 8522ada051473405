"""`codesign compare`: searchers side by side, from a plan to a table."""

import os
from pathlib import Path

from search.commands.outcome import fail, wide_console
from search.compare.plan import Plan
from search.problem import config as configs


def compare(plan: Plan, output: Path | None) -> None:
    """Run what is missing of a comparison, then publish it; see `codesign compare --help`.

    Raises:
        UserError: a mistake in the plan or its config.
        SystemExit: 1 where a unit failed, 130 where it was stopped.
    """
    # first, as it needs neither the config nor JAX
    plan.check()
    file = configs.read(plan.config)
    # before anything that imports JAX
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # no start-up chatter from XLA between the progress lines
    from search.compare import report
    from search.compare import run as comparing
    from search.study.interrupt import StopRequest
    from search.study.progress import reporter

    folder = comparing.Folder(output or Path(f"results/{file.config.name}-compare"))
    shown = reporter()
    try:
        with StopRequest() as stop:
            failed = comparing.run(plan, file, folder, shown, stop.check)
    except KeyboardInterrupt:
        fail(f"stopped; finished units are kept in {folder.path}, the same command continues", 130)
    finally:
        # before anything is printed: a live line would be drawn into it
        shown.close()
    # what has finished is published, whatever failed
    results = folder.results()
    if results:
        first = plan.searchers[0]
        found = report.publish(folder.path, file.config, results, first)
        wide_console().print(report.terminal(found, first, file.config.name))
        print(f"report: {folder.path / 'report.md'}")
    if failed:
        fail("\n".join(f"{name} failed: {reason}" for name, reason in failed.items()), 1)
