"""Matrix products as an array computes them: one interface for exact digital arithmetic and for analog crossbars.

A product has two parts. `program` turns weights into what the chip really holds (programming noise, wire losses): once per weight
update. `read` multiplies by it: reused over the batch and all time steps.
"""

import abc
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from codesign.analog.readout import statistical_read, tiled_read


class AbstractArray(eqx.Module):
    """Arithmetic of one layer."""

    @abc.abstractmethod
    def program(
        self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "fan_in outputs"]:
        """Weights as the chip holds them; `scale` is the weight that the largest conductance stands for."""

    @abc.abstractmethod
    def read(
        self, x: Float[Array, "batch fan_in"], held: Float[Array, "fan_in outputs"], full_scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "batch outputs"]:
        """Product with held weights.

        Args:
            x: inputs, folded over batch and time.
            held: what `program` returned.
            full_scale: the largest |weight| times the learned share of the rows that may add up.
            key: noise of this reading, drawn anew for every sample and step.
        """


class DigitalArray(AbstractArray):
    """Exact arithmetic: systolic arrays and many-cores add nothing of their own."""

    def program(
        self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "fan_in outputs"]:
        """The weights themselves."""
        return weights

    def read(
        self, x: Float[Array, "batch fan_in"], held: Float[Array, "fan_in outputs"], full_scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "batch outputs"]:
        """The plain product."""
        return x @ held


class CrossbarPhysics(eqx.Module):
    """What programming and wires do to the weights of one crossbar-mapped layer.

    Attributes:
        rows, columns: array size.
        programming_sigma: standard deviation of a programmed conductance, as a share of the largest.
        row_loss, column_loss: mean conductance times wire resistance per cell, along a row and along a column.
    """

    rows: Float[Array, ""]
    columns: Float[Array, ""]
    programming_sigma: Float[Array, ""]
    row_loss: Float[Array, ""]
    column_loss: Float[Array, ""]

    def program(
        self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "fan_in outputs"]:
        """Noise of a differential pair (two devices, so sqrt(2) sigma), then the wires' attenuation.

        Reparameterised: the draw depends on `key` only, so gradients reach the sigma.
        """
        noise = jax.random.normal(key, weights.shape, weights.dtype)
        noisy = weights + jnp.sqrt(2.0) * self.programming_sigma * scale * noise
        return noisy * wire_attenuation(weights.shape, self.rows, self.columns, self.row_loss, self.column_loss)


def wire_attenuation(
    shape: tuple[int, ...],
    rows: Float[Array, ""],
    columns: Float[Array, ""],
    row_loss: Float[Array, ""],
    column_loss: Float[Array, ""],
) -> Float[Array, "fan_in outputs"]:
    """Share of its ideal current that each cell delivers, by the Pade form 1 / (1 + R_w g + R_b g) with a uniform conductance.

    Exact in the array size at powers of two, and linear in log2 of it between them: a cell's place in its array, which changes
    with the size, makes anything smoother wrong. Matrices R_w, R_b: see `codesign.analog.wires`.
    """

    def along_row(size: Array) -> Array:
        j = jnp.mod(jnp.arange(shape[1]), size)
        return (j + 1) * size - j * (j + 1) / 2

    def along_column(size: Array) -> Array:
        i = jnp.mod(jnp.arange(shape[0]), size)
        return (size - i) * (i + 1) + (size - i - 1) * (size - i) / 2

    row_term = row_loss * _between_powers(along_row, columns)
    column_term = column_loss * _between_powers(along_column, rows)
    return 1 / (1 + row_term[None, :] + column_term[:, None])


def _between_powers(function: Callable[[Array], Array], size: Float[Array, ""]) -> Array:
    exponent = jnp.log2(size)
    # sizes are set in log space: without the slack 127.99999 would count as "just below 128"
    low = jax.lax.stop_gradient(jnp.floor(exponent + 1e-4))
    share = exponent - low
    return (1 - share) * function(2**low) + share * function(2 ** (low + 1))


class StatisticalCrossbar(AbstractArray):
    """A crossbar whose array size and converter bits are real numbers, for gradients."""

    physics: CrossbarPhysics
    adc_bits: Float[Array, ""]

    def program(
        self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "fan_in outputs"]:
        """See `CrossbarPhysics.program`."""
        return self.physics.program(weights, scale, key)

    def read(
        self, x: Float[Array, "batch fan_in"], held: Float[Array, "fan_in outputs"], full_scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "batch outputs"]:
        """One equivalent converter per output; see `statistical_read`."""
        return statistical_read(x, held, self.physics.rows, self.adc_bits, full_scale * self.physics.rows)


class TiledCrossbar(AbstractArray):
    """A crossbar with legal sizes and whole bits, tile by tile; `block` divides every row count that may occur (static)."""

    physics: CrossbarPhysics
    adc_bits: Float[Array, ""]
    block: int = eqx.field(static=True)

    def program(
        self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "fan_in outputs"]:
        """See `CrossbarPhysics.program`."""
        return self.physics.program(weights, scale, key)

    def read(
        self, x: Float[Array, "batch fan_in"], held: Float[Array, "fan_in outputs"], full_scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "batch outputs"]:
        """One converter per tile and output; see `tiled_read`."""
        return tiled_read(x, held, self.physics.rows, self.adc_bits, full_scale * self.physics.rows, self.block)


def analog_matmul(
    x: Float[Array, "batch fan_in"],
    weights: Float[Array, "fan_in outputs"],
    array: AbstractArray,
    key: Key[Array, ""],
    scale: Float[Array, ""] | float = 1.0,
    full_scale_share: Float[Array, ""] | float = 1.0,
) -> Float[Array, "batch outputs"]:
    """`x @ weights` as one freshly programmed array computes it.

    Args:
        x: inputs, folded over batch and time.
        weights: weights in [-scale, scale].
        array: the arithmetic.
        key: randomness of the programmed devices.
        scale: weight that the largest conductance stands for.
        full_scale_share: a converter's full scale as a share of the largest possible sum of its rows.
    """
    scale = jnp.asarray(scale, weights.dtype)
    program_key, read_key = jax.random.split(key)
    held = array.program(weights, scale, program_key)
    return array.read(x, held, jnp.asarray(full_scale_share, weights.dtype) * scale, read_key)
