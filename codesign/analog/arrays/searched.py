"""The crossbars that a search moves: smooth ones, and the same with legal sizes, tile by tile."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key

from codesign.analog.arrays.array import BELL_SHAPED, AbstractArray
from codesign.analog.arrays.converter import ConversionErrors
from codesign.analog.arrays.physics import CrossbarPhysics, Held
from codesign.analog.arrays.readout import converter_range, statistical_read
from codesign.analog.arrays.tiles import Cells, Range, read_tiles
from codesign.analog.device.noise import leaf
from codesign.numerics import safe_root
from codesign.products.convolve import convolve
from codesign.products.pieces import over_patches
from codesign.workloads.workload import LayerWork


def _corrected(x: Float[Array, "batch fan_in"], held: Held) -> Float[Array, "batch 1"]:
    """What is added digitally to every output."""
    # one column stands for all: the sum of the inputs times what a weight of zero reads
    return jnp.zeros((), x.dtype) if held.correction is None else x @ held.correction[:, :1]


def _programmed(
    physics: CrossbarPhysics,
    errors: ConversionErrors | None,
    weights: Float[Array, "fan_in outputs"],
    scale: Float[Array, ""],
    key: Key[Array, ""],
) -> Held:
    held = physics.program(weights, scale, key)
    # 4, as the chip's faults have folded in 3
    return held if errors is None else held._replace(offset=errors.manufacture(weights, jax.random.fold_in(key, 4)))


class StatisticalCrossbar(AbstractArray):
    """A crossbar whose array size and converter bits are real numbers, for gradients.

    Attributes:
        physics: from weights to what the devices hold.
        adc_bits: resolution of the converters.
        step_share: rounding step of a whole weight as a share of that of one conversion (`codesign.evaluation.arithmetic.slicing_factor`).
        errors: of the converters beside their rounding; None for none.
    """

    physics: CrossbarPhysics
    adc_bits: Float[Array, ""]
    step_share: Float[Array, ""] = eqx.field(converter=leaf, default=1.0)
    errors: ConversionErrors | None = None

    def program(self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]) -> Held:
        """See `CrossbarPhysics.program`; and the converters' offsets."""
        return _programmed(self.physics, self.errors, weights, scale, key)

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
        common = None if held.correction is None else -_corrected(x, held)
        # full_scale is per row: what a tile may add up to grows with its rows
        errors = None
        if self.errors is not None:
            offset = None if held.offset is None else held.offset / self.step_share
            errors = self.errors.statistical(product, offset, jax.random.fold_in(key, 1))
        return statistical_read(product, tiles, self.adc_bits, full_scale * self.physics.rows, self.step_share, common, errors)

    def delivered(self, shape: tuple[int, ...], magnitude: ArrayLike = BELL_SHAPED) -> Float[Array, "fan_in outputs"]:
        """See `CrossbarPhysics.delivered`."""
        return self.physics.delivered(shape, magnitude)


class TiledCrossbar(AbstractArray):
    """A crossbar with legal sizes and whole bits, tile by tile.

    Attributes:
        physics, adc_bits, step_share, errors: as `StatisticalCrossbar`.
    """

    physics: CrossbarPhysics
    adc_bits: Float[Array, ""]
    step_share: Float[Array, ""] = eqx.field(converter=leaf, default=1.0)
    errors: ConversionErrors | None = None

    def program(self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]) -> Held:
        """See `CrossbarPhysics.program`; and the converters' offsets."""
        return _programmed(self.physics, self.errors, weights, scale, key)

    def read(
        self, x: Float[Array, "batch fan_in"], held: Held, full_scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "batch outputs"]:
        """One converter per tile and output; see `codesign.analog.arrays.tiles`."""
        return self._converted(x, held, full_scale, key) + _corrected(x, held)

    def read_map(
        self,
        x: Float[Array, "batch height width channels"],
        held: Held,
        full_scale: Float[Array, ""],
        key: Key[Array, ""],
        geometry: LayerWork,
    ) -> Float[Array, "batch height_out width_out outputs"]:
        """The same for every patch; those of a few maps exist at a time."""

        def product(patches: Array, number: Array) -> Array:
            return self._converted(patches, held, full_scale, jax.random.fold_in(key, number))

        read = over_patches(product, x, geometry)
        # one column stands for all, as in `_corrected`
        return read if held.correction is None else read + convolve(x, held.correction[:, :1], geometry)

    def _converted(
        self, x: Float[Array, "batch fan_in"], held: Held, full_scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "batch outputs"]:
        rows, signed = self.physics.rows, held.correction is None
        # full_scale is per row: what a tile may add up to grows with its rows
        noise = None if self.errors is None else self.errors.noise
        # slices of a weight share a converter, whose offset so counts in full
        offset = None if held.offset is None else held.offset / self.step_share
        converter = Range(*converter_range(full_scale * rows, self.adc_bits, self.step_share, signed=signed), noise, offset)
        return read_tiles(x, Cells(held.weights, held.variance), converter, rows, key, signed)

    def delivered(self, shape: tuple[int, ...], magnitude: ArrayLike = BELL_SHAPED) -> Float[Array, "fan_in outputs"]:
        """See `CrossbarPhysics.delivered`."""
        return self.physics.delivered(shape, magnitude)
