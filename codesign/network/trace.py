"""From a network and its measured activity to the workload that hardware prices."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.network.models import Activity
from codesign.network.operation import Operation
from codesign.workload import LayerWork, Workload


def trace(geometries: tuple[LayerWork, ...], activity: Activity, operation: Operation) -> Workload:
    """The workload of one inference, differentiable in rates, timesteps and bits.

    The first layer receives numbers of `activation_bits`; all others receive binary spikes.

    Args:
        geometries: static shapes of the weighted layers.
        activity: measured in a forward pass.
        operation: how the network was run.
    """
    layers = len(geometries)
    ones = jnp.ones(layers, activity.input_rate.dtype)
    first: Float[Array, " layers"] = jnp.zeros_like(ones).at[0].set(1)
    return Workload(
        layers=geometries,
        input_rate=activity.input_rate,
        output_rate=activity.output_rate,
        timesteps=operation.timesteps * ones,
        spiking=ones,
        weight_bits=operation.weight_bits,
        activation_bits=first * operation.activation_bits + (1 - first),
        state_bits=operation.state_bits * ones,
        weight_density=ones,
    )


def accuracy(logits: Float[Array, "batch classes"], labels: Array) -> Float[Array, ""]:
    """Share of samples whose largest logit is the label's."""
    return jnp.mean(jnp.argmax(logits, axis=-1) == labels, dtype=jnp.float32)
