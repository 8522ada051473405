"""The gate: exactly the spiking network at 1, exactly the quantised-ReLU network at 0, one compiled function between."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax.test_util import check_grads

from codesign.analog.arrays.array import DigitalArray
from codesign.network.builders.models import mlp
from codesign.network.operation import Operation
from codesign.network.quantise import quantise_signed
from codesign.network.trace import trace

LAYERS, STEPS, BITS = 3, 4, 3


class Gated:
    def __init__(self) -> None:
        self.network = mlp((12,), 5, [16, 10], rngs=nnx.Rngs(0))
        for block in self.network.body.blocks:  # off the grid of the products, where rounding would be a tie
            block.neuron.log_threshold[...] += 0.0137
        self.graph, self.state = nnx.split(self.network)
        self.traces = 0
        self.jitted = jax.jit(self.forward)

    def forward(self, state, operation, x):
        self.traces += 1
        network = nnx.merge(self.graph, state)
        activity = network(x, operation, [DigitalArray()] * LAYERS, jax.random.key(0))
        return activity, trace(network.geometries, activity, operation)

    def __call__(self, x, **operation):
        return self.jitted(self.state, Operation.of(LAYERS, longest=STEPS, activation_bits=BITS, **operation), x)


@pytest.fixture(scope="module")
def gated() -> Gated:
    return Gated()


@pytest.fixture(scope="module")
def x() -> jax.Array:
    return jnp.asarray(np.random.default_rng(1).uniform(size=(32, 12)), jnp.float32)


def test_at_one_it_is_the_spiking_network(gated, x) -> None:
    pure, work = gated(x)
    relaxed, mixed = gated(x, gate=1)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), (relaxed, mixed), (pure, work))


def test_at_zero_it_is_the_quantised_relu_network(gated, x) -> None:
    got, work = gated(x, gate=0)
    levels = 2**BITS - 1
    values = np.round(np.asarray(x) * levels) / levels
    rates = [np.mean(values > 0)]
    quantised = jax.jit(quantise_signed)
    layers = [*(block for block in gated.network.body.blocks), gated.network.scores]
    for layer in layers:
        synapses = layer.synapses
        current = values @ np.asarray(quantised(synapses.kernel[...], jnp.exp(synapses.log_scale[...]), jnp.float32(4)))
        if layer is layers[-1]:
            break
        values = np.round(np.clip(current / float(layer.neuron.threshold), 0, 1) * levels) / levels
        rates.append(np.mean(values > 0))
    np.testing.assert_allclose(got.logits, current * np.exp(1), atol=1e-4)
    np.testing.assert_allclose(work.input_rate, rates, atol=1e-6)
    np.testing.assert_allclose(work.output_rate, [*rates[1:], 1], atol=1e-6)
    np.testing.assert_allclose(work.timesteps, 1, rtol=1e-6)
    np.testing.assert_array_equal(work.spiking, 0)
    np.testing.assert_allclose(work.activation_bits, BITS, rtol=1e-6)


def test_a_mixed_network_hands_on_counts_and_numbers(gated, x) -> None:
    """Spiking, ANN, scores that listen once: the ANN layer receives spike counts, the scores its numbers."""
    activity, work = gated(x, gate=[1, 0, 0])
    np.testing.assert_allclose(work.timesteps, [STEPS, 1, 1], rtol=1e-6)
    np.testing.assert_allclose(work.activation_bits, [BITS, 3, BITS], rtol=1e-6)  # counts to 4 take 3 bits
    _, spiking = gated(x)
    assert float(work.input_rate[1]) > float(spiking.input_rate[1])  # firing at all is more frequent than firing in a step
    assert float(work.input_rate[1]) <= STEPS * float(spiking.input_rate[1]) * (1 + 1e-6)
    _, back = gated(x, gate=[0, 1, 1])
    np.testing.assert_allclose(back.timesteps, [1, STEPS, STEPS], rtol=1e-6)
    np.testing.assert_allclose(back.activation_bits, [BITS, BITS, 1], rtol=1e-6)
    assert np.all(np.isfinite(activity.logits))


def test_events_between_the_ends_are_the_mixture(gated, x) -> None:
    works = [gated(x, gate=[g, 1, 1])[1] for g in (0, 0.25, 1)]
    events = [np.asarray(w.timesteps * w.input_rate)[0] for w in works]
    assert events[1] == pytest.approx(0.75 * events[0] + 0.25 * events[2], rel=1e-5)


def test_one_trace_whatever_the_gates_bits_and_time(gated, x) -> None:
    gated(x, gate=0.5)
    before = gated.traces
    for gate, bits, steps in ((0, 2, 1), ([0.1, 0.9, 1], [2.5, 4, 3], 2.3), (1, 6.6, 4)):
        gated(x, gate=gate, weight_bits=bits, timesteps=steps)
    assert gated.traces == before


def test_gradients_reach_gates_bits_and_time(gated, x) -> None:
    labels = jnp.arange(32) % 5

    def loss(operation):
        activity, work = gated.forward(gated.state, operation, x)
        chosen = jnp.take_along_axis(jax.nn.log_softmax(activity.logits), labels[:, None], 1)
        return -jnp.mean(chosen), jnp.sum(work.timesteps * work.input_rate * work.activation_bits)

    point = Operation.of(LAYERS, longest=STEPS, timesteps=2.5, activation_bits=[3.5, 3.5, 3.5], gate=[0.3, 0.6, 0.5])
    accurate, costly = jax.jit(jax.jacrev(loss))(point)
    assert np.all(np.abs(np.asarray(accurate.gate[:2])) > 1e-6)
    assert np.all(np.abs(np.asarray(accurate.activation_bits)) > 1e-7)
    assert float(costly.timesteps) > 0
    assert np.all(np.asarray(costly.activation_bits) > 0)
    assert np.all(np.asarray(costly.gate) != 0)


def test_gate_gradient_matches_differences_in_float64(x) -> None:
    with jax.enable_x64(True):
        network = mlp((12,), 5, [16, 10], rngs=nnx.Rngs(0))
        graph, state = nnx.split(network)
        state = jax.tree.map(lambda v: v.astype(jnp.float64), state)
        operation = jax.tree.map(lambda v: v.astype(jnp.float64), Operation.of(LAYERS, longest=STEPS, timesteps=2.5, gate=0.5))

        @jax.jit
        def logits(gate):
            at = eqx.tree_at(lambda o: o.gate, operation, gate)
            return nnx.merge(graph, state)(x.astype(jnp.float64), at, [DigitalArray()] * LAYERS, jax.random.key(0)).logits

        # the last hidden layer's gate is linear in the logits; earlier ones move currents across thresholds
        check_grads(lambda g: logits(jnp.stack([jnp.float64(0.5), g, jnp.float64(0.5)])), (jnp.float64(0.4),), order=1, modes=["fwd"])
        assert logits(jnp.full(3, 0.5)).dtype == jnp.float64
