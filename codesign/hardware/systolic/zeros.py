"""What a systolic array does about zero operands."""

import abc

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.hardware.parts.activity import share_with_any


class AbstractZeros(eqx.Module):
    """A treatment of zeros; all arrays are per layer (or `[2, layers]`)."""

    @abc.abstractmethod
    def streamed(self, rate: Array, vector: Array) -> Float[Array, "..."]:
        """Share of the streamed vectors, of `vector` elements each, that take a cycle."""

    @abc.abstractmethod
    def operations(self, slots: Array, products: Array, active: Array) -> Float[Array, "..."]:
        """Multiply-accumulates that switch the arithmetic.

        Args:
            slots: processing elements times cycles.
            products: multiply-accumulates of the layer.
            active: share of them whose operands are both non-zero.
        """

    @abc.abstractmethod
    def clocked(self, slots: Array, products: Array, streamed: Array) -> Float[Array, "..."]:
        """Multiply-accumulates that clock the moving registers; `streamed` is the share of vectors that take a cycle."""

    @abc.abstractmethod
    def updates(self, slots: Array, neurons: Array) -> Float[Array, "..."]:
        """Neuron updates that switch; `slots` is neuron units times cycles."""


class Ungated(AbstractZeros):
    """Every unit switches in every cycle, whether it has work or not. In SATA's units 94 to 99 % of the energy is of this kind."""

    def streamed(self, rate: Array, vector: Array) -> Float[Array, "..."]:
        """All of them."""
        return jnp.ones_like(rate * vector)  # the shape of both together

    def operations(self, slots: Array, products: Array, active: Array) -> Float[Array, "..."]:
        """All slots."""
        return slots

    def clocked(self, slots: Array, products: Array, streamed: Array) -> Float[Array, "..."]:
        """All slots."""
        return slots

    def updates(self, slots: Array, neurons: Array) -> Float[Array, "..."]:
        """All slots."""
        # where neuron units set the pace, the cycles of the array are too few for all neurons
        return jnp.maximum(slots, neurons)


class ZeroGating(AbstractZeros):
    """A zero operand holds the arithmetic still: energy falls with activity, cycles do not. Idle units are clock-gated."""

    def streamed(self, rate: Array, vector: Array) -> Float[Array, "..."]:
        """All of them."""
        return jnp.ones_like(rate * vector)

    def operations(self, slots: Array, products: Array, active: Array) -> Float[Array, "..."]:
        """Those with two non-zero operands."""
        return products * active

    def clocked(self, slots: Array, products: Array, streamed: Array) -> Float[Array, "..."]:
        """Every multiply-accumulate: zeros travel through the array like all else."""
        return products

    def updates(self, slots: Array, neurons: Array) -> Float[Array, "..."]:
        """The neurons."""
        return neurons


class ZeroSkipping(AbstractZeros):
    """Zero gating, and a vector whose elements are all zero takes no cycle.

    The elements of a vector enter the array together, so it is skipped only when all are zero: `1 - (1 - rate)^vector` of the vectors
    remain. Large arrays therefore skip little at any realistic rate; small ones turn sparsity into speed.
    """

    def streamed(self, rate: Array, vector: Array) -> Float[Array, "..."]:
        """Those with any non-zero element, were elements independent."""
        return share_with_any(rate, vector)

    def operations(self, slots: Array, products: Array, active: Array) -> Float[Array, "..."]:
        """Those with two non-zero operands."""
        return products * active

    def clocked(self, slots: Array, products: Array, streamed: Array) -> Float[Array, "..."]:
        """Those in the vectors that remain."""
        return products * streamed

    def updates(self, slots: Array, neurons: Array) -> Float[Array, "..."]:
        """The neurons."""
        return neurons
