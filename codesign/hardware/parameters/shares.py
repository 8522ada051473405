"""Soft choices among named options, as shares that sharpen to the largest one."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

T = TypeVar("T")
Option = TypeVar("Option")


def weighed(shares: Sequence[Array] | Float[Array, " options"], values: Sequence[T]) -> T:
    """Trees of numbers by their shares; the one with a share of 1 exactly."""
    return jax.tree.map(lambda *each: sum(share * value for share, value in zip(shares, each, strict=True)), *values)


def mean_over(options: Sequence[Option], shares: Float[Array, " options"], found: Callable[[Option], T], hardness: ArrayLike = 1.0) -> T:
    """What is found of an option, weighed over all; of the only one as it is, so that nothing open leaves nothing in a program.

    Args:
        options: to choose from.
        shares: of each, sharpened here.
        found: of one option, a tree of numbers.
        hardness: see `AbstractHardware.cost`.
    """
    if len(options) == 1:
        return found(options[0])
    return weighed(sharpened(shares[None], hardness)[0], [found(option) for option in options])


def sharpened(shares: Float[Array, "rows options"], hardness: ArrayLike = 1.0) -> Float[Array, "rows options"]:
    """Each row's shares in [0, 1], which sum to 1 (to rounding); nearer to the largest the harder, and that one alone at hardness 1.

    Args:
        shares: non-negative; in every row one at least above 0.
        hardness: see `AbstractHardware.cost`.
    """
    hardness = jnp.asarray(hardness, shares.dtype)
    # both forms are always computed: at hardness 1 the one not taken must not divide by 0
    soft_range = hardness < 1
    # keeps high powers of small shares from underflowing together; no gradient, as normalised shares do not depend on it
    largest = jax.lax.stop_gradient(jnp.max(shares, 1, keepdims=True))
    # hardness is a schedule and no parameter: its slope would have the logarithm of a share, which may be 0
    power = jax.lax.stop_gradient(1 / jnp.where(soft_range, 1 - hardness, 1))
    powers = (shares / largest) ** power
    soft = powers / jnp.sum(powers, 1, keepdims=True)
    return jnp.where(soft_range, soft, jax.nn.one_hot(jnp.argmax(shares, 1), shares.shape[1], dtype=shares.dtype))
