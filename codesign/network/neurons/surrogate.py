"""Surrogate gradients: the forward pass is a hard spike, the gradient that of a smooth function.

Each surrogate is the derivative of a rising smooth step, written beside it; `distance` is (potential - threshold) / threshold, so that
the width follows the threshold. All have height 1 at the threshold: exchanging them changes shape and reach, not the learning rate.
"""

from collections.abc import Callable
from typing import Final

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Surrogate = Callable[[Float[Array, "..."]], Float[Array, "..."]]


def _with_gradient(slope: Surrogate) -> Surrogate:
    # a rule for the derivative, where `straight_through` would have to compute the smooth step as well
    @jax.custom_jvp
    def spike(distance: Array) -> Array:
        """1 where `distance`, of the potential from the threshold in thresholds, is 0 or more, else 0; any shape."""
        return (distance >= 0).astype(distance.dtype)

    @spike.defjvp
    def _jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
        (distance,), (tangent,) = primals, tangents
        # the spike itself and not its formula, so that derivatives of derivatives keep the rule
        return spike(distance), tangent * slope(distance)

    return spike


def arctan_slope(distance: Float[Array, "..."]) -> Float[Array, "..."]:
    """1 / (1 + (pi x)^2), of arctan(pi x) / pi (Fang et al. 2021, PLIF; their width 2)."""
    return 1 / (1 + (jnp.pi * distance) ** 2)


def fast_sigmoid_slope(distance: Float[Array, "..."]) -> Float[Array, "..."]:
    """1 / (1 + 4 |x|)^2, of x / (1 + 4 |x|) (Zenke and Ganguli 2018 take slope 100 per mV, others 10 to 25 per threshold)."""
    return 1 / (1 + 4 * jnp.abs(distance)) ** 2


def triangular_slope(distance: Float[Array, "..."]) -> Float[Array, "..."]:
    """max(0, 1 - |x|), of x - x |x| / 2 on [-1, 1] (Bellec et al. 2018, without their damping factor)."""
    return jnp.maximum(0, 1 - jnp.abs(distance))


def superspike_slope(distance: Float[Array, "..."]) -> Float[Array, "..."]:
    """1 / (1 + 10 |x|)^2, of x / (1 + 10 |x|) (SuperSpike, Zenke and Ganguli 2018: the narrow fast sigmoid)."""
    return 1 / (1 + 10 * jnp.abs(distance)) ** 2


arctan: Final = _with_gradient(arctan_slope)
"""A spike whose gradient is `arctan_slope`."""
fast_sigmoid: Final = _with_gradient(fast_sigmoid_slope)
"""A spike whose gradient is `fast_sigmoid_slope`."""
triangular: Final = _with_gradient(triangular_slope)
"""A spike whose gradient is `triangular_slope`."""
superspike: Final = _with_gradient(superspike_slope)
"""A spike whose gradient is `superspike_slope`."""

SURROGATES: Final[dict[str, Surrogate]] = {
    "arctan": arctan,
    "fast_sigmoid": fast_sigmoid,
    "triangular": triangular,
    "superspike": superspike,
}
"""By name; each takes the distance from the threshold and returns a hard 0 or 1."""
