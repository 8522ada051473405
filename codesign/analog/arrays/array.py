"""Matrix products as an array computes them: one interface for exact digital arithmetic and for analog crossbars.

A product has two parts. `program` turns weights into what the chip really holds (programming noise, wire losses): once per weight
update. `read` multiplies by it: reused over the batch and all time steps.
"""

import abc
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from codesign.analog.arrays.readout import convert, statistical_read, tile_sums
from codesign.analog.device.ageing import AbstractAgeing, fast_variance, slow_noise
from codesign.analog.device.device import Device
from codesign.analog.device.noise import leaf
from codesign.numerics import safe_root
from codesign.products.convolve import convolve
from codesign.products.unfold import unfold
from codesign.workloads.workload import LayerWork


class AbstractArray(eqx.Module):
    """Arithmetic of one layer."""

    @abc.abstractmethod
    def program(self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]) -> Any:
        """Weights as the chip holds them, in a form of the array's own; `scale` is the weight that the largest conductance stands for."""

    @abc.abstractmethod
    def read(
        self, x: Float[Array, "batch fan_in"], held: Any, full_scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "batch outputs"]:
        """Product with held weights.

        Args:
            x: inputs, folded over batch and time.
            held: what `program` returned.
            full_scale: the largest |weight| times the learned share of the rows that may add up.
            key: noise of this reading, drawn anew for every sample and step.
        """

    def read_map(
        self,
        x: Float[Array, "batch height width channels"],
        held: Any,
        full_scale: Float[Array, ""],
        key: Key[Array, ""],
        geometry: LayerWork,
    ) -> Float[Array, "batch height_out width_out outputs"]:
        """Convolution with held weights, one group of channels: a product with each patch of the map. See `read`."""
        product = self.read(unfold(x, geometry), held, full_scale, key)
        return product.reshape(x.shape[0], geometry.height_out, geometry.width_out, -1)

    def part(self, held: Any, start: int, stop: int) -> tuple["AbstractArray", Any]:
        """The rows from `start` to `stop` of what is held, and the array that reads them while the others rest."""
        # rows are the first axis of every leaf; an array of another form cuts its own
        return self, jax.tree.map(lambda leaf: leaf[start:stop], held)

    def behind(self, held: Any, factors: Float[Array, " outputs"]) -> tuple[Any, Float[Array, " outputs"] | None]:
        """What is held, and the factors of the outputs that remain to be applied behind the converters."""
        # left outside by default: a factor inside would move what the converters clip and round
        return held, factors

    def delivered(self, shape: tuple[int, ...]) -> Float[Array, "fan_in outputs"]:
        """Share of its ideal current that each cell delivers, and draws from its driver."""
        return jnp.ones(shape)


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
        # no converter, so full_scale means nothing here
        return x @ held

    def behind(
        self, held: Float[Array, "fan_in outputs"], factors: Float[Array, " outputs"]
    ) -> tuple[Float[Array, "fan_in outputs"], None]:
        """The factors taken into the weights, of which there are fewer than products."""
        return held * factors, None

    def read_map(
        self,
        x: Float[Array, "batch height width channels"],
        held: Float[Array, "fan_in outputs"],
        full_scale: Float[Array, ""],
        key: Key[Array, ""],
        geometry: LayerWork,
    ) -> Float[Array, "batch height_out width_out outputs"]:
        """The plain convolution; in which order a digital array adds it up does not matter."""
        return convolve(x, held, geometry)


class Held(NamedTuple):
    """A programmed layer.

    Attributes:
        weights: effective weights.
        variance: of one reading of each weight; None without noise from reading to reading.
    """

    # fan_in first: `AbstractArray.part` cuts rows leaf by leaf; outputs last, as in every array's form: layers split them into groups
    weights: Float[Array, "fan_in outputs"]
    variance: Float[Array, "fan_in outputs"] | None


class Condition(eqx.Module):
    """Devices in the state in which they are used: drifted since programming, and read with their noise.

    Attributes:
        device: laws of drift and read noise, and the range of conductances.
        ageing: time since programming, and its compensation.
    """

    device: Device
    ageing: AbstractAgeing

    def __call__(
        self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]
    ) -> tuple[Float[Array, "fan_in outputs"], Float[Array, "fan_in outputs"]]:
        """Weights of differential pairs at the time of use, and the variance of one reading."""
        drift_key, noise_key = jax.random.split(key)
        low = self.device.g_min.astype(weights.dtype)
        span = self.device.g_max.astype(weights.dtype) - low
        # the pair's programming noise is already in the weight: one device carries it, the other rests exactly at the smallest
        programmed = low + span / scale * jnp.stack([jax.nn.relu(weights), jax.nn.relu(-weights)])
        aged = self.ageing(self.device, programmed, drift_key)
        # currents of a pair subtract, their variances add; the last factor goes from siemens back to weights
        variance = jnp.sum(fast_variance(self.device, aged, self.ageing.age_s), axis=0) * (scale / span) ** 2
        plus, minus = slow_noise(self.device, aged, self.ageing.age_s, noise_key)
        return (plus - minus) * scale / span, variance


class CrossbarPhysics(eqx.Module):
    """What programming, time and wires do to the weights of one crossbar-mapped layer.

    Attributes:
        rows, columns: array size.
        programming_sigma: standard deviation of a programmed conductance, as a share of the largest.
        row_loss, column_loss: mean conductance times wire resistance per cell, along a row and along a column.
        condition: of the devices when they are used; None for right after programming, without read noise.
    """

    rows: Float[Array, ""]
    columns: Float[Array, ""]
    programming_sigma: Float[Array, ""]
    row_loss: Float[Array, ""]
    column_loss: Float[Array, ""]
    condition: Condition | None = None

    def program(self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]) -> Held:
        """Noise of a differential pair (two devices, so sqrt(2) sigma), then time, then the wires' attenuation.

        Reparameterised: the draw depends on `key` only, so gradients reach the sigma.
        """
        # folded in, not split: a chip has the same programming noise fresh and aged
        use_key = jax.random.fold_in(key, 1)
        noise = jax.random.normal(key, weights.shape, weights.dtype)
        noisy = weights + jnp.sqrt(2.0) * self.programming_sigma * scale * noise
        # of fresh devices: drifted ones conduct less and lose a little less on the wires than this says
        attenuation = self.attenuation(weights.shape)
        if self.condition is None:
            return Held(noisy * attenuation, None)
        used, variance = self.condition(noisy, scale, use_key)
        return Held(used * attenuation, variance * attenuation**2)

    def attenuation(self, shape: tuple[int, ...]) -> Float[Array, "fan_in outputs"]:
        """See `wire_attenuation`."""
        return wire_attenuation(shape, self.rows, self.columns, self.row_loss, self.column_loss)


def wire_attenuation(
    shape: tuple[int, ...],
    rows: Float[Array, ""],
    columns: Float[Array, ""],
    row_loss: Float[Array, ""],
    column_loss: Float[Array, ""],
) -> Float[Array, "fan_in outputs"]:
    """Share of its ideal current that each cell delivers, by the Pade form 1 / (1 + R_w g + R_b g) with a uniform conductance.

    Exact in the array size at powers of two, and linear in log2 of it between them: a cell's place in its array, which changes
    with the size, makes anything smoother wrong. Matrices R_w, R_b: see `codesign.analog.wires.wires`.
    """

    # row sums of R_w and R_b in closed form: no matrix is built, and the size stays a run-time value
    # a part-filled array counts as full: its unused cells conduct like the others
    def along_row(size: Array) -> Array:
        j = jax.lax.rem(jnp.arange(shape[1], dtype=size.dtype), size)
        return (j + 1) * size - j * (j + 1) / 2

    def along_column(size: Array) -> Array:
        i = jax.lax.rem(jnp.arange(shape[0], dtype=size.dtype), size)
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
    """A crossbar whose array size and converter bits are real numbers, for gradients.

    Attributes:
        physics: from weights to what the devices hold.
        adc_bits: resolution of the converters.
        step_share: rounding step of a whole weight as a share of that of one conversion (`codesign.evaluation.arithmetic.slicing_factor`).
    """

    physics: CrossbarPhysics
    adc_bits: Float[Array, ""]
    step_share: Float[Array, ""] = eqx.field(converter=leaf, default=1.0)

    def program(self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]) -> Held:
        """See `CrossbarPhysics.program`."""
        return self.physics.program(weights, scale, key)

    def read(
        self, x: Float[Array, "batch fan_in"], held: Held, full_scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "batch outputs"]:
        """One equivalent converter per output; see `statistical_read`."""
        # currents add, so one draw per output with the summed variance is that of reading every device
        product = x @ held.weights
        if held.variance is not None:
            product = product + safe_root(x**2 @ held.variance) * jax.random.normal(key, product.shape, product.dtype)
        # not rounded up, so that rows keep a gradient; a last, part-filled tile counts by its part
        tiles = x.shape[1] / self.physics.rows
        # full_scale is per row: what a tile may add up to grows with its rows
        return statistical_read(product, tiles, self.adc_bits, full_scale * self.physics.rows, self.step_share)

    def delivered(self, shape: tuple[int, ...]) -> Float[Array, "fan_in outputs"]:
        """See `wire_attenuation`."""
        return self.physics.attenuation(shape)


class TiledCrossbar(AbstractArray):
    """A crossbar with legal sizes and whole bits, tile by tile.

    Attributes:
        physics, adc_bits, step_share: as `StatisticalCrossbar`.
        block: divides every row count that may occur (static).
    """

    physics: CrossbarPhysics
    adc_bits: Float[Array, ""]
    block: int = eqx.field(static=True)
    step_share: Float[Array, ""] = eqx.field(converter=leaf, default=1.0)

    def program(self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]) -> Held:
        """See `CrossbarPhysics.program`."""
        return self.physics.program(weights, scale, key)

    def read(
        self, x: Float[Array, "batch fan_in"], held: Held, full_scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "batch outputs"]:
        """One converter per tile and output; see `codesign.analog.arrays.readout`."""
        sums = tile_sums(x, held.weights, self.physics.rows, self.block)
        # in front of the converters, which clip and round the noise with the signal
        if held.variance is not None:
            variance = tile_sums(x**2, held.variance, self.physics.rows, self.block)
            sums = sums + safe_root(variance) * jax.random.normal(key, sums.shape, sums.dtype)
        return jnp.sum(convert(sums, full_scale * self.physics.rows, self.adc_bits, self.step_share), axis=0)

    def delivered(self, shape: tuple[int, ...]) -> Float[Array, "fan_in outputs"]:
        """See `wire_attenuation`."""
        return self.physics.attenuation(shape)


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
    # two keys: the chip, and the noise of this reading
    program_key, read_key = jax.random.split(key)
    held = array.program(weights, scale, program_key)
    return array.read(x, held, jnp.asarray(full_scale_share, weights.dtype) * scale, read_key)
