"""Weights and neurons of a hardened network, on the grids of an integer datapath.

They stand where `Synapses` and the neurons stood, and compute with floating-point numbers that are all integers (times powers of two)
below 2**24: no operation rounds, except where a rounding is written down. So the network that is measured and the one that
`codesign.network.integer.integer` runs with integers alone are the same, bit for bit. The membrane's unit is one unit of the accumulator,
times a power of two; learned thresholds, scales and units of the inputs all end up in the thresholds.
"""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Int, Key

from codesign.analog.arrays.array import AbstractArray, DigitalArray
from codesign.network.layers.layers import AbstractSynapses
from codesign.network.neurons.firing import Parts
from codesign.network.neurons.neurons import AbstractSequentialNeuron, Step
from codesign.products.unfold import unfold
from codesign.workloads.workload import LayerWork, Neuron

EXACT = 2**24  # integers up to here are float32 numbers
LEAK_SHIFT = 8  # fraction bits of a leak

Codes = Int[np.ndarray, "..."]


def _held(codes: Codes | float) -> nnx.Variable:
    return nnx.Variable(jnp.asarray(codes, jnp.float32))


class FixedSynapses(AbstractSynapses):
    """Integer weights; what comes out is the accumulator, times a factor per output where there is one.

    Attributes:
        geometry: the layer's shape.
        weights: integer weights `[fan_in, outputs]`.
        bias: integers added to the accumulator, or None.
        factor: integers that class scores are multiplied by, times `2**exponent`; None for a layer with neurons.
        unit: value of one unit of an input code.
    """

    def __init__(
        self, geometry: LayerWork, weights: Codes, bias: Codes | None, factor: Codes | None, unit: float, exponent: int = 0
    ) -> None:
        self.geometry, self.unit, self.exponent = geometry, unit, exponent
        self.weights = _held(weights)
        self.bias = None if bias is None else _held(bias)
        self.factor = None if factor is None else _held(factor)

    def __call__(
        self, x: Float[Array, "batch ..."], array: AbstractArray, weight_bits: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "batch ..."]:
        """The accumulator; weights keep the bits they were rounded to.

        Raises:
            TypeError: an analog array, which is not exact.
        """
        geometry = self.geometry
        if not isinstance(array, DigitalArray):
            raise TypeError(f"layer {geometry.name!r} is in fixed point and needs a DigitalArray, got {type(array).__name__}")
        # a whole number but for rounding: not every unit is a power of two
        codes = jnp.round(x / self.unit)
        rows = unfold(codes, geometry) if geometry.kind == "conv" else codes.reshape(x.shape[0], -1)
        sums = grouped_product(rows, self.weights[...], geometry)
        if self.bias is not None:
            sums = sums + self.bias[...]
        if self.factor is not None:
            # exact: `to_fixed_point` keeps sum times factor below EXACT, and a power of two moves only the exponent
            sums = sums * self.factor[...] * 2.0**self.exponent
        return sums.reshape(x.shape[0], geometry.height_out, geometry.width_out, -1) if geometry.kind == "conv" else sums


def grouped_product(
    rows: Float[Array, "rows patch"], weights: Float[Array, "fan_in outputs"], geometry: LayerWork
) -> Float[Array, "rows outputs"]:
    """Product in which each group of outputs sees its own channels, at full float32 precision on every device."""
    groups = geometry.groups
    positions = geometry.kernel_height * geometry.kernel_width
    # a group's channels lie next to each other, and so do its outputs
    grouped = rows.reshape(rows.shape[0], positions, groups, -1)
    matrices = weights.reshape(positions, -1, groups, weights.shape[1] // groups)
    # accelerators multiply float32 with a shorter mantissa unless told otherwise
    product = jnp.einsum("rpgc,pcgo->rgo", grouped, matrices, precision=jax.lax.Precision.HIGHEST)
    return product.reshape(rows.shape[0], -1)


def half_up(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Rounding as hardware does it: add a half, drop the fraction."""
    # jnp.round takes ties to even, an adder and a shift do not
    return jnp.floor(x + 0.5)


class FixedPointNeuron(AbstractSequentialNeuron):
    """IF or LIF in two's complement: u <- saturate(round(leak u / 2**LEAK_SHIFT) + round(accumulator / 2**exponent)).

    Attributes:
        parts: how it fires and is reset; its state is an integer of `bits` bits in any case.
        level: threshold in units of the accumulator, at which an ANN layer in its place saturates.
        code: the same in units of the potential, an integer.
        leak: integer share of the potential that is kept, in 2**-LEAK_SHIFT; None where nothing leaks.
        start: potential before the first step, an integer.
        exponent: logarithm to base 2 of the potential's unit, in units of the accumulator.
        bits: of the potential.
    """

    def __init__(self, parts: Parts, level: np.ndarray, code: Codes, leak: Codes | None, start: Codes, *, exponent: int, bits: int) -> None:
        self.parts, self.exponent, self.bits = parts, exponent, bits
        self.level = nnx.Variable(jnp.asarray(level, jnp.float32))
        self.code, self.start = _held(code), _held(start)
        self.leak = None if leak is None else _held(leak)

    @property
    def model(self) -> Neuron:
        """LIF, or IF where nothing leaks."""
        return "if" if self.leak is None else "lif"

    @property
    def threshold(self) -> Float[Array, "..."]:
        """Firing threshold, in units of the accumulator."""
        return self.level[...]

    def initial(self, drive: Float[Array, "batch ..."]) -> Float[Array, "batch ..."]:
        """The start."""
        return jnp.broadcast_to(self.start[...], drive.shape).astype(drive.dtype)

    def dynamics(self, state_bits: Float[Array, ""]) -> Step:
        """See `AbstractSequentialNeuron`; `bits` is what counts here."""
        half, code, parts = 2 ** (self.bits - 1), self.code[...], self.parts
        leak = None if self.leak is None else self.leak[...] / 2**LEAK_SHIFT

        def step(potential: Array, drive: Array, noise: Array | None) -> tuple[Array, Array]:
            # leak times potential takes at most 24 bits (`state_bits` is bounded for that), so this is the only rounding
            kept = potential if leak is None else half_up(leak * potential)
            # saturated once, behind the sum; a sum beyond 2**24 may be rounded, but saturates anyway
            held = jnp.clip(kept + half_up(drive * 2.0**-self.exponent), -half, half - 1)
            # compared with multiples of the threshold: a quotient would round
            levels = jnp.arange(1, 2**parts.firing.payload_bits, dtype=held.dtype)
            fired = jnp.sum((held[..., None] >= levels * code[..., None]).astype(held.dtype), axis=-1)
            return parts.reset(held, fired, code), fired

        return step
