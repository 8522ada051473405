"""What layers send each other: spikes of every step, numbers, or a relaxed mixture of both."""

import math
from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.network.quantise import quantise_unsigned
from codesign.numerics import straight_through


class Signal(NamedTuple):
    """A message between layers; at least one of `spikes` and `numbers` is there.

    Attributes:
        spikes: `[time, batch, ...]`, 0 or 1 or graded, or None.
        numbers: `[time, batch, ...]` with values in [0, full_scale], or None; a time axis of 1 holds for all steps.
        gate: share of the spikes where both are there.
        spike_bits: payload of one spike.
        number_bits: bits of one number, once it is quantised (set by the layer that receives it).
        full_scale: largest number, also the largest spike.
    """

    spikes: Float[Array, "time batch ..."] | None
    numbers: Float[Array, "#time batch ..."] | None
    gate: Float[Array, ""] | float = 1.0
    spike_bits: Float[Array, ""] | float = 1.0
    number_bits: Float[Array, ""] | float = 1.0
    full_scale: float = 1.0

    @property
    def values(self) -> Float[Array, "#time batch ..."]:
        """What a weighted layer multiplies: the mixture; a time axis of 1 holds for all steps."""
        if self.spikes is None:
            assert self.numbers is not None
            return self.numbers
        if self.numbers is None:
            return self.spikes
        return self.gate * self.spikes + (1 - self.gate) * self.numbers

    @property
    def spiking(self) -> Float[Array, ""] | float:
        """Share of the spikes."""
        if self.spikes is None:
            return 0.0
        return 1.0 if self.numbers is None else self.gate

    @property
    def elements(self) -> int:
        """Elements of one sample and step."""
        some = self.numbers if self.spikes is None else self.spikes
        assert some is not None
        return math.prod(some.shape[2:])

    def each(self, function: Callable[[Array], Array]) -> "Signal":
        """The same function of a folded batch `[steps batch, ...]` on spikes and on numbers."""

        # spikes and numbers apart: their time axes may differ
        def folded(x: Array | None) -> Array | None:
            if x is None:
                return None
            out = function(x.reshape(-1, *x.shape[2:]))
            return out.reshape(*x.shape[:2], *out.shape[1:])

        return self._replace(spikes=folded(self.spikes), numbers=folded(self.numbers))

    def with_numbers_of(self, bits: Float[Array, ""]) -> "Signal":
        """The signal with its numbers quantised to `bits`."""
        if self.numbers is None:
            return self
        scale = jnp.asarray(self.full_scale, self.numbers.dtype)
        # quantised by who receives: several receivers of one signal may each have a precision of their own
        return self._replace(numbers=quantise_unsigned(self.numbers, scale, bits), number_bits=bits)


def sum_bits(bits: Float[Array, ""], count: Float[Array, ""]) -> Float[Array, ""]:
    """Whole bits of the largest sum of `count` elements, count (2**bits - 1); the gradient is that of the logarithm."""
    exact = jnp.log2(1 + count * (2**bits - 1))
    # a little slack: whole bits or steps that carry a rounding error must not cost a bit more
    return straight_through(jnp.ceil(exact - 1e-4), exact)


def active(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """1 where an element is not 0, with the gradient of the element (the surrogate's, for spikes)."""
    return straight_through((x != 0).astype(x.dtype), x)
