"""How many pieces of a given size a quantity is cut into."""

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.numerics import smooth_ceil


def pieces(total: ArrayLike, size: ArrayLike, hardness: ArrayLike = 1.0) -> Float[Array, "..."]:
    """`ceil(total / size)`, smooth below hardness 1, and never less than one piece.

    Compilers may divide by multiplying with a rounded reciprocal, which makes 49 / 7 a little more than 7 and its ceiling 8: a
    quotient that multiplies back to `total` exactly is taken as the whole number it is.
    """
    total, size = jnp.asarray(total), jnp.asarray(size)
    quotient = total / size
    nearest = jnp.round(quotient)
    correction = jnp.where(nearest * size == total, nearest - quotient, 0)
    # the correction is rounding noise: with a gradient it would cancel the quotient's slope.
    # Totals of 0 occur (pooling stores no weights), hence at least one piece
    return jnp.maximum(smooth_ceil(quotient + jax.lax.stop_gradient(correction), hardness), 1)
