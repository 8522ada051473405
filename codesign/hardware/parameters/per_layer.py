"""Design parameters with one value for the chip or one per layer."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.workloads.workload import Workload


def per_layer(name: str, value: Float[Array, "..."], workload: Workload) -> Float[Array, "..."]:
    """A parameter as it broadcasts over the layers of a workload.

    Args:
        name: of the parameter, for the error.
        value: a scalar (returned as it is), one entry per layer, or one per layer that has weights; a layer without weights
            then takes the value of the weighted layer before it, and those before the first take the first.
        workload: whose layers.

    Raises:
        ValueError: any other shape.
    """
    layers = len(workload)
    if value.ndim == 0 or value.shape == (layers,):
        return value
    weighted = [layer.has_weights for layer in workload]
    if value.shape != (sum(weighted),):
        raise ValueError(
            f"{name} has shape {value.shape}; expected () or ({layers},), the layers, or ({sum(weighted)},), those with weights"
        )
    # worked out on static shapes: the index is a constant of the program
    return value[jnp.asarray([max(sum(weighted[: i + 1]) - 1, 0) for i in range(layers)])]
