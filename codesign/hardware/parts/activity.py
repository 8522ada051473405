"""Statistics of sparse activity."""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

# keeps the logarithm finite at rate 1; just below a millionth, exact in a float32 and well above its spacing below 1 (6e-8)
MOST = 1 - 2.0**-20


def share_with_any(rate: ArrayLike, count: ArrayLike) -> Float[Array, "..."]:
    """Probability that at least one of `count` independent elements is active: `1 - (1 - rate)^count`.

    Args:
        rate: probability that one element is active, in [0, 1].
        count: elements, at least 0; need not be whole.

    Returns:
        0 at rate 0 and 1 at rate 1 (for a count of at least one, to 1e-6), with finite gradients at both.
    """
    # as the docstring has it, float32 would lose every rate below 3e-8
    return -jnp.expm1(jnp.asarray(count) * jnp.log1p(-jnp.clip(jnp.asarray(rate), 0, MOST)))
