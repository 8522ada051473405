"""Units on a Ray cluster: this machine's own, or the one that `RAY_ADDRESS` names; workers and machines that die cost no more than steps.

Workers are actors that share no files with the driver: what a unit finds comes back as a stream of messages, so that the driver alone
writes. Actors end with their driver, however it ends, and so does a cluster that was started for it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, final

from search.study.engines.actor import Actor
from search.study.engines.cluster import Demands, cluster, environment, imported
from search.study.engines.engine import Desk, Job
from search.study.engines.local import GRACE_SECONDS, POLL_SECONDS
from search.study.unit import Unit
from search.study.work import Work

_MESSAGES: Final = 2  # that a worker may be ahead of the driver; until it is heard, words gather in the next one


@dataclass
class _Worker:
    actor: Any
    unit: Unit | None = None  # that it does
    stream: Any = None  # of what it says


@final
class Ray:
    """See the module.

    Args:
        workers: units at a time.
        cpus_per_unit: processors of one machine that a unit has to itself.
        gpus_per_unit: likewise; a share where several units fit one.
        memory_gb: likewise [GB]; None where memory does not matter. Ray places units by it, and does not hold them to it.
    """

    def __init__(self, workers: int, cpus_per_unit: int = 1, gpus_per_unit: float = 0.0, memory_gb: float | None = None) -> None:
        self._most, self._demands = workers, Demands(cpus_per_unit, gpus_per_unit, memory_gb)

    def run(self, make: Callable[[], Work], desk: Desk) -> None:
        """See `Engine.run`.

        Raises:
            UserError: Ray is not installed, no cluster answers, or this machine can hold no unit.
        """
        desk.safe_point()
        ray = imported()
        workers: list[_Worker] = []
        with cluster(ray, self._most, self._demands):
            try:
                while True:
                    desk.safe_point()
                    self._fill(ray, workers, make, desk)
                    if not workers:
                        return
                    _listen(ray, workers, desk)
            except KeyboardInterrupt:
                _stop(ray, workers, desk)
                raise
            finally:
                for worker in workers:
                    ray.kill(worker.actor)

    def _fill(self, ray: Any, workers: list[_Worker], make: Callable[[], Work], desk: Desk) -> None:
        """Every actor has a unit, as long as there are any; an actor without one ends, and others may have its place."""
        for worker in [w for w in workers if w.unit is None]:
            if (job := desk.take()) is None:
                workers.remove(worker)
                ray.kill(worker.actor)
            else:
                _give(worker, job)
        while len(workers) < self._most and (job := desk.take()) is not None:
            workers.append(_Worker(_started(ray, make, self._demands)))
            _give(workers[-1], job)


def _give(worker: _Worker, job: Job) -> None:
    # what the store holds is read here: a worker elsewhere cannot
    carried = job._replace(held=job.held._replace(arrays=dict(job.held.arrays)))
    worker.unit = job.unit
    worker.stream = worker.actor.do.options(num_returns="streaming", _generator_backpressure_num_objects=_MESSAGES).remote(carried)


def _listen(ray: Any, workers: list[_Worker], desk: Desk) -> None:
    """Pass on what has been said; the unit of a worker that has died is lost."""
    for worker in _talking(ray, workers, POLL_SECONDS):
        why = _heard(ray, worker, desk)
        if why is not None and worker.unit is not None:
            workers.remove(worker)
            ray.kill(worker.actor)
            desk.lose(worker.unit, f"lost: {why}")


def _talking(ray: Any, workers: list[_Worker], seconds: float) -> list[_Worker]:
    """Those that have something to say, after that time at most."""
    streams = {worker.stream: worker for worker in workers}
    ready, _ = ray.wait(list(streams), timeout=seconds)
    if ready:
        # the first that is ready, and all others that are: one look at a thousand streams costs as much as a message
        ready, _ = ray.wait(list(streams), num_returns=len(streams), timeout=0)
    return [streams[stream] for stream in ready]


def _heard(ray: Any, worker: _Worker, desk: Desk) -> str | None:
    """Pass one message on; why there was none."""
    try:
        words = ray.get(next(worker.stream))
    except StopIteration:
        return "its worker stopped without a word"
    # the process, its machine, or a message on its way
    except ray.exceptions.RayError as error:
        return _reason(error)
    unit = worker.unit
    for method, arguments in words:
        if method == "end":
            worker.unit = None
        getattr(desk, method)(unit, *arguments)
    return None


def _reason(error: Exception) -> str:
    """What Ray says at the end of many lines, without its guesses."""
    last = str(error).strip().splitlines()[-1].strip() if str(error).strip() else type(error).__name__
    detail = last.partition("Worker exit detail: ")[2] or last
    return f"its worker died: {detail.partition(' Some common causes')[0]}"


def _stop(ray: Any, workers: list[_Worker], desk: Desk) -> None:
    """Ask all to stop, and hear them out for a moment."""
    for worker in workers:
        worker.actor.stop.remote()
    left, end = [w for w in workers if w.unit is not None], time.monotonic() + GRACE_SECONDS
    while left and (seconds := end - time.monotonic()) > 0:
        for worker in _talking(ray, left, seconds):
            if _heard(ray, worker, desk) is not None or worker.unit is None:
                left.remove(worker)


def _started(ray: Any, make: Callable[[], Work], demands: Demands) -> Any:
    """A new actor; two calls at a time: a unit, and the word to stop."""
    actor = ray.remote(Actor).options(**demands.options(), max_concurrency=2, runtime_env={"env_vars": environment(demands)})
    return actor.remote(ray.cloudpickle.dumps(make))
