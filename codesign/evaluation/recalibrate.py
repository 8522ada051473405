"""Re-estimation on a programmed chip: gain and offset of every column, from a batch of calibration samples.

A programmed, aged chip computes each output with a gain and an offset of its own. Where its inputs are known, the output that the same
inputs give on reference arrays is known too, and a digital factor and offset behind the converters restore its mean and its spread:
what re-estimating batch norms does, layer by layer, in one pass. Later layers see earlier ones already corrected.

Moments leave the network as cotangents: each array carries zeros whose "gradient" is what was measured, so that any network can be
calibrated without knowing of it, and nothing is written from inside a trace.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key

from codesign.analog.arrays.array import BELL_SHAPED, AbstractArray
from codesign.evaluation.evaluate import Batch, Design
from codesign.network.builders.models import SpikingNetwork
from codesign.numerics import safe_divide
from codesign.workloads.workload import LayerWork

# a column that hardly varies on the calibration batch tells nothing of its gain
_LARGEST_GAIN = 4.0


class Recalibrated(AbstractArray):
    """Another array with a digital gain and offset for each column.

    Attributes:
        base: the array.
        gain: factor of each output.
        offset: added to each output, in the units of the product.
    """

    base: AbstractArray
    gain: Float[Array, " outputs"]
    offset: Float[Array, " outputs"]

    def program(self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]) -> Any:
        """The array's own."""
        return self.base.program(weights, scale, key)

    def read(
        self, x: Float[Array, "batch fan_in"], held: Any, full_scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "batch outputs"]:
        """The array's own, corrected."""
        # factors of the outputs stay outside, as gain and offset were measured in front of them
        return self.gain * self.base.read(x, held, full_scale, key) + self.offset

    def read_map(
        self,
        x: Float[Array, "batch height width channels"],
        held: Any,
        full_scale: Float[Array, ""],
        key: Key[Array, ""],
        geometry: LayerWork,
    ) -> Float[Array, "batch height_out width_out outputs"]:
        """The array's own, corrected."""
        return self.gain * self.base.read_map(x, held, full_scale, key, geometry) + self.offset

    def part(self, held: Any, start: int, stop: int) -> tuple["Recalibrated", Any]:
        """The array's own, corrected."""
        base, part = self.base.part(held, start, stop)
        return Recalibrated(base, self.gain, self.offset), part

    def delivered(self, shape: tuple[int, ...], magnitude: ArrayLike = BELL_SHAPED) -> Float[Array, "fan_in outputs"]:
        """The array's own."""
        return self.base.delivered(shape, magnitude)


class _Calibrating(AbstractArray):
    """Reads chip and reference side by side, and hands on the corrected output."""

    base: AbstractArray
    reference: AbstractArray
    tap: Float[Array, "3 outputs"]

    def program(self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]) -> Any:
        # 2, as CrossbarPhysics folds in 1: nothing of the chip is drawn again; its own key goes on unchanged, for the same chip
        reference_key = jax.random.fold_in(key, 2)
        return self.base.program(weights, scale, key), self.reference.program(weights, scale, reference_key)

    def read(
        self, x: Float[Array, "batch fan_in"], held: Any, full_scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "batch outputs"]:
        reference_key = jax.random.fold_in(key, 2)
        return self._matched(self.base.read(x, held[0], full_scale, key), self.reference.read(x, held[1], full_scale, reference_key))

    def read_map(
        self,
        x: Float[Array, "batch height width channels"],
        held: Any,
        full_scale: Float[Array, ""],
        key: Key[Array, ""],
        geometry: LayerWork,
    ) -> Float[Array, "batch height_out width_out outputs"]:
        output = self.base.read_map(x, held[0], full_scale, key, geometry)
        return self._matched(output, self.reference.read_map(x, held[1], full_scale, jax.random.fold_in(key, 2), geometry))

    def _matched(self, output: Float[Array, "... outputs"], wanted: Float[Array, "... outputs"]) -> Float[Array, "... outputs"]:
        """The output with the mean and spread that is wanted, over samples, steps and positions."""
        axes = tuple(range(output.ndim - 1))
        # the slope of std is undefined at a silent column, which does no harm: no tap gets a cotangent that went through it
        share = safe_divide(jnp.std(wanted, axis=axes), jnp.std(output, axis=axes), 1.0)
        gain = jnp.clip(share, 1 / _LARGEST_GAIN, _LARGEST_GAIN)
        offset = jnp.mean(wanted, axis=axes) - gain * jnp.mean(output, axis=axes)
        # the ones count readings: cotangents of a recurrent layer add up
        return _tapped(gain * output + offset, self.tap, jnp.stack([gain, offset, jnp.ones_like(gain)]))

    def part(self, held: Any, start: int, stop: int) -> tuple["_Calibrating", Any]:
        (base, own), (reference, wanted) = self.base.part(held[0], start, stop), self.reference.part(held[1], start, stop)
        return _Calibrating(base, reference, self.tap), (own, wanted)

    def delivered(self, shape: tuple[int, ...], magnitude: ArrayLike = BELL_SHAPED) -> Float[Array, "fan_in outputs"]:
        return self.base.delivered(shape, magnitude)


@jax.custom_vjp
def _tapped(output: Array, tap: Array, measured: Array) -> Array:
    """The output; the cotangent of `tap` is `measured`."""
    return output


def _tapped_forward(output: Array, tap: Array, measured: Array) -> tuple[Array, Array]:
    return output, measured


def _tapped_backward(measured: Array, cotangent: Array) -> tuple[Array, Array, Array]:
    return cotangent, measured, jnp.zeros_like(measured)


_tapped.defvjp(_tapped_forward, _tapped_backward)


def recalibrate(
    graph: "nnx.GraphDef[SpikingNetwork]",
    design: Design,
    batch: Batch,
    arrays: Sequence[AbstractArray],
    references: Sequence[AbstractArray],
    key: Key[Array, ""],
) -> list[AbstractArray]:
    """The arrays of one simulated chip with gains and offsets re-estimated on it.

    Args:
        graph: static structure of the network.
        design: weights and operation.
        batch: calibration samples; labels are not used.
        arrays: of the chip.
        references: what each layer should compute: arrays of the same kind without noise.
        key: the simulated chip, the same that the result is then used with.

    Raises:
        ValueError: a layer with groups of channels (depthwise).

    Returns:
        For `evaluate_on` with the same key. A layer that is read several times in a pass (recurrent) gets the mean of
        its corrections.
    """
    network = nnx.merge(graph, design.network)
    geometries = network.geometries
    # groups are read as a batch of arrays, of which a correction of all outputs knows nothing
    if grouped := [layer.name for layer in geometries if layer.groups > 1]:
        raise ValueError(f"layer {grouped[0]!r} has groups of channels, which cannot be recalibrated")
    taps = [jnp.zeros((3, layer.channels_out)) for layer in geometries]

    def run(taps: list[Array]) -> Array:
        placed = [_Calibrating(*parts) for parts in zip(arrays, references, taps, strict=True)]
        # any scalar that every layer reaches will do; the caller uses the key once more, on purpose
        return jnp.sum(network(batch.inputs, design.operation, placed, jax.random.clone(key)).logits)

    return [_corrected(array, *measured) for array, measured in zip(arrays, jax.grad(run)(taps), strict=True)]


def _corrected(array: AbstractArray, gains: Array, offsets: Array, count: Array) -> Recalibrated:
    """The mean over the readings of a pass; an array that was not read keeps its outputs."""
    return Recalibrated(array, safe_divide(gains, count, 1.0), safe_divide(offsets, count))
