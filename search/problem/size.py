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
_CGROUP: Final = Path("/sys/fs/cgroup/memory.max")


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


def machine_bytes() -> int:
    """Memory of this machine, or of the container that it lends."""
    here = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    lent = _CGROUP.read_text().strip() if _CGROUP.is_file() else "max"
    return here if lent == "max" else min(here, int(lent))


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
