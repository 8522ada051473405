"""What a systolic array does about zero operands, and what finding them takes.

Gating needs a zero detector at each of the array's inputs, a flag that travels with each operand, and a clock gate in each element.
Skipping needs a tag per vector in the input buffer besides, and a finder of the next one that is not zero.
"""

import abc

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.hardware.parts.activity import share_with_any


class AbstractZeros(eqx.Module):
    """A treatment of zeros; all arrays are per layer (or `[2, layers]`)."""

    @property
    @abc.abstractmethod
    def looks(self) -> float | Float[Array, ""]:
        """1 where every operand that enters is compared with zero, 0 where nobody looks."""

    @property
    @abc.abstractmethod
    def finds(self) -> float | Float[Array, ""]:
        """1 where whole vectors of zeros are found before they are read, 0 where they are not."""

    @property
    def flags(self) -> float | Float[Array, ""]:
        """Bits that say of a pair of operands which are zero."""
        return 2 * self.looks

    @abc.abstractmethod
    def streamed(self, rate: Array, vector: Array) -> Float[Array, "..."]:
        """Share of the streamed vectors, of `vector` elements each, non-zero at a `rate`, that take a cycle."""

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
        """Multiply-accumulates that clock the moving registers.

        Args:
            slots: processing elements times cycles.
            products: multiply-accumulates of the layer.
            streamed: share of vectors that take a cycle.
        """

    @abc.abstractmethod
    def clocked_bits(self, elements: Array, cycles: Array, width: Array, written: Array) -> Float[Array, "..."]:
        """Register bits times cycles that the clock reaches.

        Args:
            elements: processing elements.
            cycles: that the layer takes, stalls included.
            width: register bits of an element.
            written: register bits that work writes.
        """

    @abc.abstractmethod
    def updates(self, slots: Array, neurons: Array) -> Float[Array, "..."]:
        """Neuron updates that switch, of all `neurons` and steps; `slots` is neuron units times cycles."""


class Ungated(AbstractZeros):
    """Every unit switches in every cycle, whether it has work or not. In SATA's units 94 to 99 % of the energy is of this kind."""

    @property
    def looks(self) -> float | Float[Array, ""]:
        """Nobody."""
        return 0.0

    @property
    def finds(self) -> float | Float[Array, ""]:
        """None."""
        return 0.0

    def streamed(self, rate: Array, vector: Array) -> Float[Array, "..."]:
        """All of them."""
        return jnp.ones_like(rate * vector)  # the shape of both together

    def operations(self, slots: Array, products: Array, active: Array) -> Float[Array, "..."]:
        """All slots."""
        return slots

    def clocked(self, slots: Array, products: Array, streamed: Array) -> Float[Array, "..."]:
        """All slots."""
        return slots

    def clocked_bits(self, elements: Array, cycles: Array, width: Array, written: Array) -> Float[Array, "..."]:
        """All of them, in every cycle."""
        return elements * cycles * width

    def updates(self, slots: Array, neurons: Array) -> Float[Array, "..."]:
        """All slots."""
        # where neuron units set the pace, the cycles of the array are too few for all neurons
        return jnp.maximum(slots, neurons)


class ZeroGating(AbstractZeros):
    """A zero operand holds the arithmetic still: energy falls with activity, cycles do not. Idle units are clock-gated."""

    @property
    def looks(self) -> float | Float[Array, ""]:
        """Every operand."""
        return 1.0

    @property
    def finds(self) -> float | Float[Array, ""]:
        """None."""
        return 0.0

    def streamed(self, rate: Array, vector: Array) -> Float[Array, "..."]:
        """All of them."""
        return jnp.ones_like(rate * vector)

    def operations(self, slots: Array, products: Array, active: Array) -> Float[Array, "..."]:
        """Those with two non-zero operands."""
        return products * active

    def clocked(self, slots: Array, products: Array, streamed: Array) -> Float[Array, "..."]:
        """Every multiply-accumulate: zeros travel through the array like all else."""
        return products

    def clocked_bits(self, elements: Array, cycles: Array, width: Array, written: Array) -> Float[Array, "..."]:
        """Those of elements with work, and every element's clock gate, which is a latch: one bit."""
        return written + elements * cycles

    def updates(self, slots: Array, neurons: Array) -> Float[Array, "..."]:
        """The neurons."""
        return neurons


class ZeroSkipping(AbstractZeros):
    """Zero gating, and a vector whose elements are all zero takes no cycle.

    The elements of a vector enter the array together, so it is skipped only when all are zero: `1 - (1 - rate)^vector` of the vectors
    remain. Large arrays therefore skip little at any realistic rate; small ones turn sparsity into speed.
    """

    @property
    def looks(self) -> float | Float[Array, ""]:
        """Every operand."""
        return 1.0

    @property
    def finds(self) -> float | Float[Array, ""]:
        """All of them."""
        return 1.0

    def streamed(self, rate: Array, vector: Array) -> Float[Array, "..."]:
        """Those with any non-zero element, were elements independent."""
        return share_with_any(rate, vector)

    def operations(self, slots: Array, products: Array, active: Array) -> Float[Array, "..."]:
        """Those with two non-zero operands."""
        return products * active

    def clocked(self, slots: Array, products: Array, streamed: Array) -> Float[Array, "..."]:
        """Those in the vectors that remain."""
        return products * streamed

    def clocked_bits(self, elements: Array, cycles: Array, width: Array, written: Array) -> Float[Array, "..."]:
        """Those of elements with work, and every element's clock gate, which is a latch: one bit."""
        return written + elements * cycles

    def updates(self, slots: Array, neurons: Array) -> Float[Array, "..."]:
        """The neurons."""
        return neurons
