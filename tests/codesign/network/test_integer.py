"""Fixed point and integers: the measured network and the integer datapath are the same, bit for bit, on every sample."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.analog.arrays.array import DigitalArray
from codesign.analog.arrays.physics import CrossbarPhysics
from codesign.analog.arrays.searched import StatisticalCrossbar
from codesign.analog.device.catalogue import generic
from codesign.data.registry import load
from codesign.evaluation.evaluate import Batch, Design, evaluate
from codesign.hardware.systolic.array import Systolic
from codesign.network.builders.models import convnet, lenet, mlp, mobilenet, recurrent, resnet, vgg
from codesign.network.integer.integer import IntegerRectified, IntegerSpiking, shifted
from codesign.network.integer.to_fixed_point import to_fixed_point
from codesign.network.integer.to_integer import input_codes, to_integer
from codesign.network.layers.style import Style
from codesign.network.operation import Operation
from codesign.network.run import Run
from codesign.technology.catalogue import load as technology

KEY = jax.random.key(3)


def sent(network, operation, x, key):
    """What each block of the floating-point network sends, and its activity."""
    graph, state = nnx.split(network)

    @jax.jit
    def run(state, x, key):
        network = nnx.merge(graph, state)
        encoding_key, run_key = jax.random.split(key)
        arrays = [DigitalArray()] * len(network.geometries)
        run = Run(network.geometries, operation, arrays, network.readout, operation.longest, run_key)
        signal = network.encoding(x, operation.longest, run.setting(network.geometries[0]).activation_bits, encoding_key)
        signals = {}
        for block in network.body.blocks:
            signal = block(signal, run)
            signals[block.geometries[-1].name] = signal
        return signals, run.activity(network.scores(signal, run))

    return run(state, x, key)


def compare(network, operation, x):
    """Run both forms, and see that every spike, code and score is the same."""
    fixed = to_fixed_point(network, operation)
    signals, activity = sent(fixed, operation, x, jax.random.clone(KEY))
    integer = to_integer(fixed, operation)
    result = integer(input_codes(fixed, x, operation, jax.random.clone(KEY)))
    names = [layer.name for layer in network.geometries]
    for name, signal in signals.items():
        index = names.index(name)
        codes = result.sent[name]
        if signal.numbers is None or (operation.gate is not None and float(operation.gate[index]) == 1):
            want = np.asarray(signal.spikes[: integer.steps], np.float64)
            window = codes.max() // max(want.max(), 1e-9) if name.startswith("pool") else 1
            want = want * round(float(window))
        else:
            bits = int(jnp.broadcast_to(operation.activation_bits, (len(names),))[index + 1])
            quantised = signal.with_numbers_of(jnp.float32(bits)).numbers
            want = np.rint(np.asarray(quantised, np.float64) * (2**bits - 1) / signal.full_scale)
        want = want[: integer.steps]
        np.testing.assert_array_equal(want, np.broadcast_to(codes, want.shape), err_msg=name)
    unit = 2.0**integer.scores.neurons.exponent
    np.testing.assert_array_equal(np.asarray(activity.step_logits[: integer.steps], np.float64), result.step_scores * unit)
    if activity.logits.ndim == 2:
        np.testing.assert_array_equal(np.argmax(activity.logits, axis=-1), np.argmax(result.logits, axis=-1))
    return fixed, result


@pytest.fixture(scope="module")
def vectors():
    return jax.random.uniform(jax.random.key(1), (64, 12))


@pytest.mark.parametrize(
    ("style", "gate"),
    [
        (Style(neuron="if"), None),
        pytest.param(Style(neuron="if"), [1, 0, 1], marks=pytest.mark.slow),
        (Style(learned_per="channel"), [0, 1, 0]),
        (Style(firing="graded", reset="hard"), [1, 0, 1]),
        pytest.param(Style(encoding="rate", reset="none", readout="each_step"), [1, 0, 1], marks=pytest.mark.slow),
    ],
)
def test_every_spike_code_and_score_of_dense_layers(vectors, style, gate):
    network = mlp((12,), 5, [16, 10], style=style, rngs=nnx.Rngs(0))
    network.scores.synapses.log_column_scale[...] = jnp.linspace(-0.5, 0.5, 5)
    compare(network, Operation.of(3, longest=4, timesteps=3, gate=gate, state_bits=10, weight_bits=[3, 4, 5]), vectors)


def small_vgg(style):
    return vgg((6, 6, 2), 4, [4, 0, 4, 0], [8], style=dataclasses.replace(style, norm="standardised"), rngs=nnx.Rngs(0))


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(small_vgg, id="maximum pools and biases"),
        pytest.param(lambda style: convnet((8, 8, 1), 4, [3, 4], style=style, rngs=nnx.Rngs(0)), id="strides", marks=pytest.mark.slow),
        pytest.param(
            lambda style: mobilenet((8, 8, 1), 4, [3, 4], [1, 2], style=style, rngs=nnx.Rngs(0)), id="depthwise", marks=pytest.mark.slow
        ),
        pytest.param(lambda style: lenet((12, 12, 1), 4, style=style, rngs=nnx.Rngs(0)), id="average pools", marks=pytest.mark.slow),
        pytest.param(lambda style: resnet((8, 8, 1), 4, 8, 4, style=style, rngs=nnx.Rngs(0)), id="shortcuts", marks=pytest.mark.slow),
    ],
)
def test_every_spike_and_score_of_maps(build):
    network = build(Style())
    first = network.geometries[0]
    x = jax.random.uniform(jax.random.key(1), (8, first.height_in, first.width_in, first.channels_in))
    _, result = compare(network, Operation.of(len(network.geometries), longest=4, state_bits=10), x)
    assert all(0 < np.mean(codes > 0) < 1 for name, codes in result.sent.items() if not name.startswith("pool"))


def test_events_and_signed_samples_enter_as_integers(vectors):
    for encoding, x in (("events", jnp.round(4 * vectors)), ("samples", 4 * vectors - 2)):
        sequences = jnp.stack([x] * 3, axis=1)
        network = mlp((12,), 5, [16], style=Style(encoding=encoding), rngs=nnx.Rngs(0))
        compare(network, Operation.of(2, longest=3, activation_bits=3), sequences)


@pytest.fixture(scope="module")
def trained():
    """A network trained a little on digits, in floating point with a quantised state."""
    import optax

    data = load("digits", seed=0)
    network = mlp(data.sample_shape, 10, [24], style=Style(state="fixed_point"), rngs=nnx.Rngs(0))
    graph, state = nnx.split(network)
    operation = Operation.of(2, longest=4, state_bits=10)
    optimiser = optax.adam(1e-2)

    @jax.jit
    def step(carry, index):
        state, moments = carry
        x = jax.lax.dynamic_slice_in_dim(inputs, index * 64, 64)
        y = jax.lax.dynamic_slice_in_dim(labels, index * 64, 64)

        def loss(state):
            logits = nnx.merge(graph, state)(x, operation, [DigitalArray()] * 2, jax.random.key(0)).logits
            return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()

        update, moments = optimiser.update(jax.grad(loss)(state), moments)
        return optax.apply_updates(state, update), moments

    inputs, labels = jnp.asarray(data.train.inputs, jnp.float32), jnp.asarray(data.train.labels, jnp.int32)
    carry = (state, optimiser.init(state))
    for i in range(120):
        carry = step(carry, i % (len(labels) // 64))
    return nnx.merge(graph, carry[0]), operation, data.test


@pytest.mark.slow
def test_a_trained_network_keeps_its_answers(trained):
    network, operation, test = trained
    x, labels = jnp.asarray(test.inputs, jnp.float32), np.asarray(test.labels)
    before = network(x, operation, [DigitalArray()] * 2, jax.random.key(0)).logits
    _, result = compare(network, operation, x)
    right_before, right_after = (np.mean(np.argmax(z, axis=-1) == labels) for z in (np.asarray(before), result.logits))
    assert right_before > 0.85
    assert right_after >= right_before - 0.02
    assert np.mean(np.argmax(before, axis=-1) == np.argmax(result.logits, axis=-1)) > 0.97


@pytest.mark.slow
def test_a_network_in_fixed_point_is_measured_as_any_other(trained):
    network, operation, test = trained
    x, labels = jnp.asarray(test.inputs, jnp.float32), jnp.asarray(test.labels, jnp.int32)
    fixed = to_fixed_point(network, operation)
    graph, state = nnx.split(fixed)
    design = Design(state, operation, Systolic.of())
    evaluation = evaluate(graph, design, Batch(x, labels), technology("digital_28nm"), jax.random.key(0), exact=True)
    answers = to_integer(fixed, operation)(input_codes(fixed, x, operation, jax.random.key(0))).logits
    assert float(evaluation.accuracy) == pytest.approx(float(np.mean(np.argmax(answers, axis=-1) == labels)), abs=1e-6)


def test_the_datapath_is_integers_of_the_widths_it_names():
    network = mlp((8, 8, 1), 10, [24], style=Style(state="fixed_point"), rngs=nnx.Rngs(0))
    operation = Operation.of(2, longest=4, state_bits=10)
    integer = to_integer(to_fixed_point(network, operation), operation)
    arrays = integer.arrays()
    assert arrays["dense1.weights"].dtype == np.int32
    assert np.abs(arrays["dense1.weights"]).max() <= 2**3 - 1
    assert np.all(arrays["dense1.threshold"] * 4 <= 2 ** (10 - 1))
    with pytest.raises(ValueError, match="runs for 4 steps"):
        integer(np.zeros((2, 2, 64), np.int32))


# --- each rule on its own, against arithmetic without a width


@given(st.integers(-(2**20), 2**20), st.integers(-3, 8))
def test_shifts_round_half_up(value, bits):
    assert int(shifted(np.asarray([value], np.int32), bits)[0]) == int(np.floor(value / 2**bits + 0.5))


@settings(max_examples=50)
@given(
    st.lists(st.integers(-40, 60), min_size=1, max_size=8),
    st.integers(1, 40),
    st.integers(0, 256),
    st.sampled_from(["soft", "hard", "none"]),
)
def test_spiking_neurons_follow_the_equation(currents, threshold, leak, reset):
    neurons = IntegerSpiking(*(np.asarray([v], np.int32) for v in (threshold, 3, leak)), 8, 1, 8, 3, reset)
    got = neurons(np.asarray(currents, np.int32)[:, None, None], len(currents))[:, 0, 0]
    u, want = 3, []
    for current in currents:
        u = int(np.clip((leak * u + 128) // 256 + (current + 1) // 2, -128, 127))
        fired = min(max(u // threshold, 0), 3)
        want.append(fired)
        u = {"soft": u - fired * threshold, "none": u, "hard": 0 if fired else u}[reset]
    np.testing.assert_array_equal(got, want)


@given(st.lists(st.integers(-500, 900), min_size=1, max_size=4), st.integers(1, 400), st.integers(0, 3), st.integers(1, 5))
def test_rectified_codes_are_the_nearest(sums, half_numerator, shift, bits):
    numerator, intervals = 2 * half_numerator + 1, 2**bits - 1
    neurons = IntegerRectified(np.asarray([numerator], np.int32), shift, intervals, True)
    got = int(neurons(np.asarray(sums, np.int32)[:, None, None], len(sums))[0, 0, 0])
    exact = intervals * np.clip(sum(sums) / len(sums) * 2**shift / numerator, 0, 1)
    assert abs(got - exact) <= 0.5 + 1e-9


# --- what has no integer form


@pytest.mark.parametrize(
    ("style", "changed", "message"),
    [
        (Style(), {"weight_bits": 3.5}, "layer 'dense1': weight_bits is 3.5"),
        (Style(), {"timesteps": 2.5}, "timesteps is 2.5"),
        (Style(), {"gate": [0.5, 1]}, "layer 'dense1': gate is 0.5"),
        (Style(), {"state_bits": 20}, "layer 'dense1': state_bits must be 2 to 16, got 20"),
        (Style(), {"weight_bits": 16, "activation_bits": 12}, "only integers below"),
        (Style(neuron="cuba"), {}, "layer 'dense1': CurrentBasedNeuron has no integer form"),
        (Style(neuron="parallel"), {}, "ParallelNeuron"),
        (Style(firing="stochastic"), {}, "layer 'dense1': Stochastic firing"),
    ],
)
def test_what_has_no_integer_form_is_named(style, changed, message):
    network = mlp((12,), 5, [16], style=style, rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match=message):
        to_fixed_point(network, Operation.of(2, **{"longest": 4, **changed}))


def test_blocks_without_integer_form_and_analog_arrays_are_named(vectors):
    with pytest.raises(ValueError, match="layer 'recurrent1': RecurrentLayer has no integer form; those with one: Chain"):
        to_fixed_point(recurrent((12,), 5, [6], style=Style(), rngs=nnx.Rngs(0)), Operation.of(2, longest=4))
    network = mlp((12,), 5, [16], style=Style(readout="leaky_each_step"), rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match="LeakyStepReadout has no integer form"):
        to_fixed_point(network, Operation.of(2, longest=4))
    network = vgg((4, 4, 1), 4, [2, 0], [], "average", rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match="layer 'pool2': averages of numbers"):
        to_fixed_point(network, Operation.of(3, longest=4, gate=0))
    network, operation = mlp((12,), 5, [16], style=Style(), rngs=nnx.Rngs(0)), Operation.of(2, longest=4)
    with pytest.raises(TypeError, match="call to_fixed_point first"):
        to_integer(network, operation)
    one = jnp.float32(64)
    analog = StatisticalCrossbar(CrossbarPhysics(one, one, generic()), one)
    with pytest.raises(TypeError, match="layer 'dense1' is in fixed point and needs a DigitalArray, got StatisticalCrossbar"):
        to_fixed_point(network, operation)(vectors, operation, [analog] * 2, jax.random.key(0))
