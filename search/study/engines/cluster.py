"""The Ray cluster of a driver: the one that `RAY_ADDRESS` names, or one of this machine; and what units find on its machines."""

import importlib
import os
import signal
import sys
import sysconfig
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from search.errors import UserError
from search.study import compile_cache

_OBJECTS: Final = 256 * 2**20  # bytes of a local cluster's object store, of which messages alone need some
_VARIABLES: Final = ("JAX_", "XLA_", "CODESIGN_")  # that change what a unit does
_OWN: Final = compile_cache.VARIABLE  # programs are compiled for one kind of processor, so each machine keeps its own


@dataclass(frozen=True)
class Demands:
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


def imported() -> Any:
    """Ray.

    Raises:
        UserError: it is not installed.
    """
    # read when it is imported: people are not asked, nobody is told, and workers that die are told of by us, in a line
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", "A worker died or was killed")
    # Ray's workers give way to everything else (15), as if units were not what the machine is for
    os.environ.setdefault("RAY_worker_niceness", "0")
    try:
        return importlib.import_module("ray")
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise UserError("--engine ray: Ray is not installed (pip install 'codesign[ray]')") from None


@contextmanager
def cluster(ray: Any, workers: int, demands: Demands) -> Iterator[None]:
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
        # SIGTERM, which Ray listens to from here on; for a moment its core does, which aborts: no unit runs yet, so nothing is lost
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


def environment(demands: Demands) -> dict[str, str]:
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
