"""Small differentiable building blocks: safe functions, straight-through estimators and smooth forms of discrete ones.

Every smooth form takes `hardness` in [0, 1]: at 1 it *is* the discrete function, below 1 it is smooth between the integers and
agrees with the discrete function on them, so that annealing never jumps.
"""

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

# far below any cost in canonical units, and far above 1.2e-38, where float32 loses digits
TINY = 1e-30


def safe_divide(numerator: ArrayLike, denominator: ArrayLike, otherwise: float = 0.0) -> Array:
    """`numerator / denominator`, and `otherwise` where the denominator is 0, with finite gradients (double where)."""
    denominator = jnp.asarray(denominator)
    zero = denominator == 0
    return jnp.where(zero, otherwise, jnp.asarray(numerator) / jnp.where(zero, 1, denominator))


def quotient(total: ArrayLike, size: ArrayLike) -> Array:
    """`total / size`, and exactly the whole number where `size` divides `total`, so that its ceiling and floor are right.

    Compilers may divide by multiplying with a rounded reciprocal, which makes 49 / 7 a little more than 7 and its ceiling 8: a
    quotient that multiplies back to `total` exactly is taken as the whole number it is.
    """
    total, size = jnp.asarray(total), jnp.asarray(size)
    each = total / size
    nearest = jnp.round(each)
    # rounding noise: with a gradient of its own it would cancel the quotient's slope
    return straight_through(jnp.where(nearest * size == total, nearest, each), each)


def safe_log(x: ArrayLike, floor: float = TINY) -> Array:
    """Natural logarithm of `max(x, floor)`, with gradient 0 below the floor."""
    x = jnp.asarray(x)
    ok = x > floor
    return jnp.where(ok, jnp.log(jnp.where(ok, x, 1)), jnp.log(floor))


def straight_through(hard: Array, soft: Array) -> Array:
    """The value of `hard`, to the last bit, with the gradient of `soft`."""
    hard, soft = jnp.broadcast_arrays(jax.lax.stop_gradient(hard), soft)
    return _with_slope_of(hard, soft.astype(hard.dtype))


# a rule and no sum: `soft + (hard - soft)` has the digits of `soft`, and compilers may round the two of `hard + (soft - soft)` differently
@jax.custom_jvp
def _with_slope_of(hard: Array, soft: Array) -> Array:
    return hard


@_with_slope_of.defjvp
def _with_slope_of_jvp(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    return primals[0], tangents[1]


def held_between(value: Array, low: ArrayLike, high: ArrayLike) -> Array:
    """`value` where rounding carries it beyond bounds that its formula keeps; the gradient is the formula's, at a bound too."""
    return straight_through(jnp.clip(value, low, high), value)


def smooth_ceil(x: ArrayLike, hardness: ArrayLike = 1.0) -> Array:
    """Ceiling of `x`, annealed from the identity (hardness 0) to the exact step (hardness 1); 1 on (0, 1] at every hardness.

    A layer never uses a part of an array: were the ceiling of 0.1 relaxed to 0.1, ever larger arrays would look ever cheaper.
    Above 1, between two integers, it rises as `(1 - exp(-b f)) / (1 - exp(-b))` with `f` the fraction and `b = 8 h / (1 - h)`. It lies
    between `x` and `ceil(x)`, rises with `x` (to rounding), and equals both on integers at every hardness.
    """
    x = jnp.asarray(x)
    if _is_exact(hardness):
        return jnp.ceil(x)
    hardness = jnp.asarray(hardness, x.dtype)
    soft_range = hardness < 1
    sharpness = 8 * hardness / jnp.where(soft_range, 1 - hardness, 1)
    # a constant between two integers: the slope is the curve's alone
    base = jax.lax.stop_gradient(jnp.floor(x))
    fraction = x - base
    tiny = sharpness < 1e-3  # below it the ratio of expm1 loses precision, and the identity is exact enough
    safe_sharpness = jnp.where(tiny, 1, sharpness)
    # expm1, as 1 - exp(-b f) loses its digits where b f is small
    curve = jnp.expm1(-safe_sharpness * fraction) / jnp.expm1(-safe_sharpness)
    soft = held_between(base + jnp.where(tiny, fraction, curve), x, jnp.ceil(x))
    soft = jnp.where((x > 0) & (x < 1), 1, soft)
    return jnp.where(soft_range, soft, jnp.ceil(x))


def smooth_maximum(a: ArrayLike, b: ArrayLike, hardness: ArrayLike = 1.0) -> Array:
    """Maximum of two positive quantities: a p-norm with p growing from 4 (hardness 0) to the exact maximum (hardness 1).

    Never below the exact maximum, and at most `2**(1/p)` times it.
    """
    a, b = jnp.asarray(a), jnp.asarray(b)
    if _is_exact(hardness):
        return jnp.maximum(a, b)
    hardness = jnp.asarray(hardness, jnp.result_type(a, b, jnp.float32))
    soft_range = hardness < 1
    # the inner where keeps hardness 1 from dividing by zero, whose gradient is NaN even where it is not chosen
    power = 4 / jnp.where(soft_range, 1 - hardness, 1)
    # the result does not depend on what it is scaled by: without a gradient of its own, no square of a tiny number is divided by
    top = jax.lax.stop_gradient(jnp.maximum(jnp.maximum(a, b), TINY))
    # in logarithms: a large power of a small ratio underflows
    log_sum = jnp.logaddexp(power * safe_log(a / top), power * safe_log(b / top))
    exact = jnp.maximum(a, b)
    norm = held_between(top * jnp.exp(log_sum / power), exact, exact * 2 ** (1 / power))
    return jnp.where(soft_range, norm, exact)


def smooth_minimum(a: ArrayLike, b: ArrayLike, hardness: ArrayLike = 1.0) -> Array:
    """Minimum of two positive quantities, by `a b / smooth_maximum(a, b)`; never above the exact minimum."""
    a, b = jnp.asarray(a), jnp.asarray(b)
    exact = jnp.minimum(a, b)
    if _is_exact(hardness):
        return exact
    # a b is the smaller times the larger: as a share of the smooth maximum the larger one cannot overflow
    soft = exact * safe_divide(jnp.maximum(a, b), smooth_maximum(a, b, hardness))
    return jnp.where(jnp.asarray(hardness) < 1, held_between(soft, 0, exact), exact)


def _is_exact(hardness: ArrayLike) -> bool:
    """Whether hardness is known to be 1 while tracing: compilers keep the gradient of a smooth branch that is not chosen."""
    return isinstance(hardness, int | float) and hardness >= 1


def step_weights(timesteps: ArrayLike, longest: int) -> Float[Array, " longest"]:
    """Weight of each of `longest` steps when `timesteps` of them count: `clip(timesteps - t, 0, 1)`; exact at integers."""
    return jnp.clip(jnp.asarray(timesteps) - jnp.arange(longest), 0, 1)


def safe_root(variance: Float[Array, "..."]) -> Float[Array, "..."]:
    """Square root with gradient 0 at 0: a silent column has no noise."""
    positive = variance > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, variance, 1)), 0)
