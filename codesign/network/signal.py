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
        codes: share of each code whose mixture the spikes are, and its spikes, while nothing has decided among them; else empty.
    """

    spikes: Float[Array, "time batch ..."] | None
    numbers: Float[Array, "#time batch ..."] | None
    gate: Float[Array, ""] | float = 1.0
    spike_bits: Float[Array, ""] | float = 1.0
    number_bits: Float[Array, ""] | float = 1.0
    full_scale: Float[Array, ""] | float = 1.0
    codes: tuple[tuple[Float[Array, ""], Float[Array, "time batch ..."]], ...] = ()

    @classmethod
    def coded(
        cls,
        codes: tuple[tuple[Float[Array, ""], Float[Array, "time batch ..."]], ...],
        numbers: Float[Array, "#time batch ..."] | None,
        gate: Float[Array, ""],
    ) -> "Signal":
        """Spikes of one of several `codes`, or `numbers`: nothing has decided yet."""
        return cls(_mixture(codes), numbers, gate, codes=codes)

    def rate_of_spikes(self, rate: Callable[[Array], Array]) -> Array | float:
        """A rate of the spikes; of several codes the mean of theirs, since one alone will be sent. 0 without spikes."""
        if self.codes:
            return sum(share * rate(spikes) for share, spikes in self.codes)
        return 0.0 if self.spikes is None else rate(self.spikes)

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

        if self.codes:
            codes = tuple((share, out) for share, spikes in self.codes if (out := folded(spikes)) is not None)
            # mixed after it: the largest of a mixture is no mixture of the largest
            return self._replace(spikes=_mixture(codes), numbers=folded(self.numbers), codes=codes)
        return self._replace(spikes=folded(self.spikes), numbers=folded(self.numbers))

    def with_numbers_of(self, bits: Float[Array, ""]) -> "Signal":
        """The signal with its numbers quantised to `bits`."""
        if self.numbers is None:
            return self
        scale = jnp.asarray(self.full_scale, self.numbers.dtype)
        # quantised by who receives: several receivers of one signal may each have a precision of their own
        return self._replace(numbers=quantise_unsigned(self.numbers, scale, bits), number_bits=bits)


def _mixture(codes: tuple[tuple[Float[Array, ""], Float[Array, "time batch ..."]], ...]) -> Float[Array, "time batch ..."]:
    return sum((share * spikes for share, spikes in codes[1:]), codes[0][0] * codes[0][1])


def sum_bits(bits: Float[Array, ""], count: Float[Array, ""]) -> Float[Array, ""]:
    """Whole bits of the largest sum of `count` elements, count (2**bits - 1); the gradient is that of the logarithm."""
    exact = jnp.log2(1 + count * (2**bits - 1))
    # a little slack: whole bits or steps that carry a rounding error must not cost a bit more
    return straight_through(jnp.ceil(exact - 1e-4), exact)


def active(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """1 where an element is not 0, with the gradient of the element (the surrogate's, for spikes)."""
    return straight_through((x != 0).astype(x.dtype), x)
