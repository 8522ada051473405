"""Bounds that smooth forms keep to the last bit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.numerics import held_between, quotient, smooth_ceil, smooth_maximum, smooth_minimum, straight_through

COUNT = 20000


@pytest.fixture(scope="module")
def pairs() -> tuple[jax.Array, jax.Array, jax.Array]:
    """Positive pairs over the range of float32, many of them far apart, and hardnesses."""
    rng = np.random.default_rng(0)
    a = np.exp(rng.uniform(-60, 80, COUNT))
    b = a * np.exp(rng.uniform(-8, 8, COUNT))
    return jnp.asarray(a, jnp.float32), jnp.asarray(b, jnp.float32), jnp.asarray(rng.uniform(0, 1, COUNT), jnp.float32)


def test_the_smooth_minimum_is_never_above_the_exact_one(pairs) -> None:
    a, b, hardness = pairs
    value, exact = jax.jit(smooth_minimum)(a, b, hardness), jnp.minimum(a, b)
    assert bool(jnp.all(value <= exact))
    # and no product overflows
    assert bool(jnp.all(value >= exact * 2.0**-0.2501))


def test_the_smooth_maximum_is_never_below_the_exact_one(pairs) -> None:
    a, b, hardness = pairs
    value, exact = jax.jit(smooth_maximum)(a, b, hardness), jnp.maximum(a, b)
    assert bool(jnp.all(value >= exact))
    assert bool(jnp.all(value <= exact * 2**0.2501))


def test_the_smooth_ceiling_lies_between_its_argument_and_the_ceiling(pairs) -> None:
    x = jnp.asarray(np.random.default_rng(1).uniform(0, 100, COUNT), jnp.float32)
    value = jax.jit(smooth_ceil)(x, pairs[2])
    assert bool(jnp.all((x <= value) & (value <= jnp.ceil(x))))


def test_gradients_at_held_bounds_are_those_of_the_formula() -> None:
    held = jax.vmap(jax.value_and_grad(lambda x: held_between(3 * x, 0, 1)))
    values, slopes = held(jnp.asarray([-1.0, 0.0, 0.2, 1 / 3, 2.0]))
    np.testing.assert_allclose(values, [0, 0, 0.6, 1, 1], rtol=1e-6)
    np.testing.assert_array_equal(slopes, 3)


@pytest.mark.parametrize("scale", [1e-6, 0.3, 7.3, 1e8])
def test_straight_through_is_the_hard_value_whatever_the_soft_one_is(scale: float) -> None:
    hard, soft = jnp.asarray([0.0, 1.0, 3.0, 0.1]), scale * jnp.asarray([1.7, -0.3, 2.9, 1.1])
    np.testing.assert_array_equal(jax.jit(straight_through)(hard, soft), hard)


def test_whole_quotients_are_whole_where_the_divisor_is_mapped_over() -> None:
    sizes = np.arange(1.0, 129.0)
    totals = np.arange(1.0, 257.0)
    found = jax.jit(jax.vmap(lambda size: smooth_ceil(quotient(jnp.asarray(totals, jnp.float32), size))))(jnp.asarray(sizes, jnp.float32))
    np.testing.assert_array_equal(found, np.ceil(totals / sizes[:, None]))
    assert float(jax.grad(lambda size: quotient(98.0, size))(7.0)) == pytest.approx(-2)
