"""Units on a Ray cluster: this machine's own, or the one that `RAY_ADDRESS` names; workers and machines that die cost no more than steps.

Workers are actors that share no files with the driver: what a unit finds comes back as a stream of messages, so that the driver alone
writes. Actors end with their driver, however it ends, and so does a cluster that was started for it.
"""

import importlib
import os
import pickle
import queue
import signal
import sys
import sysconfig
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

from search.errors import UserError
from search.study import compile_cache
from search.study.engines.engine import Desk, Job
from search.study.engines.local import GRACE_SECONDS, POLL_SECONDS
from search.study.unit import Unit
from search.study.work import Work, attempt

# what a unit says may be so many words and messages ahead of the driver; then it waits, as its checkpoints fill memory
_AHEAD: Final = 16
_MESSAGES: Final = 2
_OBJECTS: Final = 256 * 2**20  # bytes of a local cluster's object store, of which messages alone need some
_VARIABLES: Final = ("JAX_", "XLA_", "CODESIGN_")  # that change what a unit does
_OWN: Final = compile_cache.VARIABLE  # programs are compiled for one kind of processor, so each machine keeps its own

_Word = tuple[str, tuple[Any, ...]]  # a method of the desk, and its arguments but the unit


@dataclass(frozen=True)
class _Demands:
    """What a unit needs of the machine that it runs on."""

    cpus: int
    gpus: float
    memory_gb: float | None

    def options(self) -> dict[str, Any]:
        """As Ray spells them."""
        memory = {} if self.memory_gb is None else {"memory": int(self.memory_gb * 1e9)}
        return {"num_cpus": self.cpus, "num_gpus": self.gpus, **memory}

    def refuse_unless_held_by(self, machine: dict[str, float]) -> None:
        """See that a machine can hold a unit.

        Raises:
            UserError: it never can.
        """
        held_gb, held_gpus = machine.get("memory", 0.0) / 1e9, machine.get("GPU", 0.0)
        remedy = "ask for less, or name a cluster in RAY_ADDRESS"
        if self.gpus > held_gpus:
            raise UserError(f"--gpus-per-unit: a unit asks for {self.gpus:g}, this machine has {held_gpus:g}; {remedy}")
        if (self.memory_gb or 0.0) > held_gb:
            raise UserError(f"--memory-per-unit-gb: a unit asks for {self.memory_gb:g} GB, this machine has {held_gb:.1f} free; {remedy}")


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
        self._most, self._demands = workers, _Demands(cpus_per_unit, gpus_per_unit, memory_gb)

    def run(self, make: Callable[[], Work], desk: Desk) -> None:
        """See `Engine.run`.

        Raises:
            UserError: Ray is not installed, no cluster answers, or this machine can hold no unit.
        """
        desk.safe_point()
        ray = _imported()
        workers: list[_Worker] = []
        with _cluster(ray, self._most, self._demands):
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


def _imported() -> Any:
    """Ray.

    Raises:
        UserError: it is not installed.
    """
    # read when it is imported: people are not asked, nobody is told, and workers that die are told of by us, in a line
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", "A worker died or was killed")
    try:
        return importlib.import_module("ray")
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise UserError("--engine ray: Ray is not installed (pip install 'codesign[ray]')") from None


@contextmanager
def _cluster(ray: Any, workers: int, demands: _Demands) -> Iterator[None]:
    """A cluster that this process is joined to; one that it was joined to before stays."""
    if ray.is_initialized():
        yield
        return
    address = os.environ.get("RAY_ADDRESS")
    if address and address.startswith("ray://"):
        raise UserError(f"RAY_ADDRESS={address}: Ray Client cannot stream; start this on a machine of the cluster, with RAY_ADDRESS=auto")
    _join(ray, address, workers * demands.cpus)
    try:
        if not address:
            demands.refuse_unless_held_by(ray.cluster_resources())
        yield
    finally:
        ray.shutdown()


def _join(ray: Any, address: str | None, cpus: int) -> None:
    """Join a cluster, or start one of so many processors, whatever the machine has: who asks for more workers than cores gets them.

    Raises:
        UserError: no cluster answers there.
        KeyboardInterrupt: asked to stop meanwhile.
    """
    where = {"address": address} if address else {"address": "local", "num_cpus": cpus, "object_store_memory": _OBJECTS}
    with _signals_kept(), warnings.catch_warnings():
        # JAX warns of any fork; Ray's become other programs at once
        warnings.filterwarnings("ignore", "os.fork")
        try:
            ray.init(**where, include_dashboard=None if address else False, log_to_driver=False, logging_level="ERROR")
        # SIGTERM, which Ray listens to from here on
        except SystemExit:
            raise KeyboardInterrupt from None
        except (ConnectionError, ValueError, RuntimeError) as error:
            if not address:
                raise
            why = f"{str(error).splitlines()[0]} (one that wants a token answers where RAY_AUTH_MODE=token is set)"
            raise UserError(f"RAY_ADDRESS={address}: no Ray cluster answers: {why}") from None


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray ends the process on SIGTERM, which is ours to stop politely."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        # handlers belong to the main thread; Ray sets none in others
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


def _started(ray: Any, make: Callable[[], Work], demands: _Demands) -> Any:
    """A new actor; two calls at a time: a unit, and the word to stop."""
    actor = ray.remote(_Actor).options(**demands.options(), max_concurrency=2, runtime_env={"env_vars": _environment(demands)})
    return actor.remote(ray.cloudpickle.dumps(make))


def _environment(demands: _Demands) -> dict[str, str]:
    """What the driver's environment says of units, its own modules, and threads: as many as processors, whatever the machine has."""
    given = {name: value for name, value in os.environ.items() if name.startswith(_VARIABLES) and name != _OWN}
    flags = os.environ.get("XLA_FLAGS", "")
    if demands.cpus == 1:
        flags += " --xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    if 0 < demands.gpus < 1:
        # JAX takes 75 % of a GPU's memory when it starts (its documentation, "GPU memory allocation"): who shares one, a share of that
        given.setdefault("XLA_PYTHON_CLIENT_MEM_FRACTION", f"{0.75 * demands.gpus:.3f}")
    # NPROC is XLA's name for the size of its pool of threads (xla/pjrt/utils.cc, DefaultThreadPoolSize)
    return given | {"XLA_FLAGS": flags.strip(), "NPROC": str(demands.cpus), "PYTHONPATH": os.pathsep.join(_own_paths())}


def _own_paths() -> list[str]:
    """Where the driver finds modules beside those of its Python: a checkout, chips and objectives beside a config."""
    installed = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    paths = [Path(path).absolute() for path in sys.path]
    return [str(path) for path in paths if path.is_dir() and not any(path.is_relative_to(own) for own in installed)]


class _Actor:
    """A worker: units one after another, each in a thread, whose callbacks become a stream.

    Args:
        make: what makes the work, pickled: its modules import JAX, which looks where to keep programs then.
    """

    def __init__(self, make: bytes) -> None:
        compile_cache.enable()
        self._make: Callable[[], Work] = pickle.loads(make)
        self._work: Work | None = None
        self._stopping = threading.Event()

    def do(self, job: Job) -> Iterator[list[_Word]]:
        """What a unit says: methods of the desk and their arguments; `end` last, unless it is stopped."""
        words = queue.Queue[_Word | BaseException | None](_AHEAD)
        threading.Thread(target=self._serve, args=(job, words.put), daemon=True).start()
        while True:
            said = [words.get()]
            # all that has been said while the driver was busy with others, as one message
            while not words.empty():
                said.append(words.get())
            if found := [word for word in said if isinstance(word, tuple)]:
                yield found
            if isinstance(said[-1], BaseException):
                raise said[-1]
            if said[-1] is None:
                return

    def stop(self) -> None:
        """At the next safe point."""
        self._stopping.set()

    def _serve(self, job: Job, say: Callable[[Any], None]) -> None:
        def show(stage: str, share: float, details: str) -> None:
            say(("show", (stage, share, details)))

        try:
            self._work = self._make() if self._work is None else self._work
            ended = attempt(self._work, job.unit, job.held, lambda write: say(("tell", (write,))), show, self._safe_point, ())
            say(("end", (ended,)))
            say(None)
        except KeyboardInterrupt:
            say(None)
        # passed on, or the driver would wait for ever
        except BaseException as error:
            say(error)

    def _safe_point(self) -> None:
        if self._stopping.is_set():
            raise KeyboardInterrupt
