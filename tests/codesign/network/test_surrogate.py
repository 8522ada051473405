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
        x = np.asarray([-1.7, -0.6, -1e-9, 0.0, 0.3, 0.9, 2.5])
        smooth = np.abs(x) > 0.1  # two of the steps have a kink in their slope at 0

        @jax.jit
        @jax.vmap
        def all_of_it(x):
            return *jax.value_and_grad(spike)(x), jax.grad(STEPS[name])(x), slope(x)

        spikes, backward, of_the_step, declared = (np.asarray(part) for part in all_of_it(x))
        np.testing.assert_array_equal(spikes, [0, 0, 0, 1, 1, 1, 1])
        np.testing.assert_allclose(backward, declared, rtol=1e-12)
        np.testing.assert_allclose(of_the_step[smooth], declared[smooth], rtol=1e-12)
        check_grads(jax.jit(STEPS[name]), (x[smooth],), order=1, modes=["rev"])
    assert float(slope(jnp.float32(0))) == pytest.approx(1)
