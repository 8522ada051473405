"""Shares of a network's activity, its quantised values and its factors stay within what is documented of them."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from codesign.network.answers.readout import mean_active
from codesign.network.answers.score import cross_entropy
from codesign.network.answers.tet import tet
from codesign.network.builders.models import mlp
from codesign.network.early_exit import relative_entropy
from codesign.network.integer.to_fixed_point import FACTOR_BITS, to_fixed_point
from codesign.network.learning.plasticity import CompetitiveLayer, PairRule
from codesign.network.neurons.neurons import LeakyNeuron
from codesign.network.operation import Operation
from codesign.network.quantise import quantise_signed, quantise_unsigned
from codesign.network.signal import active
from codesign.numerics import step_weights

RNG = np.random.default_rng(0)
COUNT = 10000


def test_entropies_are_shares() -> None:
    logits = RNG.normal(size=(COUNT, 10)) * np.exp(3 * RNG.normal(size=(COUNT, 1)))
    logits[:10] = np.arange(10)[:, None]
    for classes in (2, 3, 7, 10):
        entropy = jax.jit(relative_entropy)(jnp.asarray(logits[:, :classes], jnp.float32))
        assert float(jnp.min(entropy)) >= 0
        assert float(jnp.max(entropy)) <= 1


def test_what_is_active_counts_as_exactly_one() -> None:
    x = jnp.asarray(RNG.normal(size=COUNT) * 10 ** RNG.uniform(-6, 6, COUNT), jnp.float32)
    np.testing.assert_array_equal(jax.jit(active)(x), 1)
    np.testing.assert_array_equal(jax.grad(lambda x: jnp.sum(active(x)))(x), 1)


def test_no_rate_is_above_one() -> None:
    rate = jax.jit(lambda timesteps: mean_active(jnp.ones((32, 4, 5)), step_weights(timesteps, 32) / timesteps))
    rates = np.asarray([rate(timesteps) for timesteps in np.float32([*range(1, 33), *RNG.uniform(1, 32, 60)])])
    assert np.all(rates <= 1)
    np.testing.assert_allclose(rates, 1, rtol=1e-6)


def test_quantised_values_lie_within_the_scale() -> None:
    values, scales, bits = (
        jnp.asarray(x, jnp.float32) for x in (3 * RNG.normal(size=COUNT), np.exp(RNG.normal(size=COUNT)), RNG.uniform(2, 9, COUNT))
    )
    signed = jax.jit(jax.vmap(quantise_signed))(values, scales, bits)
    assert bool(jnp.all(jnp.abs(signed) <= scales))
    unsigned = jax.jit(jax.vmap(quantise_unsigned))(values, scales, bits)
    assert bool(jnp.all((unsigned >= 0) & (unsigned <= scales)))


def test_leaks_are_shares_whatever_the_logit() -> None:
    neuron = LeakyNeuron((5,))
    neuron.leak_logit[...] = jnp.asarray([-200.0, -17.0, 0.0, 17.0, 200.0])
    assert bool(jnp.all((neuron.leak >= 0) & (neuron.leak <= 1)))


def test_training_every_step_costs_no_less_than_training_the_mean() -> None:
    logits, labels = jnp.asarray(RNG.normal(size=(200, 4, 8, 10)), jnp.float32), jnp.asarray(RNG.integers(0, 10, 8))
    every = jax.jit(jax.vmap(lambda x: tet(x, labels, 4.0)))(logits)
    mean = jax.jit(jax.vmap(lambda x: cross_entropy(jnp.mean(x, axis=0), labels)))(logits)
    assert bool(jnp.all(every >= mean * (1 - 1e-6)))


def test_local_learning_keeps_weights_in_their_range() -> None:
    layer = CompetitiveLayer.of(12, 6, jax.random.key(1), mean_weight=0.6)
    spikes = jnp.asarray(RNG.random((20, 8, 12)) < 0.5, jnp.float32)
    learn = jax.jit(lambda held: held.learn(spikes, PairRule.of(potentiation=0.5), jnp.float32(0.1)))
    for _ in range(5):
        layer = learn(layer)
        assert bool(jnp.all((layer.weights >= 0) & (layer.weights <= 1)))
        assert float(jnp.max(jnp.sum(layer.weights, axis=0))) <= 0.6 * 12 * (1 + 1e-5)


def test_the_factors_of_scores_have_eight_bits() -> None:
    network = mlp((6,), 4, (5,), rngs=nnx.Rngs(2))
    operation = Operation.of(len(network.geometries), longest=2)

    def largest(log_gain: float) -> tuple[int, float]:
        network.scores.log_gain[...] = jnp.full_like(network.scores.log_gain[...], log_gain)
        synapses = to_fixed_point(network, operation).scores.synapses
        return synapses.exponent, float(np.max(synapses.factor[...]))

    # up to where the next power of two begins: just before it a rounding would need a ninth bit
    low, high = 0.0, float(np.log(2))
    below = largest(low)[0]
    for _ in range(10):
        middle = (low + high) / 2
        exponent, factor = largest(middle)
        assert 2 ** (FACTOR_BITS - 1) <= factor < 2**FACTOR_BITS
        low, high = (middle, high) if exponent == below else (low, middle)
    assert largest(low) == (below, 2**FACTOR_BITS - 1)
