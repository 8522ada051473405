"""The slowest of all cores, smoothly, and who it is."""

from typing import Final

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.numerics import safe_log

LEAST_NS: Final = 1e-15  # of a step: less is nothing placed at all, and its reciprocal squared is still a float32
TIE: Final = 1e-5  # of the longest time, far above the rounding of float32: layers this near to it set the pace together


def slowest(times: Float[Array, "2 layers"], hardness: ArrayLike) -> tuple[Float[Array, ""], Float[Array, " layers"]]:
    """The slowest half core's time, and each layer's share in setting it (shares sum to 1; a p-norm below hardness 1)."""
    hardness = jnp.asarray(hardness, times.dtype)
    soft_range = hardness < 1
    # as `numerics.smooth_maximum`, but over both halves of all layers at once
    power = 4 / jnp.where(soft_range, 1 - hardness, 1)
    longest = jnp.maximum(jnp.max(times), LEAST_NS)
    # neither the norm nor the shares depend on what times are scaled by: no gradient of it
    scale = jax.lax.stop_gradient(longest)
    logs = power * safe_log(times / scale)
    # layers that tie share the pace; not `==`: a compiler may compute the times once for the maximum and once more, rounded otherwise, here
    tied = (times >= longest * (1 - TIE)).astype(times.dtype)
    soft = scale * jnp.exp(jax.nn.logsumexp(logs) / power)
    shares = jnp.where(soft_range, jax.nn.softmax(logs, axis=(0, 1)), tied / jnp.maximum(jnp.sum(tied), 1))
    return jnp.where(soft_range, soft, longest), jnp.sum(shares, axis=0)
