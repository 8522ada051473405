"""Read-out of a crossbar: partial sums of tiles of rows, each through an analog-to-digital converter.

Two forms of the same read-out. The exact one cuts the sum over the fan-in into tiles of `rows`, and every tile's partial sum is clipped
and rounded by its own converter (`convert`; all tiles: `codesign.analog.arrays.tiles`). `statistical_read` replaces the n converters of one
output by a single one whose rounding error has the same variance, so that it is smooth in the number of rows and in the ADC's bits.
"""

import functools

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.numerics import smooth_maximum, straight_through


def converter_step(full_scale: Float[Array, ""], adc_bits: Float[Array, ""]) -> Float[Array, ""]:
    """Step of a converter over [-full_scale, full_scale] with `2**bits - 1` intervals.

    Its codes are the whole multiples of the step up to `2**(bits - 1) - 1`, half a step inside the full scale: zero is a code, as
    spiking layers are mostly silent, and a silent column must read zero.
    """
    return 2 * full_scale / (2**adc_bits - 1)


def convert(
    x: Float[Array, "..."],
    full_scale: Float[Array, ""],
    adc_bits: Float[Array, ""],
    step_share: Float[Array, ""] | float = 1.0,
    *,
    signed: bool = True,
) -> Float[Array, "..."]:
    """Clip to the full scale and round to the converter's step.

    The gradient passes straight through the rounding, goes to the full scale where the input clips, and to the step as the
    rounding error it causes (learned step size, Esser et al. 2020, eq. 3).

    Args:
        x: column sums.
        full_scale: largest sum, in the same units.
        adc_bits: any real number of at least 1.
        step_share: step of the result as a share of the converter's, for numbers put together from several conversions.
        signed: whether sums have both signs; else the converter covers [0, 2 full scales], as wide and in as many steps.
    """
    return clip_and_round(x, *converter_range(full_scale, adc_bits, step_share, signed=signed), signed)


def converter_range(
    full_scale: Float[Array, ""], adc_bits: Float[Array, ""], step_share: Float[Array, ""] | float = 1.0, *, signed: bool = True
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Largest number that a converter reads, and the step of its result; arguments as of `convert`."""
    step = converter_step(full_scale, adc_bits)
    return full_scale - step / 2 if signed else 2 * full_scale, step * step_share


@functools.partial(jax.custom_jvp, nondiff_argnums=(3,))
def clip_and_round(x: Float[Array, "..."], most: Float[Array, ""], step: Float[Array, ""], signed: bool = True) -> Float[Array, "..."]:
    """The multiple of `step` next to `x`, clipped to [-most, most] before, or to [0, most]; gradients as `convert` says.

    The derivative is written out because what reverse mode makes of the plain formula sums four arrays of the size of `x` into
    scalars, which is slower on a processor than the matrix product before it; this one sums two.
    """
    return jnp.round(jnp.clip(x, -most if signed else 0, most) / step) * step


@clip_and_round.defjvp
def _clip_and_round_jvp(signed: bool, primals: tuple[Array, Array, Array], tangents: tuple[Array, Array, Array]) -> tuple[Array, Array]:
    x, most, step = primals
    dx, dmost, dstep = tangents
    level = jnp.clip(x, -most if signed else 0, most) / step
    rounded = jnp.round(level)
    # the sign of what is clipped: beyond the range the output moves with the full scale, not with x
    # noise alone takes an unsigned sum below zero, and a slope there does no harm
    outside = jnp.where((jnp.abs(x) if signed else x) < most, 0, jnp.sign(x))
    change = jnp.where(outside == 0, dx, outside * _by_output(dmost, x)) + (rounded - level) * _by_output(dstep, x)
    return rounded * step, change


def _by_output(scalar: Float[Array, ""], like: Float[Array, "..."]) -> Float[Array, "..."]:
    """The scalar for every output, so that its gradient is summed over the batch first, many outputs at a time."""
    # without the barrier XLA merges the two sums into one over everything
    return jax.lax.optimization_barrier(jnp.broadcast_to(scalar, like.shape[-1:]))


def statistical_read(
    product: Float[Array, "batch outputs"],
    tiles: Float[Array, ""],
    adc_bits: Float[Array, ""],
    full_scale: Float[Array, ""],
    step_share: Float[Array, ""] | float = 1.0,
    common: Float[Array, "batch 1"] | None = None,
    errors: Float[Array, "batch outputs"] | None = None,
) -> Float[Array, "batch outputs"]:
    """Sums over many tiles through one equivalent converter per output.

    Args:
        product: sums over the whole fan-in.
        tiles: fan-in over the rows of an array, any positive number.
        adc_bits: any real number of at least 1.
        full_scale: a tile's full scale, in the units of the product.
        step_share: as in `convert`.
        common: what all outputs read at weights of zero, where sums have one sign; it is subtracted behind the converters.
        errors: of one conversion beside its rounding, in steps of the result; None for none.

    Returns:
        The product with the errors of n (at least 1) tiles: clipping at sqrt(n) full scales and a rounding error of variance
        n step**2 / 12. Independent errors of equal variance add; tiles of signed weights have sums around zero whose spread grows
        with sqrt(n), so that clipping the whole at sqrt(n) full scales loses as much as clipping every tile at one. A common mode is
        the same in all tiles: what it leaves of a converter's range is left for the tile's signed sum.
    """
    # a layer smaller than an array still has one converter; hardness 0.5 is a p-norm with p = 8, at most 9 % above the maximum
    tiles = smooth_maximum(tiles, jnp.ones_like(tiles), 0.5)
    tile_step = converter_step(full_scale, adc_bits)
    root = jnp.sqrt(tiles)
    step = step_share * tile_step * root
    if errors is not None:
        # independent ones, as the roundings of the tiles are
        product = product + errors * step
    if common is None:
        return clip_and_round(product, (full_scale - tile_step / 2) * root, step)
    below = common / tiles
    above = 2 * full_scale - below
    # beyond the range every tile reads its end: losses of tiles add where signed sums would average
    highest = jnp.where(above > 0, root, tiles) * above
    kept = jnp.clip(product - common, -root * below, highest)
    return straight_through(jnp.round(kept / step), kept / step) * step
