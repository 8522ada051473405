"""Whose bits count: numbers are rated as their receiver takes them, and scores have no state of their own."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from codesign.analog.arrays.array import DigitalArray
from codesign.network.builders.models import mlp
from codesign.network.builders.parts import finish, spiking
from codesign.network.layers.attention import Attention
from codesign.network.layers.style import DEFAULT
from codesign.network.network import SpikingNetwork
from codesign.network.operation import Operation, inert_entries
from codesign.network.trace import trace
from codesign.workloads.workload import LayerWork, conv, dense

X = jnp.ones((1, 5))


def attentive() -> SpikingNetwork:
    """Self-attention over four tokens of four features, and class scores."""
    rngs = nnx.Rngs(0)
    query, key, value = (spiking(conv(name, 4, 4, 2, kernel=1), DEFAULT, rngs) for name in ("query", "key", "value"))
    attention = Attention(LayerWork("attention", "attention", 4, 4, 2, 2, 2, 2), query, key, value, DEFAULT.neurons(4))
    return finish([attention], dense("dense", 16, 3), DEFAULT, rngs)


def test_numbers_into_attention_are_rated_at_its_bits() -> None:
    network = attentive()
    x = 3 * jax.random.uniform(jax.random.key(1), (8, 2, 2, 4))

    @jax.jit
    def rates(bits: jax.Array) -> jax.Array:
        one = functools.partial(Operation.of, 5, longest=2, gate=0)
        return network(x, one(activation_bits=bits), [DigitalArray()] * 5, jax.random.key(0)).output_rate[:3]

    plain = np.asarray(rates(jnp.asarray([8.0, 8, 8, 8, 8])))
    coarse = np.asarray(rates(jnp.asarray([8.0, 8, 8, 1, 8])))
    # one bit rounds small numbers to 0, whoever sent them
    assert np.all(coarse < plain)
    # all three hear the same input: only query's own bits change what query sends, and nothing that it receives changes here
    alone = np.asarray(rates(jnp.asarray([8.0, 2, 2, 8, 8])))
    np.testing.assert_array_equal(alone[0], plain[0])


def test_scores_are_priced_at_the_state_of_the_last_neurons() -> None:
    for hidden, expected in (([4], [6, 6]), ([], [3])):
        network = mlp((5,), 2, hidden, rngs=nnx.Rngs(0))
        layers = len(expected)
        operation = Operation.of(layers, longest=2, state_bits=[6, 3][-layers:])
        run = jax.jit(lambda key, network=network, operation=operation, n=layers: network(X, operation, [DigitalArray()] * n, key))
        activity = run(jax.random.key(0))
        np.testing.assert_array_equal(trace(network.geometries, activity, operation).state_bits, expected)
        assert (("state_bits", layers - 1) in inert_entries(network.geometries)) == bool(hidden)
