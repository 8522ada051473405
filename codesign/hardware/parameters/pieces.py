"""How many pieces of a given size a quantity is cut into."""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.numerics import quotient, smooth_ceil


def pieces(total: ArrayLike, size: ArrayLike, hardness: ArrayLike = 1.0) -> Float[Array, "..."]:
    """`ceil(total / size)`, smooth below hardness 1, and never less than one piece."""
    # totals of 0 occur (pooling stores no weights), hence at least one piece
    return jnp.maximum(smooth_ceil(quotient(total, size), hardness), 1)
