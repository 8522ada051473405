"""How a many-core chip stores the synapses of dense and recurrent layers; convolutions share their kernel and store it densely."""

import abc
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float


class AbstractSynapses(eqx.Module):
    """A synapse format; `name` is its price in a technology with measured events."""

    name: eqx.AbstractClassVar[str]

    @abc.abstractmethod
    def stored_bits(self, weight_bits: ArrayLike, core_neurons: ArrayLike) -> Float[Array, "..."]:
        """Bits of one stored synapse, given the neurons of a core."""

    @abc.abstractmethod
    def stored_share(self, weight_density: ArrayLike) -> Float[Array, "..."]:
        """Share of all synapses that are stored, and visited by an event."""


class DenseSynapses(AbstractSynapses):
    """Every weight of the matrix, zeros included, without an index."""

    name: ClassVar[str] = "dense"

    def stored_bits(self, weight_bits: ArrayLike, core_neurons: ArrayLike) -> Float[Array, "..."]:
        """The weight alone."""
        return jnp.asarray(weight_bits)

    def stored_share(self, weight_density: ArrayLike) -> Float[Array, "..."]:
        """All of them."""
        return jnp.ones_like(jnp.asarray(weight_density))  # zeros are stored and added like all else


class SparseSynapses(AbstractSynapses):
    """Non-zero weights only, each with the index of its neuron in the core."""

    name: ClassVar[str] = "sparse"

    def stored_bits(self, weight_bits: ArrayLike, core_neurons: ArrayLike) -> Float[Array, "..."]:
        """Weight and index."""
        # at least a bit of index; not rounded up, so that the size of a core is felt between powers of two
        return jnp.asarray(weight_bits) + jnp.log2(jnp.maximum(jnp.asarray(core_neurons), 2))

    def stored_share(self, weight_density: ArrayLike) -> Float[Array, "..."]:
        """The non-zero ones."""
        return jnp.asarray(weight_density)
