"""`codesign run`: a study from its config to its report."""

import os
from pathlib import Path

from search.commands.outcome import fail
from search.problem import config as configs
from search.study.store import Store


def run(config: Path, output: Path | None, resume: bool) -> None:
    """Run or continue a study, then publish it; see `codesign run --help`.

    Raises:
        UserError: a mistake in the config, or a folder that is not free for it.
        SystemExit: 1 for a study that failed or found nothing feasible, 130 for one that was stopped.
    """
    file = configs.read(config)
    folder = output or Path(file.config.output or f"results/{file.config.name}")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # no start-up chatter from XLA between the progress lines
    with Store(folder) as store:
        # before anything that imports JAX: a folder that is taken is told at once
        store.refuse_unless_free(file.config.hash(), resume=resume)
        from search.problem import build
        from search.results import publish
        from search.study import study
        from search.study.interrupt import StopRequest
        from search.study.progress import reporter

        try:
            with StopRequest() as stop:
                study.run(build.build(file), file, store, reporter(), stop.check)
                report = publish.publish(store, file.config)
        except study.FailedStudyError as failed:
            fail(f"{failed}; see the table of failed members in {folder / 'study.db'}", 1)
        except study.InterruptedStudyError as stopped:
            where = "" if output is None else f" --output {output}"
            fail(f"{stopped}; continue with: codesign run {config}{where} --resume", 130)
    print(publish.summary(folder))
    print(f"report: {report}")
    # last: a study without a feasible design has its report and its nearest design all the same
    if (why := publish.infeasible(folder)) is not None:
        fail(why, 1)
