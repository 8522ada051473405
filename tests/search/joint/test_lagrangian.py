"""The augmented Lagrangian against problems whose multipliers are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from search.joint import lagrangian
from search.joint.lagrangian import Multipliers, Schedule


def solve(objective, constraints, x, outer: int = 25, inner: int = 150):
    """Gradient descent between updates, step size 1 / (2 + curvature of the penalty)."""

    @jax.jit
    def descend(x, state):
        def step(_, x):
            gradient = jax.grad(lambda x: objective(x) + lagrangian.term(state, constraints(x)))(x)
            return x - gradient / (2 + 4 * jnp.max(state.penalty))

        return jax.lax.fori_loop(0, inner, step, x)

    state = lagrangian.start(constraints(x).shape[0])
    for _ in range(outer):
        x = descend(x, state)
        state = lagrangian.update(state, constraints(x))
    return x, state


def test_known_multipliers_of_a_quadratic() -> None:
    """min (x-2)^2 + (y-1)^2, x + y <= 2, x <= 3: x = 1.5, y = 0.5, prices 1 and 0 (the second constraint is slack)."""
    x, state = solve(
        lambda x: (x[0] - 2) ** 2 + (x[1] - 1) ** 2, lambda x: jnp.stack([x[0] + x[1] - 2, x[0] - 3]), jnp.zeros(2, jnp.float32)
    )
    np.testing.assert_allclose(x, [1.5, 0.5], atol=1e-3)
    np.testing.assert_allclose(state.price, [1.0, 0.0], atol=2e-3)
    assert float(state.penalty[0]) < 1e3, "a solvable problem needs no extreme penalty"


def test_the_price_is_the_gain_from_a_looser_bound() -> None:
    """In log space: min -a x subject to log(x / b) <= 0 has the price a b."""
    x, state = solve(lambda x: -0.5 * jnp.exp(x[0]), lambda x: x - jnp.log(jnp.asarray([3.0])), jnp.zeros(1, jnp.float32))
    np.testing.assert_allclose(jnp.exp(x), 3, rtol=1e-3)
    np.testing.assert_allclose(state.price, 1.5, rtol=5e-3)


def test_gradient_of_the_term_is_the_next_price() -> None:
    state = Multipliers(jnp.asarray([2.0, 0.5, 0.0]), jnp.asarray([10.0, 10.0, 4.0]), jnp.asarray([1.0, 1.0, 1.0]))
    g = jnp.asarray([0.1, -1.0, 0.2])
    np.testing.assert_allclose(jax.grad(lambda g: lagrangian.term(state, g))(g), lagrangian.update(state, g).price, rtol=1e-6)
    assert float(lagrangian.term(state._replace(price=jnp.zeros(3)), -jnp.ones(3))) == 0


def test_infeasible_problem_stays_finite_and_is_explained() -> None:
    """x <= -1 and x >= 1 cannot both hold; a third constraint is slack."""
    x, state = solve(lambda x: jnp.sum(x**2), lambda x: jnp.stack([x[0] + 1, 1.5 - x[0], x[0] - 9]), jnp.zeros(1, jnp.float32), outer=60)
    schedule = Schedule()
    assert bool(jnp.all(jnp.isfinite(jnp.concatenate([x, state.price, state.penalty]))))
    assert float(jnp.max(state.penalty)) <= schedule.largest_penalty
    g = jnp.stack([x[0] + 1, 1.5 - x[0], x[0] - 9])
    assert not bool(lagrangian.feasible(g))
    assert int(lagrangian.tightest(state, g)) in (0, 1)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_value_that_is_not_finite_changes_nothing(bad: float) -> None:
    state = Multipliers(jnp.asarray([1.0, 1.0]), jnp.asarray([10.0, 10.0]), jnp.asarray([1.0, 1.0]))
    after = lagrangian.update(state, jnp.asarray([bad, 0.5]))
    assert [float(v[0]) for v in after] == [1.0, 10.0, 1.0]
    assert float(after.price[1]) == 6.0


def test_maps_over_designs() -> None:
    state = jax.vmap(lambda _: lagrangian.start(2))(jnp.arange(3))
    g = jnp.asarray([[1.0, -1.0], [-1.0, -1.0], [0.0, 2.0]])
    after = jax.vmap(lagrangian.update)(state, g)
    np.testing.assert_allclose(after.price, [[10, 0], [0, 0], [0, 20]])
    np.testing.assert_array_equal(lagrangian.feasible(g), [False, True, False])
