"""Pooling: windows of a map whose stride is their size, reduced to their average or their largest element."""

import abc
import dataclasses
from typing import Final

import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.network.layers.blocks import AbstractBlock
from codesign.network.run import Run
from codesign.network.signal import Signal, sum_bits
from codesign.workloads.workload import LayerWork


class AbstractReduction(abc.ABC):
    """What becomes of a window."""

    @abc.abstractmethod
    def of(self, windows: Float[Array, "batch rows i columns j channels"]) -> Float[Array, "batch rows columns channels"]:
        """One element per window and channel."""

    @abc.abstractmethod
    def bits(self, bits: Float[Array, ""] | float, window: int) -> Float[Array, ""] | float:
        """Payload of the result of `window` spikes of `bits` bits."""


@dataclasses.dataclass(frozen=True)
class Average(AbstractReduction):
    """The mean: spikes become numbers of several bits."""

    def of(self, windows: Float[Array, "batch rows i columns j channels"]) -> Float[Array, "batch rows columns channels"]:
        """See `AbstractReduction`."""
        return jnp.mean(windows, axis=(2, 4))

    def bits(self, bits: Float[Array, ""] | float, window: int) -> Float[Array, ""] | float:
        """Bits of the largest sum of a window."""
        # the default float, which is float64 where that is enabled
        return sum_bits(jnp.asarray(bits, jnp.result_type(float)), jnp.asarray(float(window)))


@dataclasses.dataclass(frozen=True)
class Maximum(AbstractReduction):
    """The largest element: of binary spikes, their disjunction."""

    def of(self, windows: Float[Array, "batch rows i columns j channels"]) -> Float[Array, "batch rows columns channels"]:
        """See `AbstractReduction`."""
        return jnp.max(windows, axis=(2, 4))

    def bits(self, bits: Float[Array, ""] | float, window: int) -> Float[Array, ""] | float:
        """Those of one element."""
        return bits


class Pooling(AbstractBlock):
    """A pooling layer; it has neither weights nor neurons, and runs as often as it receives something."""

    def __init__(self, geometry: LayerWork, reduction: AbstractReduction) -> None:
        self.geometry, self.reduction = geometry, reduction

    @property
    def geometries(self) -> tuple[LayerWork, ...]:
        """Its one layer."""
        return (self.geometry,)

    def __call__(self, signal: Signal, run: Run) -> Signal:
        """See `AbstractBlock`."""
        received = signal.with_numbers_of(run.setting(self.geometry).activation_bits)
        # spikes and numbers apart: the maximum of a mixture is not the mixture of the maxima
        pooled = received.each(lambda x: self.reduction.of(windows(x, self.geometry)))
        # numbers keep their bits: who receives them quantises them anew
        sent = pooled._replace(spike_bits=self.reduction.bits(received.spike_bits, self.geometry.fan_in))
        # with the gate of its producer, as it runs as often; its own is inert
        run.record(self.geometry, [received], sent, None if received.numbers is None else received.spiking)
        return sent


def windows(x: Float[Array, "batch height width channels"], geometry: LayerWork) -> Float[Array, "batch rows i columns j channels"]:
    """A map cut into windows; rows and columns that fill no window are left out."""
    size, rows, columns = geometry.kernel_height, geometry.height_out, geometry.width_out
    return x[:, : rows * size, : columns * size].reshape(x.shape[0], rows, size, columns, size, -1)


REDUCTIONS: Final[dict[str, AbstractReduction]] = {"average": Average(), "maximum": Maximum()}
"""How a window becomes one number, by name."""
