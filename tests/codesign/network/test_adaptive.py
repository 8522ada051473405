"""The adaptive neuron: its strength can always be learned, and its register has one grid."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from codesign.network.neurons.dynamic import AdaptiveNeuron
from codesign.network.neurons.firing import FixedPointState, Parts, no_reset

CURRENT = np.random.default_rng(0).uniform(0, 1, (8, 2, 6)).astype(np.float32)


@jax.jit
def spikes(strength: jax.Array) -> jax.Array:
    neuron = AdaptiveNeuron()
    neuron.strength[...] = strength
    return neuron(jnp.asarray(CURRENT), jnp.float32(8), jax.random.key(0))


slope = jax.jit(jax.grad(lambda strength: jnp.sum(spikes(strength))))


@pytest.mark.parametrize("strength", [-0.5, 0.0, 0.3])
def test_strength_has_a_slope_that_calms_the_neuron(strength: float) -> None:
    assert float(slope(jnp.float32(strength))) < 0


def test_below_no_strength_it_is_the_neuron_of_none() -> None:
    np.testing.assert_array_equal(spikes(jnp.float32(-0.5)), spikes(jnp.float32(0)))
    assert jnp.sum(spikes(jnp.float32(1))) < jnp.sum(spikes(jnp.float32(0)))


def test_the_stored_potential_stays_on_the_grid_of_the_threshold_at_rest() -> None:
    neuron = AdaptiveNeuron(parts=Parts(reset=no_reset, state=FixedPointState(span=4)))
    graph, state = nnx.split(neuron)

    @jax.jit
    def potentials(current: jax.Array) -> jax.Array:
        step = nnx.merge(graph, state).dynamics(jnp.float32(6))
        carry, found = neuron.initial(current[0]), []
        for drive in current:
            carry, _ = step(carry, drive, None)
            found.append(carry[0])
        return jnp.stack(found)

    steps = np.asarray(potentials(jnp.asarray(CURRENT))) / (4 / 2**5)
    assert np.any(steps > 8)  # beyond the threshold: some have fired, and theirs is raised
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-4)
