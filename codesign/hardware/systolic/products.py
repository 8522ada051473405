"""A layer as matrix products: sizes, and how often each is done in a step."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from codesign.workloads.workload import LayerWork, Workload


class Products(NamedTuple):
    """Matrix products of every layer, `[2, layers]`; the second row is for attention, whose repeats are 0 elsewhere.

    Attributes:
        positions, fan_in, outputs: M, K and N.
        repeats: how often the product is done in one step (groups, heads; 0 for pooling).
        fixed: 1 where the second operand is stored weights and steps do not wait for each other, so that all timesteps can pass
            while the weights stay; 0 for attention (both operands change) and recurrent layers (a step needs the one before).
    """

    positions: Float[Array, "2 layers"]
    fan_in: Float[Array, "2 layers"]
    outputs: Float[Array, "2 layers"]
    repeats: Float[Array, "2 layers"]
    fixed: Float[Array, " layers"]


def products(workload: Workload) -> Products:
    """The matrix products of a workload; attention is `Q K^T` followed by `(Q K^T) V` in each head."""
    # floats: products of large layers outgrow int32
    table = np.asarray([_products(layer) for layer in workload], float)  # [layers, 2, 4]
    fixed = [layer.kind in ("conv", "dense") for layer in workload]
    dtype = workload.input_rate.dtype
    positions, fan_in, outputs, repeats = (jnp.asarray(table[:, :, i].T, dtype) for i in range(4))
    return Products(positions, fan_in, outputs, repeats, jnp.asarray(fixed, dtype))


def _products(layer: LayerWork) -> list[tuple[int, int, int, int]]:
    if layer.kind == "pool":
        # sizes of 1: quotients stay finite where nothing is done
        return [(1, 1, 1, 0), (1, 1, 1, 0)]
    if layer.kind == "attention":
        tokens, width = layer.positions, layer.channels_out // layer.groups
        return [(tokens, width, tokens, layer.groups), (tokens, tokens, width, layer.groups)]
    return [(layer.positions, layer.fan_in, layer.channels_out // layer.groups, layer.groups), (1, 1, 1, 0)]
