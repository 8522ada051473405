"""How a network is run: the design parameters that belong to no chip alone."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float


class Operation(eqx.Module):
    """Time and precision of a run.

    Attributes:
        timesteps: steps of the network, any real number from 1 to `longest`; step t counts with weight clip(timesteps - t, 0, 1).
        weight_bits: bits of the weights, per weighted layer.
        activation_bits: bits of the network's input values; hidden layers exchange binary spikes.
        state_bits: bits of the membrane potential.
        longest: steps that are simulated (static).
    """

    timesteps: Float[Array, ""]
    weight_bits: Float[Array, " layers"]
    activation_bits: Float[Array, ""]
    state_bits: Float[Array, ""]
    longest: int = eqx.field(static=True)

    @classmethod
    def of(
        cls,
        layers: int,
        *,
        longest: int,
        timesteps: ArrayLike | None = None,
        weight_bits: ArrayLike | Sequence[float] = 4,
        activation_bits: ArrayLike = 4,
        state_bits: ArrayLike = 12,
    ) -> "Operation":
        """An operation for a network of `layers` weighted layers; timesteps default to `longest`."""

        def scalar(value: ArrayLike) -> Array:
            return jnp.asarray(value, jnp.float32)

        return cls(
            scalar(longest if timesteps is None else timesteps),
            jnp.broadcast_to(jnp.asarray(weight_bits, jnp.float32), (layers,)),
            scalar(activation_bits),
            scalar(state_bits),
            longest,
        )
