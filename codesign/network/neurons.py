"""Spiking neurons. Only this part of a layer runs over time; the products before it are folded into the batch."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


@jax.custom_jvp
def spike(distance: Float[Array, "..."]) -> Float[Array, "..."]:
    """1 where the membrane is at or above threshold (`distance >= 0`), else 0.

    The gradient is the arctan surrogate's, 1 / (1 + (pi x)^2) with x = distance (Fang et al. 2021, PLIF; width 2 there).
    """
    return (distance >= 0).astype(distance.dtype)


@spike.defjvp
def _spike_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (distance,), (tangent,) = primals, tangents
    return spike(distance), tangent / (1 + (jnp.pi * distance) ** 2)


def lif(
    current: Float[Array, "time batch *neurons"], leak: Float[Array, "..."], threshold: Float[Array, "..."]
) -> Float[Array, "time batch *neurons"]:
    """Leaky integrate-and-fire with soft reset: v <- leak v + current; spike where v >= threshold; v <- v - threshold spike.

    The reset is detached from the gradient (it pays: Zenke and Vogels 2021).

    Args:
        current: input current of every step.
        leak: share of the potential kept from step to step, in [0, 1]; broadcasts over neurons.
        threshold: firing threshold, above 0; broadcasts over neurons.

    Returns:
        Binary spikes.
    """

    def step(potential: Array, drive: Array) -> tuple[Array, Array]:
        potential = leak * potential + drive
        # in units of the threshold, so that the surrogate's width follows it
        fired = spike(potential / threshold - 1)
        return potential - jax.lax.stop_gradient(fired) * threshold, fired

    _, spikes = jax.lax.scan(step, jnp.zeros_like(current[0]), current, unroll=2)
    return spikes
