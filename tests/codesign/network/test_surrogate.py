"""Surrogates: hard forward, the declared slope backward, each slope the derivative of a smooth step."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from codesign.network.neurons import surrogate

STEPS = {
    "arctan": lambda x: jnp.arctan(jnp.pi * x) / jnp.pi,
    "fast_sigmoid": lambda x: x / (1 + 4 * jnp.abs(x)),
    "triangular": lambda x: jnp.clip(x, -1, 1) - jnp.clip(x, -1, 1) * jnp.abs(jnp.clip(x, -1, 1)) / 2,
    "superspike": lambda x: x / (1 + 10 * jnp.abs(x)),
}


@pytest.mark.parametrize("name", surrogate.SURROGATES)
def test_forward_is_hard_and_backward_is_the_slope_of_a_smooth_step(name: str) -> None:
    spike, slope = surrogate.SURROGATES[name], getattr(surrogate, f"{name}_slope")
    with jax.enable_x64(True):
        x = jnp.asarray([-1.7, -0.6, -1e-9, 0.0, 0.3, 0.9, 2.5], jnp.float64)
        np.testing.assert_array_equal(spike(x), [0, 0, 0, 1, 1, 1, 1])
        np.testing.assert_allclose(jax.vmap(jax.grad(spike))(x), slope(x), rtol=1e-12)
        smooth = x[jnp.abs(x) > 0.1]  # two of the steps have a kink in their slope at 0
        np.testing.assert_allclose(jax.vmap(jax.grad(STEPS[name]))(smooth), slope(smooth), rtol=1e-12)
        check_grads(STEPS[name], (smooth,), order=1, modes=["rev"])
    assert float(slope(jnp.float32(0))) == 1
