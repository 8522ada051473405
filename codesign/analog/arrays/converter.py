"""Analog-to-digital converters of a crossbar's columns: what turns a tile's column sum into a number.

A converter's errors come in two kinds: its offset is drawn once, when the chip is made, and its noise at every conversion. Both are
shares of the full scale, or steps where they belong to a searched crossbar, whose noise lowers the effective bits that are priced
(`codesign.hardware.crossbar.converters`); offsets have no price.
"""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from codesign.analog.arrays.readout import convert
from codesign.analog.checks import require_at_least
from codesign.analog.device.noise import leaf

Sums = Float[Array, "batch ... outputs"]
Columns = Float[Array, "... outputs"]


class ConversionErrors(eqx.Module):
    """What the converters of a searched crossbar err by beside their rounding.

    Attributes:
        noise: standard deviation of one conversion, in steps; None for none.
        offset: standard deviation of a converter's offset, which lasts, in steps; None for none.
        shared: neighbouring outputs that one converter serves with all of their slices, at least 1.
    """

    noise: Float[Array, ""] | None = None
    offset: Float[Array, ""] | None = None
    shared: Float[Array, ""] = eqx.field(converter=leaf, default=1.0)

    def manufacture(self, like: Float[Array, "fan_in outputs"], key: Key[Array, ""]) -> Float[Array, "fan_in outputs"] | None:
        """Offsets in steps, for an array that begins at any row: where arrays begin is known at run time only."""
        if self.offset is None:
            return None
        drawn = self.offset.astype(like.dtype) * jax.random.normal(key, like.shape, like.dtype)
        shared = jnp.maximum(jnp.round(self.shared), 1).astype(jnp.int32)
        return drawn[:, jnp.arange(like.shape[1]) // shared]

    def statistical(self, like: Float[Array, "batch outputs"], offset: Float[Array, "fan_in outputs"] | None, key: Key[Array, ""]) -> Array:
        """Errors of one equivalent conversion for each output, in steps."""
        found = jnp.broadcast_to(jnp.zeros((), like.dtype) if offset is None else offset[0], like.shape)
        return found if self.noise is None else found + self.noise.astype(like.dtype) * jax.random.normal(key, like.shape, like.dtype)


class AbstractConverter(eqx.Module):
    """The converters of one layer."""

    @abc.abstractmethod
    def manufacture(self, like: Columns, key: Key[Array, ""]) -> Columns:
        """Offset of the converter that serves each column, as a share of the full scale; drawn once per chip."""

    @abc.abstractmethod
    def __call__(self, sums: Sums, full_scale: Float[Array, ""], offset: Columns, key: Key[Array, ""]) -> Sums:
        """Numbers read, in the units of the sums; `key` is the noise of these conversions."""


class IdealConverter(AbstractConverter):
    """Reads the exact sum (SpikeSim's engine as released; CrossSim's default)."""

    def manufacture(self, like: Columns, key: Key[Array, ""]) -> Columns:
        """None."""
        return jnp.zeros_like(like)

    def __call__(self, sums: Sums, full_scale: Float[Array, ""], offset: Columns, key: Key[Array, ""]) -> Sums:
        """The sums."""
        return sums


class UniformConverter(AbstractConverter):
    """Clips to the full scale and rounds to `bits` bits, straight-through; see `readout.convert`.

    Attributes:
        bits: any real number of at least 1.
        offset: standard deviation of a converter's offset, as a share of the full scale.
        noise: standard deviation of one conversion, as a share of the full scale.
        columns_per_converter: neighbouring columns that share one converter, and so its offset (static).
        signed: whether sums have both signs (static); else, as of an offset column, the converter covers [0, 2 full scales].

    Raises:
        ValueError: (outside `jit`) fewer than one bit or column, or a negative spread.
    """

    bits: Float[Array, ""] = eqx.field(converter=leaf)
    offset: Float[Array, ""] = eqx.field(converter=leaf, default=0.0)
    noise: Float[Array, ""] = eqx.field(converter=leaf, default=0.0)
    columns_per_converter: int = eqx.field(static=True, default=1)
    signed: bool = eqx.field(static=True, default=True)

    def __check_init__(self) -> None:
        """Refuse fewer than one bit or column, and negative spreads."""
        require_at_least("bits", self.bits, 1)
        require_at_least("offset", self.offset, 0)
        require_at_least("noise", self.noise, 0)
        require_at_least("columns_per_converter", self.columns_per_converter, 1)

    def manufacture(self, like: Columns, key: Key[Array, ""]) -> Columns:
        """One normal draw for each converter, repeated over the columns it serves."""
        outputs = like.shape[-1]
        # counted over the layer's outputs, as if arrays followed each other without a gap; the last one may serve fewer
        converters = -(-outputs // self.columns_per_converter)
        draw = jax.random.normal(key, (*like.shape[:-1], converters), like.dtype)
        return self.offset.astype(like.dtype) * jnp.repeat(draw, self.columns_per_converter, axis=-1)[..., :outputs]

    def __call__(self, sums: Sums, full_scale: Float[Array, ""], offset: Columns, key: Key[Array, ""]) -> Sums:
        """Rounded sums, offset and noise included."""
        # at the input, so clipped and rounded with the sum; drawn at a noise of 0 too, which is a value and must not compile anew
        errors = offset + self.noise.astype(sums.dtype) * jax.random.normal(key, sums.shape, sums.dtype)
        return convert(sums + full_scale * errors, full_scale, self.bits, signed=self.signed)
