"""Units side by side in processes of this machine, one thread each; a process that dies is replaced, and its unit tried again."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Final, NamedTuple, final

from search.study.engines.engine import Desk, Job
from search.study.interrupt import StopRequest
from search.study.unit import Unit
from search.study.work import Work, attempt

POLL_SECONDS: Final = 0.25  # how late a stop may be heard
GRACE_SECONDS: Final = 2.0  # for units to reach a safe point and tell what they have


class _Worker(NamedTuple):
    process: SpawnProcess
    line: Connection
    busy: list[Unit]  # the unit that it does, or nothing


@final
class Local:
    """See the module.

    Args:
        workers: processes.
    """

    def __init__(self, workers: int) -> None:
        self._most = workers

    def run(self, make: Callable[[], Work], desk: Desk) -> None:
        """See `Engine.run`."""
        workers: list[_Worker] = []
        try:
            while True:
                desk.safe_point()
                self._fill(workers, make, desk)
                if not workers:
                    return
                self._listen(workers, desk)
        except KeyboardInterrupt:
            _stop(workers, desk)
            raise
        finally:
            for worker in workers:
                worker.process.kill()
                worker.process.join()

    def _fill(self, workers: list[_Worker], make: Callable[[], Work], desk: Desk) -> None:
        """Every process has a unit, as long as there are any; a process without one ends."""
        for worker in [w for w in workers if not w.busy]:
            if not _give(worker, desk.take()):
                workers.remove(worker)
                worker.process.join()
        while len(workers) < self._most and (job := desk.take()) is not None:
            worker = _started(make)
            _give(worker, job)
            workers.append(worker)

    def _listen(self, workers: list[_Worker], desk: Desk) -> None:
        """Pass on what has been said; a line that has ended is a process that has died."""
        lines = {worker.line: worker for worker in workers}
        for line in wait(list(lines), POLL_SECONDS):
            worker = lines[line]  # type: ignore[index]
            if not _heard(worker, desk):
                workers.remove(worker)
                worker.process.join()
                for unit in worker.busy:
                    desk.lose(unit, f"lost: its worker ended with exit code {worker.process.exitcode}")


def _give(worker: _Worker, job: Job | None) -> bool:
    """Hand over a job, or the word that there is none; whether there was one."""
    if job is not None:
        worker.busy.append(job.unit)
    # a worker that has died meanwhile is noticed when it is listened to
    with suppress(OSError):
        worker.line.send(job)
    return job is not None


def _heard(worker: _Worker, desk: Desk) -> bool:
    """Pass one message on; whether there was one."""
    try:
        method, arguments = worker.line.recv()
    # what a process was saying when it was killed ends in the middle
    except (EOFError, OSError):
        return False
    unit = worker.busy[0]
    if method == "end":
        worker.busy.clear()
    getattr(desk, method)(unit, *arguments)
    return True


def _stop(workers: list[_Worker], desk: Desk) -> None:
    """Ask all to stop, and hear them out for a moment."""
    for worker in workers:
        worker.process.terminate()
    left, end = list(workers), time.monotonic() + GRACE_SECONDS
    while left and (seconds := end - time.monotonic()) > 0:
        for line in wait([worker.line for worker in left], seconds):
            worker = next(w for w in left if w.line is line)
            if not _heard(worker, desk):
                left.remove(worker)


def _started(make: Callable[[], Work]) -> _Worker:
    # not forked: JAX has threads by now, whose locks a fork would copy as they happen to be
    context = multiprocessing.get_context("spawn")
    # a line for each: a queue for all is locked by who writes, and stays locked when he is killed
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(make, theirs, os.getpid()), daemon=True)
    with _one_thread_each():
        process.start()
    # the process alone holds its end now, so that ours ends with it
    theirs.close()
    return _Worker(process, ours, [])


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes side by side lose less than threads in one; read by JAX when a process imports it."""
    before = os.environ.get("XLA_FLAGS")
    os.environ["XLA_FLAGS"] = f"{before or ''} --xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1".strip()
    try:
        yield
    finally:
        os.environ.pop("XLA_FLAGS")
        os.environ |= {} if before is None else {"XLA_FLAGS": before}


def _serve(make: Callable[[], Work], line: Connection, parent: int) -> None:
    """A worker process: jobs until there are none."""
    # Ctrl-C reaches all processes of the terminal; the driver decides when these end
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    with StopRequest(quietly=True, listen=(signal.SIGTERM,)) as stop:
        try:
            work: Work | None = None
            while (job := line.recv()) is not None:
                work = make() if work is None else work
                _do(work, job, line, stop.check)
        # stopped, or the driver is gone
        except (KeyboardInterrupt, EOFError, OSError):
            return


def _do(work: Work, job: Job, line: Connection, safe_point: Callable[[], None]) -> None:
    def say(method: str, *arguments: Any) -> None:
        line.send((method, arguments))

    def show(stage: str, share: float, details: str) -> None:
        say("show", stage, share, details)

    say("end", attempt(work, job.unit, job.held, lambda write: say("tell", write), show, safe_point, (BrokenPipeError,)))


def _end_with(parent: int) -> None:
    """End when the driver has: a killed one cannot say so."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)
