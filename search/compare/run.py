"""Searchers against each other on one problem: units of (searcher, seed, budget), resumable, in one process or several."""

import fcntl
import json
import multiprocessing
import os
import queue
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from search.compare.plan import Plan, Unit
from search.errors import UserError
from search.problem.config import ConfigFile
from search.study.progress import Reporter
from search.study.store import provenance, write_text

# how late a stop may be heard, or the end of the last worker noticed
POLL_SECONDS = 0.5


class Folder:
    """A comparison's result folder, locked against a second writer."""

    def __init__(self, path: Path) -> None:
        self.path, self.units = path, path / "units"
        try:
            self.units.mkdir(parents=True, exist_ok=True)
            self._lock = open(path / ".lock", "a+")  # noqa: SIM115 - held until the process ends
        except OSError as error:
            raise UserError(f"cannot write results to {path}: {error.strerror} (choose another place with --output)") from None
        try:
            # a lock of the system: it ends with the process, however that ends
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(f"{path} is in use by another run (wait for it, or choose another place with --output)") from None

    def refuse_unless_same(self, identity: dict[str, Any]) -> None:
        """See that the folder is new or holds this comparison; searchers, seeds and budgets may be added.

        Raises:
            UserError: it holds another.
        """
        held = self.path / "identity.json"
        if held.exists():
            before = json.loads(held.read_text())
            differing = [name for name, value in identity.items() if before.get(name) != value]
            if differing:
                raise UserError(f"{self.path} holds another comparison ({', '.join(differing)} differ); choose another place with --output")
        elif any(p.name not in (".lock", "units") for p in self.path.iterdir()):
            raise UserError(f"{self.path} is not empty and holds no comparison (choose another place with --output)")
        write_text(held, json.dumps(identity, indent=2) + "\n")

    def is_done(self, unit: Unit) -> bool:
        """Whether a unit's result is there."""
        return (self.units / f"{unit.name}.json").exists()

    def results(self) -> list[dict[str, Any]]:
        """All finished units."""
        return [json.loads(path.read_text()) for path in sorted(self.units.glob("*.json"))]

    def failures(self, units: Sequence[Unit]) -> dict[str, str]:
        """Units of these that failed in the last attempt, and why."""
        reasons = {unit.name: self.units / f"{unit.name}.failed" for unit in units if not self.is_done(unit)}
        return {name: path.read_text() for name, path in reasons.items() if path.exists()}


def run(plan: Plan, file: ConfigFile, folder: Folder, reporter: Reporter, safe_point: Callable[[], None]) -> dict[str, str]:
    """Run what is not done yet.

    Args:
        plan: what is compared.
        file: its config, read.
        folder: where results go.
        reporter: shown progress.
        safe_point: raises KeyboardInterrupt to stop; finished units are kept.

    Returns:
        Units that failed, and why.
    """
    folder.refuse_unless_same({"config_hash": file.config.hash(), "budget": plan.budget, "steps": plan.steps, "rate": plan.learning_rate})
    write_text(folder.path / "provenance.json", json.dumps(provenance(file.config.hash(), file.config.seed), indent=2) + "\n")
    units = [unit for unit in plan.units() if not folder.is_done(unit)]
    done = len(plan.units()) - len(units)
    for unit in units:
        # what failed is tried again, and its old reason no longer holds
        (folder.units / f"{unit.name}.failed").unlink(missing_ok=True)
    if plan.workers == 1 or len(units) < 2:
        _in_this_process(plan, units, folder, reporter, safe_point, done)
    else:
        _in_processes(plan, units, folder, reporter, safe_point, done)
    return folder.failures(plan.units())


def _in_this_process(plan: Plan, units: list[Unit], folder: Folder, reporter: Reporter, safe_point: Callable[[], None], done: int) -> None:
    total = done + len(units)
    safe_point()
    # data are loaded only where something is left to run: else the command just publishes
    work = Worker(plan, folder.units) if units else None
    for count, unit in enumerate(units, done):

        def report(share: float, what: str, count: int = count, unit: Unit = unit) -> None:
            safe_point()
            # searches may end a little above their budget
            reporter.update("compare", (count + min(share, 1.0)) / total, f"unit {count + 1}/{total}  {unit.name}  {what}")

        assert work is not None
        work.do(unit, report)
        safe_point()
    reporter.update("compare", 1.0, f"{total} units")


def _in_processes(plan: Plan, units: list[Unit], folder: Folder, reporter: Reporter, safe_point: Callable[[], None], done: int) -> None:
    own_flags = os.environ.get("XLA_FLAGS")
    # one thread each: processes side by side lose less than threads in one
    os.environ["XLA_FLAGS"] = f"{own_flags or ''} --xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1".strip()
    # not forked: JAX has threads by now, whose locks a fork would copy as they happen to be
    context = multiprocessing.get_context("spawn")
    waiting, news = context.Queue(), context.Queue()
    for unit in units:
        waiting.put(unit)
    processes = [
        context.Process(target=_serve, args=(plan, folder.units, waiting, news), daemon=True) for _ in range(min(plan.workers, len(units)))
    ]
    for process in processes:
        process.start()
    # they have read them; this process may still compare with others
    os.environ.pop("XLA_FLAGS")
    os.environ |= {} if own_flags is None else {"XLA_FLAGS": own_flags}
    total, progress = done + len(units), dict[str, float]()
    try:
        while any(process.is_alive() for process in processes):
            safe_point()
            try:
                name, share, what = news.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            progress[name] = min(share, 1.0)
            reporter.update("compare", min((done + sum(progress.values())) / total, 1.0), f"{total} units  {name}  {what}")
    finally:
        for process in processes:
            process.terminate()
            process.join()
    # SIGTERM comes from the lines above
    lost = [process.exitcode for process in processes if process.exitcode not in (0, -signal.SIGTERM)]
    # a worker that was killed (out of memory, say) leaves no word of the unit that it had taken
    missing = [unit for unit in units if not folder.is_done(unit) and unit.name not in folder.failures(units)]
    for unit in missing:
        write_text(folder.units / f"{unit.name}.failed", f"lost: a worker ended with exit code {lost[0] if lost else 'unknown'}")


def _serve(plan: Plan, units: Path, waiting: Any, news: Any) -> None:
    """A worker process: units from the queue until it is empty. The parent stops it."""
    # Ctrl-C reaches all processes of the terminal; the parent decides when these end
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    work = Worker(plan, units)
    while True:
        try:
            # with a wait: what the parent has put in may still be on its way through the pipe
            unit = waiting.get(timeout=1.0)
        except queue.Empty:
            return
        work.do(unit, lambda share, what, unit=unit: news.put((unit.name, share, what)))  # type: ignore[misc]
        news.put((unit.name, 1.0, "done"))


class Worker:
    """Runs units one after another with everything compiled kept."""

    def __init__(self, plan: Plan, units: Path) -> None:
        from search.blackbox.joint import cost
        from search.blackbox.workbench import Training, Workbench
        from search.problem import build, config

        file = config.read(plan.config)
        self._units, self._config = units, file.config
        training = Training(plan.steps, file.config.search.batch_size, plan.learning_rate)
        self._bench = Workbench(build.build(file), build.settings(file.config), training)
        self._budget = plan.budget or cost(self._bench, self._bench.settings)

    def do(self, unit: Unit, report: Callable[[float, str], None]) -> None:
        """Run a unit and write its result in one step; a failure is written with its reason."""
        from search.compare.unit import references, run_unit

        search = self._config.search
        try:
            record = run_unit(self._bench, unit, self._budget, search.designs, search.chips, report)
        # what a search can meet, XLA's lack of memory included; anything else is a fault of ours and ends the run
        except (ArithmeticError, ValueError, RuntimeError) as error:
            write_text(self._units / f"{unit.name}.failed", f"{type(error).__name__}: {error}")
            return
        # in every record, so that tables are made without building the problem
        record["references"] = references(self._bench)
        write_text(self._units / f"{unit.name}.json", json.dumps(record) + "\n")
