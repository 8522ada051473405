"""How weights become conductances, and how column currents become outputs again.

A mapping encodes a weight matrix into planes of conductances. Currents of planes may be subtracted before a converter sees them
(differential pairs) or read one by one (bit slices), and what no device holds is corrected digitally:

    output = sum_r gain[r] * (sum_p sense[r, p] (x @ G_p)) + x @ correction
"""

import abc
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.analog.checks import require_above, require_at_least, require_finite
from codesign.analog.device.device import Device, quantise
from codesign.analog.device.noise import leaf
from codesign.numerics import straight_through


class Encoding(NamedTuple):
    """Conductances of one weight matrix.

    Attributes:
        G: [planes, fan_in, outputs], S.
        sense: [readings, planes], how currents add before a converter.
        gain: [readings, outputs], weight units per siemens.
        correction: [fan_in, outputs], added digitally, in weight units.
    """

    G: Float[Array, "planes fan_in outputs"]
    sense: Float[Array, "readings planes"]
    gain: Float[Array, "readings outputs"]
    correction: Float[Array, "fan_in outputs"]


class AbstractMapping(eqx.Module):
    """A way to write signed weights with conductances, which are never negative."""

    @abc.abstractmethod
    def encode(self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], device: Device) -> Encoding:
        """Target conductances for weights in [-scale, scale]."""


def _range(device: Device, weights: Array) -> tuple[Array, Array]:
    low = device.g_min.astype(weights.dtype)
    return low, device.g_max.astype(weights.dtype) - low


def check_weights(weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""]) -> None:
    """Refuse weights that no device can hold.

    Raises:
        ValueError: (outside `jit`) NaN or infinite weights, or a scale that is not above 0.
    """
    require_finite("weights", weights)
    require_above("scale", scale, 0.0)


class AbstractWhole(AbstractMapping):
    """A weight in one plane, or in planes that are subtracted before one conversion."""

    @property
    @abc.abstractmethod
    def sense(self) -> tuple[float, ...]:
        """How the planes' currents add."""

    @property
    @abc.abstractmethod
    def reach(self) -> float:
        """Weights that the range of a device stands for, in scales."""

    @property
    @abc.abstractmethod
    def signed(self) -> bool:
        """Whether a converter sees currents of both signs."""

    @abc.abstractmethod
    def places(self, share: Float[Array, "fan_in outputs"]) -> Float[Array, "planes fan_in outputs"]:
        """Where in its range each device is, 0 to 1, for weights as shares of the scale."""

    def zero(self, low: Array, span: Array) -> Array:
        """What a weight of zero reads, in scales; subtracted digitally, as the sum of the inputs is known.

        Args:
            low: smallest conductance [S], a scalar.
            span: from the smallest to the largest [S], a scalar.
        """
        middle = self.places(jnp.zeros((1, 1), low.dtype))[:, 0, 0]
        return self.reach / span * jnp.sum(jnp.asarray(self.sense, low.dtype) * (low + span * middle))

    def encode(self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], device: Device) -> Encoding:
        """`G = G_min + (G_max - G_min) place`."""
        check_weights(weights, scale)
        low, span = _range(device, weights)
        G = quantise(device, low + span * self.places(jnp.clip(weights / scale, -1, 1)))
        gain = jnp.full((1, weights.shape[1]), self.reach, weights.dtype) * scale / span
        correction = jnp.broadcast_to(-scale * self.zero(low, span), weights.shape)
        return Encoding(G, jnp.asarray([self.sense], weights.dtype), gain, correction)


class DifferentialPair(AbstractWhole):
    """Two devices a weight: one carries the positive, one the negative part, the other rests at G_min, which cancels."""

    @property
    def sense(self) -> tuple[float, ...]:
        """The second is subtracted."""
        return 1.0, -1.0

    @property
    def reach(self) -> float:
        """Half of the weights' range each."""
        return 1.0

    @property
    def signed(self) -> bool:
        """Yes."""
        return True

    def places(self, share: Float[Array, "fan_in outputs"]) -> Float[Array, "planes fan_in outputs"]:
        """`relu(+-share)`."""
        # maximum, not relu, whose slope at zero is 0: quantised weights are often exactly zero
        return jnp.stack([jnp.maximum(share, 0), jnp.maximum(-share, 0)])


class OffsetColumn(AbstractWhole):
    """One device a weight, zero at mid-range; the offset, known digitally, is taken from the sum of the inputs."""

    @property
    def sense(self) -> tuple[float, ...]:
        """One plane."""
        return (1.0,)

    @property
    def reach(self) -> float:
        """All of the weights' range."""
        return 2.0

    @property
    def signed(self) -> bool:
        """No: conductances are not negative."""
        return False

    def places(self, share: Float[Array, "fan_in outputs"]) -> Float[Array, "planes fan_in outputs"]:
        """`(1 + share) / 2`."""
        return (1 + share[None]) / 2


class BitSlices(AbstractMapping):
    """Weights of `weight_bits` bits over cells of `cell_bits` bits, offset by half the range (ISAAC, Shafiee et al. 2016).

    The gradient of a weight is shared equally by its slices, so that it passes straight through as a whole.

    Attributes:
        weight_bits, cell_bits: whole numbers of at least 1 (static: they set the number of planes).
    """

    weight_bits: int = eqx.field(static=True)
    cell_bits: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        """Refuse fewer than one bit."""
        require_at_least("weight_bits", self.weight_bits, 1)
        require_at_least("cell_bits", self.cell_bits, 1)

    def encode(self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], device: Device) -> Encoding:
        """`w / scale` on `2^b - 1` steps, its digits to the base `2^c`, one plane a digit, each read by itself."""
        check_weights(weights, scale)
        low, span = _range(device, weights)
        steps, base = 2**self.weight_bits - 1, 2**self.cell_bits
        planes = -(-self.weight_bits // self.cell_bits)
        position = (1 + jnp.clip(weights / scale, -1, 1)) / 2 * steps
        whole = jnp.round(position)
        powers = jnp.asarray([float(base**k) for k in range(planes)], weights.dtype)[:, None, None]
        # the gain multiplies by the power again, so that each plane passes 1 / planes of the slope
        digits = straight_through(jnp.mod(jnp.floor(whole / powers), base), position / (planes * powers))
        # a cell holds base levels whatever the device's own count; the device's range is the digit's range
        G = low + span * digits / (base - 1)
        unit = 2 * scale / steps
        gain = jnp.broadcast_to(unit * (base - 1) / span * powers[:, :, 0], (planes, weights.shape[1]))
        # what the planes read at digit zero, as no cell conducts less than G_min
        rest = unit * (base - 1) * low / span * jnp.sum(powers)
        # a plane is converted by itself: digits of different weight cannot share a column; -scale undoes the offset by half the range
        return Encoding(G, jnp.eye(planes, dtype=weights.dtype), gain, jnp.broadcast_to(-rest - scale, weights.shape))


class BinaryBranches(AbstractMapping):
    """SpikeSim's cell: integer weights as unsigned numbers, one branch a bit, all branches of a weight in one cell.

    A weight q is stored as `q`, or `q + 2^offset_bits` where negative; a set bit i conducts `2^i / r_on`, a clear one `1 / r_off`.
    `2^offset_bits` per negative weight and input is subtracted digitally. Outputs count LSB of the converter.

    Attributes:
        weight_bits, offset_bits: static.
        lsb_siemens: column conductance that reads as one, `I_full_scale / ((2^adc_bits - 1) V_read)`.
    """

    lsb_siemens: Float[Array, ""] = eqx.field(converter=leaf)
    weight_bits: int = eqx.field(static=True)
    offset_bits: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        """Refuse fewer than one bit."""
        require_at_least("weight_bits", self.weight_bits, 1)
        require_above("lsb_siemens", self.lsb_siemens, 0.0)

    def encode(self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], device: Device) -> Encoding:
        """Integer weights; `scale` is the weight of one LSB, 1 for counts."""
        check_weights(weights, scale)
        # no straight-through: this reproduces a tool's read-out and is not trained through
        whole = jnp.round(weights / scale)
        negative = whole < 0
        stored = jnp.where(negative, whole + 2**self.offset_bits, whole)
        powers = 2.0 ** jnp.arange(self.weight_bits, dtype=weights.dtype)[:, None, None]
        is_set = jnp.mod(jnp.floor(stored / powers), 2) == 1
        # a clear bit leaks through a branch of its own, as in the tool
        G = jnp.sum(jnp.where(is_set, powers * device.g_max.astype(weights.dtype), device.g_min.astype(weights.dtype)), axis=0)
        gain = jnp.full((1, weights.shape[1]), 1.0, weights.dtype) * scale / self.lsb_siemens.astype(weights.dtype)
        return Encoding(G[None], jnp.ones((1, 1), weights.dtype), gain, -(2.0**self.offset_bits) * scale * negative)


class TowardsHighResistance(AbstractMapping):
    """Another mapping, with the sign of a column flipped where that lowers its conductance; the sign returns digitally.

    Less current means less drop in the wires and less energy. Differential pairs gain nothing: they are symmetric.

    Attributes:
        base: the other mapping.
    """

    base: AbstractMapping

    def encode(self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], device: Device) -> Encoding:
        """The better of `w` and `-w`, column by column."""
        kept, flipped = self.base.encode(weights, scale, device), self.base.encode(-weights, scale, device)
        # by the targets, before any noise: the choice is made at design time, not on the chip
        flip = jnp.sum(flipped.G, axis=(0, 1)) < jnp.sum(kept.G, axis=(0, 1))
        return Encoding(
            jnp.where(flip, flipped.G, kept.G),
            kept.sense,
            jnp.where(flip, -flipped.gain, kept.gain),
            jnp.where(flip, -flipped.correction, kept.correction),
        )
