"""Read-out of a crossbar: partial sums of tiles of rows, each through an analog-to-digital converter.

Two forms of the same read-out. `tiled_read` is exact: the sum over the fan-in is cut into tiles of `rows`, every tile's partial
sum is clipped and rounded by its own converter. `statistical_read` replaces the n converters of one output by a single one
whose rounding error has the same variance, so that it is smooth in the number of rows and in the ADC's bits.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.numerics import smooth_maximum, straight_through


def converter_step(full_scale: Float[Array, ""], adc_bits: Float[Array, ""]) -> Float[Array, ""]:
    """Step of a converter over [-full_scale, full_scale] with `2**bits - 1` intervals.

    Its codes are the whole multiples of the step up to `2**(bits - 1) - 1`, half a step inside the full scale: zero is a code, as
    spiking layers are mostly silent, and a silent column must read zero.
    """
    return 2 * full_scale / (2**adc_bits - 1)


def convert(x: Float[Array, "..."], full_scale: Float[Array, ""], adc_bits: Float[Array, ""]) -> Float[Array, "..."]:
    """Clip to the full scale and round to the converter's step.

    The gradient passes straight through the rounding, goes to the full scale where the input clips, and to the step as the
    rounding error it causes (learned step size, Esser et al. 2020, eq. 3).
    """
    step = converter_step(full_scale, adc_bits)
    most = full_scale - step / 2
    level = jnp.clip(x, -most, most) / step
    return straight_through(jnp.round(level), level) * step


def statistical_read(
    x: Float[Array, "batch fan_in"],
    weights: Float[Array, "fan_in outputs"],
    rows: Float[Array, ""],
    adc_bits: Float[Array, ""],
    full_scale: Float[Array, ""],
) -> Float[Array, "batch outputs"]:
    """`x @ weights` with one equivalent converter per output.

    Args:
        x: inputs.
        weights: effective weights.
        rows: rows of an array, any real number of at least 1.
        adc_bits: any real number of at least 1.
        full_scale: a tile's full scale, in the units of the product.

    Returns:
        The product with clipping at n full scales and a rounding error of variance n step**2 / 12, where n = fan_in / rows (at
        least 1) tiles are summed: independent errors of equal variance add.
    """
    tiles = smooth_maximum(x.shape[1] / rows, jnp.ones_like(rows), 0.5)
    tile_step = converter_step(full_scale, adc_bits)
    # n full scales bound the sum; the step carries the variance
    most, step = (full_scale - tile_step / 2) * tiles, tile_step * jnp.sqrt(tiles)
    level = jnp.clip(x @ weights, -most, most) / step
    return straight_through(jnp.round(level), level) * step


def tiled_read(
    x: Float[Array, "batch fan_in"],
    weights: Float[Array, "fan_in outputs"],
    rows: Float[Array, ""],
    adc_bits: Float[Array, ""],
    full_scale: Float[Array, ""],
    block: int,
) -> Float[Array, "batch outputs"]:
    """`x @ weights` cut exactly into tiles of `rows`, one converter per tile and output.

    `rows` is a run-time value: partial sums of `block` rows are computed once and grouped into tiles by a 0/1 matrix, so every
    legal array size shares one trace.

    Args:
        x: inputs.
        weights: effective weights.
        rows: rows of an array, a multiple of `block`.
        adc_bits: a whole number of bits.
        full_scale: a tile's full scale, in the units of the product.
        block: greatest common divisor of all row counts that may occur (static).
    """
    fan_in, outputs = weights.shape
    blocks = -(-fan_in // block)
    padding = blocks * block - fan_in
    x_blocks = jnp.pad(x, ((0, 0), (0, padding))).reshape(-1, blocks, block)
    w_blocks = jnp.pad(weights, ((0, padding), (0, 0))).reshape(blocks, block, outputs)
    sums = jnp.einsum("bkr,krn->kbn", x_blocks, w_blocks)
    tile_of_block = jnp.floor(jnp.arange(blocks) * block / rows + 1e-4)
    members = (tile_of_block[None, :] == jnp.arange(blocks)[:, None]).astype(x.dtype)
    tiles = jnp.einsum("tk,kbn->tbn", members, sums)
    return jnp.sum(convert(tiles, full_scale, adc_bits), axis=0)
