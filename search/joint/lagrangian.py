"""Inequality constraints `g <= 0` under gradients: the augmented Lagrangian of Powell, Hestenes and Rockafellar.

    L(x) = f(x) + sum_i [ max(0, lambda_i + mu_i g_i(x))^2 - lambda_i^2 ] / (2 mu_i)

Descend L for a while, then `update`: multipliers move to `max(0, lambda + mu g)`, and a penalty grows only where its constraint has not
come nearer to complementarity (Birgin and Martinez, Practical Augmented Lagrangian Methods, 2014, algorithm 4.1). At the end lambda is
the price of a constraint: how much the objective gains per unit by which the bound is loosened. A fixed penalty would either leave the
optimum infeasible or make the valley too steep to descend.

Scale constraints to be dimensionless, such as `log(area / bound)`, so that one starting penalty serves all. All functions are pure
and have one trace; map them over designs with `jax.vmap`.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float


class Multipliers(NamedTuple):
    """State of the constraints of one design.

    Attributes:
        price: Lagrange multipliers, at least 0.
        penalty: curvature mu of each constraint, above 0.
        distance: from complementarity at the last update.
    """

    price: Float[Array, " constraints"]
    penalty: Float[Array, " constraints"]
    distance: Float[Array, " constraints"]


class Schedule(NamedTuple):
    """How the state changes.

    Attributes:
        penalty: at the start.
        growth: factor on a penalty whose constraint does not come nearer fast enough.
        progress: share of the last distance that is near enough.
        tolerance: distance below which no penalty grows.
        largest_penalty, largest_price: bounds that keep float32 and the step size sane when the problem is infeasible.
    """

    penalty: float = 10.0
    growth: float = 2.0
    progress: float = 0.7
    tolerance: float = 1e-3
    largest_penalty: float = 1e4
    largest_price: float = 1e4


def start(constraints: int, schedule: Schedule = Schedule()) -> Multipliers:  # noqa: B008 - an immutable value
    """No price on anything yet."""
    zeros = jnp.zeros(constraints, jnp.float32)
    # infinitely far from complementarity, so that the first update grows no penalty
    return Multipliers(zeros, jnp.full(constraints, schedule.penalty, jnp.float32), jnp.full(constraints, jnp.inf, jnp.float32))


def term(state: Multipliers, g: Float[Array, " constraints"]) -> Float[Array, ""]:
    """What is added to the objective; its gradient is `max(0, price + penalty g)` times that of `g`.

    Args:
        state: held fixed while descending.
        g: constraints, satisfied where at most 0.
    """
    active = jnp.maximum(state.price + state.penalty * g, 0)
    return jnp.sum((active**2 - state.price**2) / (2 * state.penalty))


def update(
    state: Multipliers,
    g: Float[Array, " constraints"],
    schedule: Schedule = Schedule(),  # noqa: B008 - an immutable value
) -> Multipliers:
    """The state for the next descent.

    Args:
        state: that of the last one.
        g: constraints where it ended; average them over minibatches where they are noisy. An entry that is not finite changes nothing.
        schedule: pace.
    """
    finite = jnp.isfinite(g)
    seen = jnp.where(finite, g, 0)
    price = jnp.clip(state.price + state.penalty * seen, 0, schedule.largest_price)
    # 0 where a bound is just met, and where it is slack and has no price
    distance = jnp.abs(jnp.maximum(seen, -state.price / state.penalty))
    slow = (distance > schedule.progress * state.distance) & (distance > schedule.tolerance)
    penalty = jnp.where(slow, jnp.minimum(state.penalty * schedule.growth, schedule.largest_penalty), state.penalty)
    renewed = Multipliers(price, penalty, distance)
    return Multipliers(*(jnp.where(finite, new, old) for new, old in zip(renewed, state, strict=True)))


def feasible(g: Float[Array, "... constraints"], tolerance: ArrayLike = 0.0) -> Array:
    """Whether every constraint holds, to a tolerance; never where one is not finite."""
    # minus infinity is at most anything
    return jnp.all(jnp.isfinite(g) & (g <= tolerance), axis=-1)


def tightest(state: Multipliers, g: Float[Array, " constraints"]) -> Array:
    """Index of the constraint that stands most in the way: the most violated one, or the dearest where all hold."""
    violated = jnp.maximum(jnp.where(jnp.isfinite(g), g, jnp.inf), 0)
    return jnp.where(jnp.any(violated > 0), jnp.argmax(violated), jnp.argmax(state.price))
