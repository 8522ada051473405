"""Treatments of zeros between which a search has not decided yet."""

from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.hardware.systolic.zeros import AbstractZeros


class MixedZeros(AbstractZeros):
    """Treatments of which one is still to be chosen: what is counted is weighed by their shares; exact where one share is 1.

    Attributes:
        options: the treatments.
        shares: of each.
    """

    options: tuple[AbstractZeros, ...]
    shares: Float[Array, " options"]

    @property
    def looks(self) -> Float[Array, ""]:
        """Share that compares."""
        return self._weighed(lambda each: jnp.asarray(each.looks))

    @property
    def finds(self) -> Float[Array, ""]:
        """Share that finds vectors."""
        return self._weighed(lambda each: jnp.asarray(each.finds))

    def streamed(self, rate: Array, vector: Array) -> Float[Array, "..."]:
        """The weighed share."""
        return self._weighed(lambda each: each.streamed(rate, vector))

    def operations(self, slots: Array, products: Array, active: Array) -> Float[Array, "..."]:
        """The weighed number."""
        return self._weighed(lambda each: each.operations(slots, products, active))

    def clocked(self, slots: Array, products: Array, streamed: Array) -> Float[Array, "..."]:
        """The weighed number."""
        return self._weighed(lambda each: each.clocked(slots, products, streamed))

    def clocked_bits(self, elements: Array, cycles: Array, width: Array, written: Array) -> Float[Array, "..."]:
        """The weighed number."""
        return self._weighed(lambda each: each.clocked_bits(elements, cycles, width, written))

    def updates(self, slots: Array, neurons: Array) -> Float[Array, "..."]:
        """The weighed number."""
        return self._weighed(lambda each: each.updates(slots, neurons))

    def _weighed(self, counted: Callable[[AbstractZeros], Array]) -> Array:
        return sum((share * counted(each) for share, each in zip(self.shares, self.options, strict=True)), jnp.zeros(()))
