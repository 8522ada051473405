import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.test_util import check_grads

from codesign.numerics import (
    safe_divide,
    safe_log,
    smooth_ceil,
    smooth_maximum,
    smooth_minimum,
    step_weights,
    straight_through,
)

CEIL = jax.jit(smooth_ceil)
MAXIMUM = jax.jit(smooth_maximum)
MAXIMUM_AND_SLOPES = jax.jit(jax.value_and_grad(smooth_maximum, argnums=(0, 1)))


@settings(deadline=None, max_examples=60)
@given(x=st.floats(0, 1000, allow_subnormal=False), hardness=st.floats(0, 1, allow_subnormal=False))
def test_smooth_ceil_lies_between_its_argument_and_the_ceiling(x: float, hardness: float) -> None:
    value = float(CEIL(x, hardness))
    assert x * (1 - 1e-6) - 1e-5 <= value <= np.ceil(x) * (1 + 1e-6)


@pytest.mark.parametrize("hardness", [0.0, 1e-5, 0.3, 0.9, 0.999, 1.0])
def test_smooth_ceil_is_exact_on_integers(hardness: float) -> None:
    x = np.arange(50, dtype=np.float32)
    np.testing.assert_allclose(CEIL(x, hardness), x, rtol=1e-6)


def test_smooth_ceil_hardens_to_the_ceiling() -> None:
    # no whole number, on whose other side a last bit would put it
    x = np.linspace(0.075, 5.025, 34, dtype=np.float32)
    np.testing.assert_allclose(CEIL(x, 0.9999), np.ceil(x), rtol=1e-5)
    np.testing.assert_array_equal(CEIL(x, 1.0), np.ceil(x))


@pytest.mark.parametrize("hardness", [0.0, 0.4, 0.9])
def test_smooth_forms_have_right_gradients(hardness: float) -> None:
    with jax.enable_x64(True):
        x = np.asarray([0.3, 1.7, 12.4])

        @jax.jit
        def forms(v: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
            return smooth_ceil(v, hardness), smooth_maximum(v, 2.0, hardness), smooth_minimum(v, 2.0, hardness)

        check_grads(forms, (x,), order=1, modes=["rev"], atol=1e-4, rtol=1e-4)


@settings(deadline=None, max_examples=60)
@given(
    a=st.floats(1e-3, 1e6, allow_subnormal=False),
    b=st.floats(1e-3, 1e6, allow_subnormal=False),
    hardness=st.floats(0, 1, allow_subnormal=False),
)
def test_smooth_maximum_bounds_the_maximum(a: float, b: float, hardness: float) -> None:
    value = float(MAXIMUM(a, b, hardness))
    assert max(a, b) * (1 - 1e-5) <= value <= max(a, b) * 2 ** ((1 - hardness) / 4) * (1 + 1e-5)


@pytest.mark.parametrize("scale", [1e-25, 1e-12, 1.0, 1e12])
@pytest.mark.parametrize("hardness", [0.0, 0.5, 0.95])
def test_the_gradient_of_a_maximum_is_that_of_a_norm_at_every_scale(scale: float, hardness: float) -> None:
    """Euler: a function of degree 1 is the sum of its arguments times their slopes."""
    a, b = 0.8 * scale, scale
    value, slopes = MAXIMUM_AND_SLOPES(a, b, hardness)
    np.testing.assert_allclose((slopes[0] * a + slopes[1] * b) / scale, value / scale, rtol=1e-4)


def test_hardness_known_while_tracing_changes_nothing() -> None:
    """Where it is the number 1, the smooth branch is left out of the program."""
    for form in (smooth_maximum, smooth_minimum, lambda a, b, hardness: b * smooth_ceil(a, hardness)):
        for point in ((2.0, 3.0), (3.5, 3.5), (0.2, 7.0)):
            known, traced = (jax.jit(jax.value_and_grad(form, (0, 1)), static_argnums=fixed)(*point, 1.0) for fixed in (2, ()))
            np.testing.assert_array_equal(jax.tree.leaves(known), jax.tree.leaves(traced))


def test_safe_functions_have_finite_gradients_at_zero() -> None:
    assert safe_divide(1.0, 0.0, 7.0) == 7
    assert jnp.isfinite(jax.grad(lambda d: safe_divide(1.0, d))(0.0))
    assert jnp.isfinite(jax.grad(safe_log)(0.0))
    assert jnp.isfinite(safe_log(0.0))


def test_straight_through_keeps_the_hard_value_and_the_soft_gradient() -> None:
    value, slope = jax.value_and_grad(lambda x: straight_through(jnp.round(x), 3 * x))(1.4)
    assert (float(value), float(slope)) == (1.0, 3.0)


def test_step_weights_are_exact_at_integers_and_sum_to_the_timesteps() -> None:
    np.testing.assert_array_equal(step_weights(3.0, 5), [1, 1, 1, 0, 0])
    np.testing.assert_allclose(step_weights(2.25, 5), [1, 1, 0.25, 0, 0])
    assert float(jax.jit(jax.grad(lambda t: step_weights(t, 5).sum()))(2.25)) == pytest.approx(1)
