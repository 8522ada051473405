"""Quantisation with any real number of bits: exact at whole bits, linear between them, straight-through to the values."""

from collections.abc import Callable
from typing import Final

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.numerics import straight_through

COUNTING_WIDTH: Final = 0.25
"""Width of the soft count's sigmoid, in quantisation steps: weights of the first step and of 0 feel it, others hardly do."""


def interpolate_bits(quantise: Callable[[Array, Array], Array], values: Array, bits: Float[Array, ""]) -> Array:
    """`(1 - f) Q(floor b) + f Q(ceil b)` with `f` the fraction of `bits`; the gradient with respect to `bits` is Q(ceil) - Q(floor)."""
    # the gradient comes by `share` alone
    low = jax.lax.stop_gradient(jnp.floor(bits))
    share = bits - low
    # floor + 1 and not ceil: at whole bits, too, the gradient is the step to the next bit and not 0
    return (1 - share) * quantise(values, low) + share * quantise(values, low + 1)


def quantise_signed(values: Float[Array, "..."], scale: Float[Array, ""], bits: Float[Array, ""]) -> Float[Array, "..."]:
    """Symmetric quantisation of weights to `2**bits - 1` levels in [-scale, scale]; 2 bits are ternary.

    Args:
        values: weights.
        scale: largest magnitude that is represented (learned: it receives the clipping gradient).
        bits: any real number of at least 2.

    Returns:
        The quantised weights; the gradient passes straight through the rounding.
    """
    # clipped outside the rounding: values beyond the scale get no gradient, the scale gets it instead
    unit = jnp.clip(values / scale, -1, 1)

    def quantise(x: Array, whole_bits: Array) -> Array:
        # 1 bit would leave no interval, and 0 / 0
        intervals = 2 ** (whole_bits - 1) - 1
        return straight_through(jnp.round(x * intervals) / intervals, x)

    # the scale stays outside the straight-through: within the range its gradient is the rounding error (as LSQ, Esser et al. 2020)
    return scale * interpolate_bits(quantise, unit, bits)


def non_zero_share(values: Float[Array, "..."], scale: Float[Array, ""], bits: Float[Array, ""]) -> Float[Array, ""]:
    """Share of weights that `quantise_signed` does not make 0; its gradient is that of a soft count (`COUNTING_WIDTH`)."""
    size = jnp.clip(jnp.abs(values) / scale, 0, 1)

    def counted(x: Array, whole_bits: Array) -> Array:
        # half a step and less is rounded to 0
        steps = x * (2 ** (whole_bits - 1) - 1)
        return straight_through((jnp.round(steps) > 0).astype(steps.dtype), jax.nn.sigmoid((steps - 0.5) / COUNTING_WIDTH))

    return jnp.mean(interpolate_bits(counted, size, bits))


def quantise_unsigned(values: Float[Array, "..."], scale: Float[Array, ""], bits: Float[Array, ""]) -> Float[Array, "..."]:
    """Quantisation of activations to `2**bits` levels in [0, scale]; 1 bit is {0, scale}. Arguments as `quantise_signed`."""
    unit = jnp.clip(values / scale, 0, 1)

    def quantise(x: Array, whole_bits: Array) -> Array:
        intervals = 2**whole_bits - 1
        return straight_through(jnp.round(x * intervals) / intervals, x)

    return scale * interpolate_bits(quantise, unit, bits)
