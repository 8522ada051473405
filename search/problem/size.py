"""What a study takes at least, told from shapes before anything is built."""

import os
from pathlib import Path
from typing import Any, Final, NamedTuple

import jax
from flax import nnx

from codesign.data.dataset import Dataset
from codesign.network.network import SpikingNetwork

_FLOAT: Final = 4  # bytes of a float32
_COPIES: Final = 4  # of every weight while it is trained: itself, its gradient, and Adam's two moments
# measured (docs/benchmarks.md): of one evaluation, in sizes of the largest layer's inputs and outputs, and of all weights
_EVALUATED: Final = 4
_PROGRAMMED: Final = 16  # conductances of pairs, their drops and draws
_CGROUP: Final = Path("/sys/fs/cgroup")
_MEMINFO: Final = Path("/proc/meminfo")


class Size(NamedTuple):
    """Bytes that a study takes at least.

    Attributes:
        weights: of all members while they are trained.
        activations: of one member's minibatch, kept for the backward pass: one number for each neuron, step and sample.
        data: the three splits.
    """

    weights: int
    activations: int
    data: int

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self)

    def __str__(self) -> str:
        """For people."""
        parts = [f"{name} {spell(value)}" for name, value in self._asdict().items()]
        return f"at least {spell(self.total)} of memory ({', '.join(parts)})"


def outline(network: Any) -> SpikingNetwork:
    """A network's structure without its numbers: shapes in place of arrays, whatever their size.

    Args:
        network: `rngs -> SpikingNetwork`.
    """
    return nnx.eval_shape(lambda: network(nnx.Rngs(0)))


def estimate(shapes: SpikingNetwork, dataset: Dataset, *, longest: int, population: int, batch_size: int) -> Size:
    """What training takes at least.

    Args:
        shapes: from `outline`.
        dataset: the data.
        longest: steps that are simulated.
        population: members, each with weights of its own.
        batch_size: samples of a minibatch.
    """
    # Python's integers: those of an array would wrap around
    weights = sum(_elements(leaf.shape) for leaf in jax.tree.leaves(nnx.state(shapes, nnx.Param)))
    neurons = sum(layer.neurons_out for layer in shapes.geometries)
    splits = (dataset.train, dataset.validation, dataset.test)
    return Size(
        _FLOAT * _COPIES * population * weights,
        _FLOAT * batch_size * longest * neurons,
        sum(split.inputs.nbytes for split in splits),
    )


def steps_within(budget: int, shapes: SpikingNetwork) -> int:
    """Samples x time steps that one evaluation can run at once: 0 where not even one fits.

    Args:
        budget: bytes.
        shapes: from `outline`.
    """
    return max(0, (budget - _chip_bytes(shapes)) // _step_bytes(shapes))


def smallest_budget(shapes: SpikingNetwork, longest: int) -> int:
    """Bytes that an evaluation of one sample takes, of `longest` steps."""
    return _chip_bytes(shapes) + longest * _step_bytes(shapes)


def _chip_bytes(shapes: SpikingNetwork) -> int:
    """Of a simulated chip."""
    return _FLOAT * _PROGRAMMED * sum(layer.weights for layer in shapes.geometries)


def _step_bytes(shapes: SpikingNetwork) -> int:
    """Of one step of one sample, where the network is widest."""
    return int(_FLOAT * _EVALUATED * max(layer.neurons_in + layer.neurons_out for layer in shapes.geometries))


def budget_bytes(memory_gb: float | None) -> int:
    """Memory of evaluations: what the config says, or half of what is free."""
    return free_bytes() // 2 if memory_gb is None else int(1e9 * memory_gb)


def free_bytes() -> int:
    """Memory that nobody uses: of the accelerator, or of this machine."""
    # processors tell nothing of themselves
    told = jax.local_devices()[0].memory_stats() or {}
    if "bytes_limit" in told:
        return int(told["bytes_limit"] - told["bytes_in_use"])
    # elsewhere than on Linux all of it
    lines = _MEMINFO.read_text().splitlines() if _MEMINFO.is_file() else []
    available = [1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
    return max(0, min([*available, machine_bytes() - _container_bytes()]))


def machine_bytes() -> int:
    """Memory of this machine, or of the container that it lends."""
    here = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = _CGROUP / "memory.max"
    lent = limit.read_text().strip() if limit.is_file() else "max"
    return here if lent == "max" else min(here, int(lent))


def _container_bytes() -> int:
    """What the container holds, without files that it could forget."""
    used, parts = _CGROUP / "memory.current", _CGROUP / "memory.stat"
    if not (used.is_file() and parts.is_file()):
        return 0
    files = [int(line.split()[1]) for line in parts.read_text().splitlines() if line.startswith("inactive_file ")]
    return int(used.read_text()) - sum(files)


def spell(size: int) -> str:
    """Bytes for people: `1.5 GB`."""
    for factor, unit in ((10**18, "EB"), (10**15, "PB"), (10**12, "TB"), (10**9, "GB"), (10**6, "MB")):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size / 1000:.3g} kB"


def _elements(shape: tuple[int, ...]) -> int:
    count = 1
    for side in shape:
        count *= int(side)
    return count
