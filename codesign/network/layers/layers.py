"""Weighted layers of a network whose products run on an array, time folded into the batch.

An analog convolution is a product with unfolded patches, because that is what an array computes; a digital one may be computed directly.
"""

import abc
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from codesign.analog.arrays.array import AbstractArray
from codesign.network.layers.norm import PLAIN, AbstractNorm
from codesign.network.quantise import quantise_signed
from codesign.products.unfold import unfold
from codesign.workloads.workload import LayerWork


class Programmed(NamedTuple):
    """Weights as an array holds them, ready to be read any number of times; axes in front of those named are independent arrays.

    Attributes:
        array: the arithmetic.
        held: in the array's own form.
        full_scale: of its converters.
        column_scale: factor of each output behind the converters; None where the array has taken it into what it holds.
    """

    array: AbstractArray
    held: Any
    full_scale: Float[Array, ""]
    column_scale: Float[Array, " outputs"] | None

    def scaled(self, product: Float[Array, "... outputs"]) -> Float[Array, "... outputs"]:
        """What comes out behind the converters."""
        return product if self.column_scale is None else product * self.column_scale

    def read(self, rows: Float[Array, "rows fan_in"], key: Key[Array, ""]) -> Float[Array, "rows outputs"]:
        """Product of rows with the held weights."""
        return self.scaled(self.array.read(rows, self.held, self.full_scale, key))

    def read_map(
        self, x: Float[Array, "batch height width channels"], geometry: LayerWork, key: Key[Array, ""]
    ) -> Float[Array, "batch height_out width_out outputs"]:
        """Convolution with the held weights."""
        return self.scaled(self.array.read_map(x, self.held, self.full_scale, key, geometry))

    def read_groups(self, rows: Float[Array, "rows positions groups channels"], key: Key[Array, ""]) -> Float[Array, "rows outputs"]:
        """Product in which each group of outputs sees its own group of channels (depthwise: as many groups as channels)."""
        count, _, groups, _ = rows.shape
        # a group's channels lie together, and so do its outputs: groups become a batch of arrays
        own = jnp.moveaxis(rows, 2, 0).reshape(groups, count, -1)
        # outputs are the last axis of every array's leaves
        held = jax.tree.map(lambda leaf: jnp.moveaxis(leaf.reshape(*leaf.shape[:-1], groups, -1), -2, 0), self.held)
        read = jax.vmap(self.array.read, in_axes=(0, 0, None, 0))
        # a key for each: groups are read by converters of their own
        product = read(own, held, self.full_scale, jax.random.split(key, groups))
        return self.scaled(jnp.moveaxis(product, 0, 1).reshape(count, -1))

    def part(self, start: int, stop: int) -> "Programmed":
        """Some of the array's rows."""
        array, held = self.array.part(self.held, start, stop)
        return self._replace(array=array, held=held)


class AbstractSynapses(nnx.Module):
    """What turns a layer's input into currents."""

    geometry: LayerWork

    @abc.abstractmethod
    def __call__(
        self, x: Float[Array, "batch ..."], array: AbstractArray, weight_bits: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "batch ..."]:
        """Currents of a folded batch: `[batch, outputs]`, or a map for a convolution."""


class Synapses(AbstractSynapses):
    """Weights of a layer, with learned quantisation range and learned converter range.

    Attributes:
        geometry: the layer's shape.
        kernel: weights `[fan_in, outputs]`, before the norm.
        log_scale: logarithm of the largest represented weight.
        log_full_scale: logarithm of the converters' full scale, as a share of an array's largest possible sum.
        log_column_scale: logarithm of the digital factor of each output, behind its converters.
        norm: what becomes of the kernel before it is quantised (static).
        bias: current added to each output, digitally, in every step; or None.
    """

    def __init__(self, geometry: LayerWork, *, gain: float, rngs: nnx.Rngs, norm: AbstractNorm = PLAIN) -> None:
        shape = (geometry.fan_in, geometry.channels_out)
        # sums over any fan-in have a spread in proportion to `gain`
        self.geometry, self.norm, self.spread = geometry, norm, gain * geometry.fan_in**-0.5
        self.kernel = nnx.Param(self.spread * jax.random.normal(rngs.params(), shape, jnp.float32))
        # 2.5 standard deviations clip 1 % of normal weights and suit 3 to 6 bits
        self.log_scale = nnx.Param(jnp.log(jnp.asarray(2.5 * self.spread, jnp.float32)))
        # logarithms: no update makes a range or a factor negative
        self.log_full_scale = nnx.Param(jnp.log(jnp.asarray(0.1, jnp.float32)))
        self.log_column_scale = nnx.Param(jnp.zeros(geometry.channels_out, jnp.float32))
        self.bias = norm.bias(geometry.channels_out)

    @property
    def weights(self) -> Float[Array, "fan_in outputs"]:
        """Weights with their norm folded in, before quantisation."""
        return self.norm.weights(self.kernel[...], self.spread)

    def quantised(self, weight_bits: Float[Array, ""]) -> Float[Array, "fan_in outputs"]:
        """Weights as they are programmed."""
        return quantise_signed(self.weights, jnp.exp(self.log_scale[...]), weight_bits)

    def program(self, array: AbstractArray, weight_bits: Float[Array, ""], key: Key[Array, ""]) -> Programmed:
        """Weights on an array."""
        scale = jnp.exp(self.log_scale[...])
        held = array.program(quantise_signed(self.weights, scale, weight_bits), scale, key)
        held, column_scale = array.behind(held, jnp.exp(self.log_column_scale[...]))
        return Programmed(array, held, jnp.exp(self.log_full_scale[...]) * scale, column_scale)

    def biased(self, product: Float[Array, "... channels"]) -> Float[Array, "... channels"]:
        """The product with the bias added."""
        return product if self.bias is None else product + self.bias[...]

    def __call__(
        self, x: Float[Array, "batch ..."], array: AbstractArray, weight_bits: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "batch ..."]:
        """Product of a folded batch with the programmed weights: `[batch, outputs]`, or a map for a convolution."""
        geometry = self.geometry
        program_key, read_key = jax.random.split(key)
        programmed = self.program(array, weight_bits, program_key)
        if geometry.kind != "conv":
            return self.biased(programmed.read(x.reshape(x.shape[0], -1), read_key))
        if geometry.groups == 1:
            return self.biased(programmed.read_map(x, geometry, read_key))
        # patches also where arithmetic is digital: `read_map` knows one group only
        patches, channels = unfold(x, geometry), x.shape[-1] // geometry.groups
        product = programmed.read_groups(patches.reshape(patches.shape[0], -1, geometry.groups, channels), read_key)
        return self.biased(product).reshape(x.shape[0], geometry.height_out, geometry.width_out, geometry.channels_out)
