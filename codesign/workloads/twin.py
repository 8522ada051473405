"""The quantised network of equal accuracy bits that a spiking network is compared with."""

import dataclasses

import jax.numpy as jnp

from codesign.numerics import safe_divide
from codesign.workloads.workload import Workload


def ann_twin(workload: Workload) -> Workload:
    """The same layers without spikes: one pass with `b = ceil(log2(T + 1))`-bit activations, same weights.

    A non-leaky network over T steps and a b-bit quantised one compute the same function (Yan et al., arXiv 2409.08290). Their rate bounds
    `(1 - g)/T <= s <= 1 - g`, with s the spike rate and g the twin's share of zeros, leave `s = (1 - g)(1 + 1/T)/2` on average, which is
    inverted here. Layers whose inputs carry more bits than the twin's (pixels) keep their bits and rate.
    """
    steps = jnp.maximum(workload.timesteps, 1)
    # a logarithm is no exact operation: of 8 it may be a rounding above 3, and the ceiling 4
    bits = jnp.ceil(jnp.log2(steps + 1) - 1e-5)
    dense_input = workload.activation_bits > bits

    def non_zero(rate: jnp.ndarray) -> jnp.ndarray:
        # the average of the bounds is inverted, which for rates near 1 leaves their range
        return jnp.minimum(safe_divide(2 * rate, 1 + 1 / steps), 1)

    return dataclasses.replace(
        workload,
        timesteps=jnp.ones_like(steps),
        spiking=jnp.zeros_like(steps),
        activation_bits=jnp.where(dense_input, workload.activation_bits, bits),
        input_rate=jnp.where(dense_input, workload.input_rate, non_zero(workload.input_rate)),
        output_rate=non_zero(workload.output_rate),
    )
