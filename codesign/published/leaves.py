"""Design parameters of published models as array leaves."""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float


def leaf(value: ArrayLike) -> Float[Array, "..."]:
    """A float32 array, or `value` itself where it is a floating-point array already (so that float64 stays float64)."""
    array = jnp.asarray(value)
    # a bare number has no dtype of its own: cast, or its weak type would be compiled for once more
    given_as_array = hasattr(value, "dtype") and jnp.issubdtype(array.dtype, jnp.floating)
    return array if given_as_array else array.astype(jnp.float32)
