"""Shortcuts around blocks, added to the current of the last neurons so that what is sent stays binary."""

import abc
import dataclasses

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from codesign.network.layers.blocks import AbstractBlock, Chain, SpikingLayer
from codesign.network.run import Run
from codesign.network.signal import Signal
from codesign.workloads.workload import LayerWork


class AbstractShortcut(abc.ABC):
    """What of a block's input is added at its end; has no weights."""

    @abc.abstractmethod
    def __call__(self, values: Float[Array, "time batch ..."]) -> Float[Array, "time batch ..."]:
        """Values of the shape of the block's last current."""

    @abc.abstractmethod
    def elements(self, last: LayerWork) -> int:
        """Elements of the last layer's outputs that something is added to in one step."""


@dataclasses.dataclass(frozen=True)
class Identity(AbstractShortcut):
    """All of it."""

    def __call__(self, values: Float[Array, "time batch ..."]) -> Float[Array, "time batch ..."]:
        """The values."""
        return values

    def elements(self, last: LayerWork) -> int:
        """All of them."""
        return last.neurons_out


@dataclasses.dataclass(frozen=True)
class Subsampled(AbstractShortcut):
    """Every `stride`-th pixel, and `added` channels of zeros (He et al. 2016, option A)."""

    stride: int
    added: int

    def __call__(self, values: Float[Array, "time batch ..."]) -> Float[Array, "time batch ..."]:
        """A smaller map with more channels."""
        return jnp.pad(values[:, :, :: self.stride, :: self.stride], [(0, 0)] * 4 + [(0, self.added)])

    def elements(self, last: LayerWork) -> int:
        """Without the channels of zeros."""
        return (last.channels_out - self.added) * last.positions


class Residual(AbstractBlock):
    """A chain of blocks, and a last layer whose neurons also hear the chain's input, with a learned strength.

    The shortcut's additions are the last layer's `residual_inputs`.

    Attributes:
        strength: current of one unit of input; at 1, and with thresholds of 1, a spike passes unchanged.
    """

    def __init__(self, body: Chain, last: SpikingLayer, shortcut: AbstractShortcut) -> None:
        self.body, self.last, self.shortcut = body, last, shortcut
        self.strength = nnx.Param(jnp.ones((), jnp.float32))

    @property
    def geometries(self) -> tuple[LayerWork, ...]:
        """Those of the chain, then the last."""
        (last,) = self.last.geometries
        return (*self.body.geometries, dataclasses.replace(last, residual_inputs=self.shortcut.elements(last)))

    def __call__(self, signal: Signal, run: Run) -> Signal:
        """See `AbstractBlock`."""
        # the shortcut carries what the block's first layer receives, of the same precision
        held = signal.with_numbers_of(run.setting(self.body.geometries[0]).activation_bits)
        return self.last.driven(self.body(signal, run), self.strength[...] * self.shortcut(held.values), run)
