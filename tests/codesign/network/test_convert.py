"""Conversion: where a spiking network equals its quantised twin, and what fine-tuning repairs where it does not."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.analog.arrays.array import DigitalArray
from codesign.data.registry import load
from codesign.network.builders.models import mlp, recurrent, vgg
from codesign.network.layers.style import Style
from codesign.network.learning.convert import Tuner, convert, stages, steps_of, tune_progressively
from codesign.network.neurons.firing import Parts
from codesign.network.neurons.neurons import IntegrateAndFire
from codesign.network.operation import Operation

STEPS, NEURONS = 8, 6
BITS = jnp.float32(0)
sixteenths = st.integers(-32, 48).map(lambda k: k / 16)


@pytest.fixture(scope="module")
def fires():
    """Spikes of neurons with threshold 1 from currents [STEPS, NEURONS], by their start."""

    def run(start):
        neuron = IntegrateAndFire((), Parts(start=start))
        return jax.jit(lambda current: neuron(current, BITS, jax.random.key(0)))

    return {start: run(start) for start in (0.0, 0.5)}


# --- the theorem, exact in binary fractions


@settings(max_examples=40, deadline=None)
@given(st.lists(sixteenths, min_size=NEURONS, max_size=NEURONS), st.sampled_from([0.0, 0.5]))
def test_a_constant_current_gives_the_floor_quantised_relu_after_any_number_of_steps(fires, values, start):
    current = jnp.broadcast_to(jnp.asarray(values, jnp.float32), (STEPS, NEURONS))
    counts = np.cumsum(fires[start](current), axis=0)
    for steps in range(1, STEPS + 1):
        twin = np.clip(np.floor(steps * np.asarray(values) + start), 0, steps)
        np.testing.assert_array_equal(counts[steps - 1], twin)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 16), min_size=NEURONS, max_size=NEURONS), min_size=STEPS, max_size=STEPS))
def test_currents_between_zero_and_the_threshold_may_come_in_any_order(fires, sixteenth):
    current = np.asarray(sixteenth) / 16
    counts = np.cumsum(fires[0.0](jnp.asarray(current, jnp.float32)), axis=0)
    np.testing.assert_array_equal(counts, np.floor(np.cumsum(current, axis=0)))


def test_outside_that_range_the_order_counts(fires):
    late, early = np.zeros((STEPS, NEURONS)), np.zeros((STEPS, NEURONS))
    late[-1], early[0] = 3.0, 3.0  # three thresholds at once, in the last step and in the first
    assert np.sum(fires[0.0](jnp.asarray(late, jnp.float32)), axis=0).tolist() == [1] * NEURONS
    assert np.sum(fires[0.0](jnp.asarray(early, jnp.float32)), axis=0).tolist() == [3] * NEURONS
    turned = np.zeros((STEPS, NEURONS))
    turned[0], turned[1] = 1.0, -1.0  # a spike cannot be taken back
    assert np.sum(fires[0.0](jnp.asarray(turned, jnp.float32)), axis=0).tolist() == [1] * NEURONS


# --- networks


@functools.partial(jax.jit, static_argnums=0)
def logits_of(graph, state, operation, x):
    network = nnx.merge(graph, state)
    return network(x, operation, [DigitalArray()] * len(network.geometries), jax.random.key(0)).logits


def logits(network, operation, x):
    return logits_of(*nnx.split(network), operation, x)


def off_the_grid(network):
    """Thresholds that no sum of products meets, so that rounding in float32 decides nothing."""
    for block in network.body.blocks:
        block.neuron.log_threshold[...] += 0.0137
    return network


@pytest.mark.slow
def test_one_hidden_layer_is_exact_whatever_the_weights():
    bits = 3
    network = off_the_grid(mlp((10,), 4, [12], style=Style(), rngs=nnx.Rngs(bits)))
    operation = Operation.of(2, longest=2, activation_bits=[5, bits], gate=0)
    x = jax.random.uniform(jax.random.key(1), (32, 10))
    twin, spiking = convert(network, operation)
    assert (spiking.longest, float(spiking.timesteps)) == (steps_of(bits), 2**bits - 1)
    np.testing.assert_allclose(logits(twin, spiking, x), logits(network, operation, x), atol=1e-5)


@pytest.mark.slow
def test_deep_layers_are_exact_where_their_currents_stay_in_range_and_not_elsewhere():
    operation = Operation.of(3, longest=2, activation_bits=3, gate=0)
    x = jax.random.uniform(jax.random.key(1), (32, 10))
    network = off_the_grid(mlp((10,), 4, [12, 8], style=Style(), rngs=nnx.Rngs(0)))
    ours, theirs = (logits(n, o, x) for n, o in (convert(network, operation), (network, operation)))
    assert np.max(np.abs(ours - theirs)) > 0.05
    second = network.body.blocks[1].synapses
    bounded = jnp.abs(second.kernel[...])
    second.kernel[...] = 0.9 * bounded / jnp.sum(bounded, axis=0)  # all spikes together stay below the threshold
    second.log_scale[...] = jnp.log(jnp.max(second.kernel[...]))
    operation = Operation.of(3, longest=2, activation_bits=3, gate=0, weight_bits=8)
    ours, theirs = (logits(n, o, x) for n, o in (convert(network, operation), (network, operation)))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert np.std(theirs) > 0


def test_stages_convert_from_the_input():
    network = vgg((4, 4, 1), 3, [2, 0], [4], style=Style(), rngs=nnx.Rngs(0))
    found = stages(network, Operation.of(4, longest=3, activation_bits=2, gate=0))
    assert [stage.operation.gate.tolist() for stage in found] == [[1, 0, 0, 0], [1, 1, 1, 1]]
    assert found[1].frozen == {"conv1", "dense1"}


def test_what_cannot_be_converted_is_named():
    operation = Operation.of(2, longest=2, gate=0)
    with pytest.raises(ValueError, match=r"layer 'recurrent1' \(recurrent\) cannot be converted"):
        convert(recurrent((4,), 3, [4], rngs=nnx.Rngs(0)), operation)
    with pytest.raises(ValueError, match="layer 'dense1': CurrentBasedNeuron cannot be converted"):
        convert(mlp((4,), 3, [4], style=Style(neuron="cuba"), rngs=nnx.Rngs(0)), operation)
    with pytest.raises(ValueError, match=r"whole activation_bits"):
        convert(mlp((4,), 3, [4], rngs=nnx.Rngs(0)), Operation.of(2, longest=2, activation_bits=2.5))


# --- digits


@pytest.fixture(scope="module")
def digits():
    data = load("digits", seed=0)
    splits = {name: (jnp.asarray(s.inputs, jnp.float32), jnp.asarray(s.labels)) for name, s in (("train", data.train), ("test", data.test))}
    network = mlp(data.sample_shape, 10, [24, 24], style=Style(), rngs=nnx.Rngs(0))
    operation = Operation.of(3, longest=3, activation_bits=[4, 2, 2], gate=0)
    arrays = [DigitalArray()] * 3
    tuner = Tuner(*splits["train"], arrays, jax.random.key(0), steps=400, learning_rate=1e-2)
    ann = tuner(network, operation)
    score = jax.jit(lambda graph, state, operation: accuracy(nnx.merge(graph, state), operation, *splits["test"]), static_argnums=0)
    return ann, operation, splits["train"], lambda network, operation: float(score(*nnx.split(network), operation))


def accuracy(network, operation, x, labels):
    return jnp.mean(jnp.argmax(logits(network, operation, x), axis=-1) == labels)


@pytest.mark.slow
def test_conversion_costs_little_and_progressive_tuning_nothing(digits):
    ann, operation, train, score = digits
    reference = score(ann, operation)
    assert reference > 0.9
    converted = score(*convert(ann, operation))
    tuner = Tuner(*train, [DigitalArray()] * 3, jax.random.key(1), steps=100, learning_rate=2e-3)
    network, spiking = tune_progressively(ann, operation, tuner)
    tuned = score(network, spiking)
    print(f"ANN {reference:.3f}, converted {converted:.3f}, tuned {tuned:.3f}")
    assert converted > reference - 0.06
    assert tuned > reference - 0.02
    first, before = (n.body.blocks[0].synapses.kernel[...] for n in (network, ann))
    np.testing.assert_array_equal(first, before)  # converted layers keep their weights
    assert not np.array_equal(network.scores.synapses.kernel[...], ann.scores.synapses.kernel[...])
