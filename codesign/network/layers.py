"""Weighted layers of a network whose products run on an array, time folded into the batch.

A convolution is a product with unfolded patches, because that is what an array computes, and because its gradient is then a matrix
product too: convolution gradients inside rolled loops are a hundred times slower on CPU.
"""

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from codesign.analog.array import AbstractArray
from codesign.network.quantise import quantise_signed
from codesign.workload import LayerWork


def unfold(x: Float[Array, "batch height width channels"], geometry: LayerWork) -> Float[Array, "rows fan_in"]:
    """Patches of a map as rows, ordered (batch, row, column) by (kernel row, kernel column, channel), zero padded to fit."""
    kernel_height, kernel_width, stride = geometry.kernel_height, geometry.kernel_width, geometry.stride
    high = (geometry.height_out - 1) * stride + kernel_height - geometry.height_in
    wide = (geometry.width_out - 1) * stride + kernel_width - geometry.width_in
    top, left = max(high, 0) // 2, max(wide, 0) // 2
    padded = jnp.pad(x, ((0, 0), (top, max(high, 0) - top), (left, max(wide, 0) - left), (0, 0)))
    rows, columns = geometry.height_out * stride, geometry.width_out * stride
    shifted = [
        padded[:, i : i + rows - stride + 1 : stride, j : j + columns - stride + 1 : stride]
        for i in range(kernel_height)
        for j in range(kernel_width)
    ]
    return jnp.concatenate(shifted, axis=-1).reshape(-1, geometry.fan_in)


class Synapses(nnx.Module):
    """Weights of a dense or convolutional layer, with learned quantisation range and learned converter range.

    Attributes:
        geometry: the layer's shape.
        kernel: weights `[fan_in, outputs]`.
        log_scale: logarithm of the largest represented weight.
        log_full_scale: logarithm of the converters' full scale, as a share of an array's largest possible sum.
        log_column_scale: logarithm of the digital factor of each output, behind its converters.
    """

    def __init__(self, geometry: LayerWork, *, gain: float, rngs: nnx.Rngs) -> None:
        shape = (geometry.fan_in, geometry.channels_out)
        spread = gain * geometry.fan_in**-0.5
        self.geometry = geometry
        self.kernel = nnx.Param(spread * jax.random.normal(rngs.params(), shape, jnp.float32))
        # 2.5 standard deviations clip 1 % of normal weights and suit 3 to 6 bits
        self.log_scale = nnx.Param(jnp.log(jnp.asarray(2.5 * spread, jnp.float32)))
        self.log_full_scale = nnx.Param(jnp.log(jnp.asarray(0.1, jnp.float32)))
        self.log_column_scale = nnx.Param(jnp.zeros(geometry.channels_out, jnp.float32))

    def __call__(
        self, x: Float[Array, "batch ..."], array: AbstractArray, weight_bits: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "batch ..."]:
        """Product of a folded batch with the programmed weights: `[batch, outputs]`, or a map for a convolution."""
        geometry = self.geometry
        scale = jnp.exp(self.log_scale[...])
        program_key, read_key = jax.random.split(key)
        held = array.program(quantise_signed(self.kernel[...], scale, weight_bits), scale, program_key)
        rows = unfold(x, geometry) if geometry.kind == "conv" else x.reshape(x.shape[0], -1)
        product = array.read(rows, held, jnp.exp(self.log_full_scale[...]) * scale, read_key) * jnp.exp(self.log_column_scale[...])
        if geometry.kind == "conv":
            return product.reshape(x.shape[0], geometry.height_out, geometry.width_out, geometry.channels_out)
        return product
