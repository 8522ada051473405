"""Blocks and builders: products against numpy and lax, workloads against what was built, one trace for each network."""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from codesign.analog.arrays.array import DigitalArray
from codesign.hardware.systolic.array import Systolic
from codesign.network.builders.models import REGISTRY, SpikingNetwork, mlp, recurrent, resnet, transformer, vgg
from codesign.network.encoding import Events, Samples
from codesign.network.layers.attention import Attention
from codesign.network.layers.layers import Synapses
from codesign.network.layers.norm import Standardised
from codesign.network.layers.pooling import Average, Maximum, windows
from codesign.network.layers.style import Style
from codesign.network.operation import OF_NEURONS, Operation, inert_entries
from codesign.network.run import Activity, Run
from codesign.network.signal import Signal
from codesign.network.trace import trace
from codesign.technology import catalogue
from codesign.workloads.workload import conv, dense, pool

QUICK = {"xla_backend_optimization_level": 0}  # compiles much, runs little
SMALL = {
    "mlp": {"hidden": [6]},
    "convnet": {"channels": [4]},
    "lenet": {},
    "vgg": {"widths": [4, 0, 6, 0], "hidden": [6]},
    "resnet": {"depth": 8, "width": 4},
    "mobilenet": {"channels": [4, 6], "strides": [2, 2]},
    "recurrent": {"hidden": [6]},
    "transformer": {"width": 8, "blocks": 1, "heads": 2, "patch": 4},
}


def built(name: str, **style) -> SpikingNetwork:
    return REGISTRY[name]((16, 16, 2), 5, style=Style(**style), rngs=nnx.Rngs(0), **SMALL[name])


def runner(network: SpikingNetwork) -> Callable[..., Activity]:
    layers = len(network.geometries)
    graph, state = nnx.split(network)

    def forward(state, at, x):
        return nnx.merge(graph, state)(x, at, [DigitalArray()] * layers, jax.random.key(0))

    compiled = jax.jit(forward, compiler_options=QUICK)
    return lambda x, **operation: compiled(state, Operation.of(layers, **operation), x)


def run(network: SpikingNetwork, x: jax.Array | np.ndarray, **operation) -> Activity:
    return runner(network)(x, **operation)


def numpy_lif(current: np.ndarray, leak: float, threshold: float = 1.0) -> np.ndarray:
    potential, spikes = np.zeros_like(current[0]), []
    for drive in current:
        potential = leak * potential + drive
        spikes.append((potential >= threshold).astype(current.dtype))
        potential = potential - threshold * spikes[-1]
    return np.stack(spikes)


@pytest.mark.parametrize("name", REGISTRY)
def test_every_network_is_traced_once_whatever_time_bits_and_gates(name: str) -> None:
    # shapes are all that a trace needs: no weight is drawn
    network = nnx.eval_shape(lambda: built(name, norm="standardised", learned_per="channel"))
    graph, state = nnx.split(network)
    layers, traces = len(network.geometries), []

    def forward(state, operation, x):
        traces.append(1)
        merged = nnx.merge(graph, state)
        activity = merged(x, operation, [DigitalArray()] * layers, jax.random.key(0))
        return activity.logits, trace(merged.geometries, activity, operation)

    jitted = jax.jit(forward)
    x = jax.ShapeDtypeStruct((2, 16, 16, 2), jnp.float32)
    for steps, bits, gate in ((1, 2, 0), (2.5, np.linspace(2, 5, layers), np.linspace(0, 1, layers)), (3, 8, 1)):
        lowered = jitted.trace(state, Operation.of(layers, longest=3, timesteps=steps, weight_bits=bits, gate=gate), x)
    assert len(traces) == 1
    logits, work = lowered.out_info
    assert logits.shape == (2, 5)
    assert len({layer.name for layer in work.layers}) == layers
    for before, after in zip(work.layers, work.layers[1:], strict=False):
        if "attention" not in (before.kind, after.kind) and "query" not in after.name + before.name and "key" not in before.name:
            own = after.channels_out if after.kind == "recurrent" else 0
            assert before.neurons_out == after.neurons_in - own, (before.name, after.name)


def test_a_network_in_float64_computes_in_float64() -> None:
    graph, state = nnx.split(nnx.eval_shape(lambda: built("lenet")))
    images = jax.ShapeDtypeStruct((2, 16, 16, 2), jnp.float32)
    with jax.enable_x64(True):
        wide = jax.tree.map(lambda v: jax.ShapeDtypeStruct(v.shape, jnp.float64), (state, Operation.of(7, longest=2, gate=0.5), images))
        out = jax.eval_shape(lambda s, o, x: nnx.merge(graph, s)(x, o, [DigitalArray()] * 7, jax.random.key(0)), *wide)
        assert {leaf.dtype for leaf in jax.tree.leaves(out)} == {jnp.dtype(jnp.float64)}


def test_grouped_convolution_is_the_grouped_convolution_of_lax() -> None:
    geometry = conv("depthwise", 4, 8, 6, kernel=3, groups=4)
    synapses = Synapses(geometry, gain=1.0, rngs=nnx.Rngs(0))
    x = np.random.default_rng(0).normal(size=(2, 6, 6, 4)).astype(np.float32)

    def both(x):
        weights = synapses.quantised(jnp.float32(16)).reshape(3, 3, 1, 8)
        numbers = ("NHWC", "HWIO", "NHWC")
        expected = jax.lax.conv_general_dilated(x, weights, (1, 1), "SAME", dimension_numbers=numbers, feature_group_count=4)
        return synapses(x, DigitalArray(), jnp.float32(16), jax.random.key(1)), expected

    np.testing.assert_allclose(*jax.jit(both)(x), atol=1e-5)


def test_standardised_weights_have_no_mean_and_a_fixed_spread() -> None:
    synapses = Synapses(dense("d", 50, 4), gain=2.0, rngs=nnx.Rngs(0), norm=Standardised())
    synapses.kernel[...] = jnp.asarray(np.asarray(synapses.kernel[...]) * 7 + 3)
    synapses.bias[...] = jnp.arange(4.0)
    silence = np.zeros((1, 50), np.float32)
    weights, currents = jax.jit(lambda x: (synapses.weights, synapses(x, DigitalArray(), jnp.float32(4), jax.random.key(0))))(silence)
    np.testing.assert_allclose(np.mean(weights, 0), 0, atol=1e-6)
    np.testing.assert_allclose(np.std(weights, 0), 2 * 50**-0.5, rtol=1e-4)
    np.testing.assert_allclose(currents[0], np.arange(4))


def test_pooling() -> None:
    x = np.arange(2 * 5 * 5 * 3, dtype=np.float32).reshape(2, 5, 5, 3)
    cut = windows(jnp.asarray(x), pool("p", 3, 5))
    by_hand = np.stack([x[:, i : i + 2, j : j + 2] for i in (0, 2) for j in (0, 2)]).reshape(2, 2, 2, 2, 2, 3)
    np.testing.assert_allclose(Average().of(cut), np.moveaxis(by_hand.reshape(2, 2, 2, 4, 3).mean(3), 2, 0))
    np.testing.assert_allclose(Maximum().of(cut), np.moveaxis(by_hand.reshape(2, 2, 2, 4, 3).max(3), 2, 0))
    assert float(Average().bits(1.0, 4)) == 3  # counts to 4
    assert float(Maximum().bits(1.0, 4)) == 1


def test_pooling_layers_follow_their_producer_and_their_own_bits_do_not_matter() -> None:
    network = vgg((8, 8, 1), 3, [4, 0], [], "average", rngs=nnx.Rngs(0))
    x = np.random.default_rng(0).uniform(size=(3, 8, 8, 1)).astype(np.float32)
    assert [layer.kind for layer in network.geometries] == ["conv", "pool", "dense"]

    forward = runner(network)
    traced = jax.jit(functools.partial(trace, network.geometries))

    def work(gate=1.0, **bits):
        # a number for each layer throughout, so that one program serves
        each = {"activation_bits": 4, "state_bits": 12, **bits}
        settings = {"longest": 4, "gate": gate, **{name: np.broadcast_to(value, 3) for name, value in each.items()}}
        return traced(forward(x, **settings), Operation.of(3, **settings))

    mixed = work(gate=[0.25, 1, 1])
    assert float(mixed.timesteps[1]) == pytest.approx(0.25 * 4 + 0.75)
    assert float(mixed.spiking[1]) == 0.25
    spiking = work(weight_bits=[3, 4, 5], state_bits=[8, 9, 10])
    np.testing.assert_allclose(spiking.activation_bits, [4, 1, 3])
    assert 1 >= float(spiking.input_rate[2]) >= float(spiking.input_rate[1])  # a window fires where any of it does
    np.testing.assert_array_equal(spiking.weight_bits, [3, 3, 5])
    np.testing.assert_array_equal(spiking.state_bits, [8, 8, 8])  # neither pool nor scores have neurons
    pools = {(name, 1) for name in ("weight_bits", "activation_bits", "state_bits", "gate", *OF_NEURONS)}
    assert inert_entries(network.geometries) == pools | {(name, 2) for name in ("state_bits", *OF_NEURONS)}
    other = work(weight_bits=[3, 8, 5], state_bits=[8, 2, 7], activation_bits=[4, 7, 4], gate=[1, 0, 1])
    same = work(weight_bits=[3, 4, 5], state_bits=[8, 9, 10], gate=[1, 1, 1])
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), other, same)


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    return np.random.default_rng(4).poisson(0.5, (3, 6, 7)).astype(np.float32)


def quantised(synapses: Synapses) -> np.ndarray:
    return np.asarray(jax.jit(lambda: synapses.quantised(jnp.float32(5)))())


def test_a_recurrent_layer_is_its_unrolled_loop(counts) -> None:
    network = recurrent((7,), 5, [8], style=Style(encoding="events", readout="each_step"), rngs=nnx.Rngs(0))
    activity = run(network, counts, longest=6, activation_bits=2, weight_bits=5)
    layer, scores = network.body.blocks[0], network.scores.synapses
    weights = quantised(layer.synapses)
    x = np.minimum(np.moveaxis(counts, 1, 0), 3)
    heard, potential, all_heard, spikes = np.zeros((3, 8)), np.zeros((3, 8)), [], []
    for drive in x:
        all_heard.append(heard)
        potential = float(layer.neuron.leak) * potential + drive @ weights[:7] + heard @ weights[7:]
        heard = (potential >= 1).astype(np.float32)
        potential = potential - heard
        spikes.append(heard)
    logits = np.exp(1) * np.stack(spikes) @ quantised(scores)
    np.testing.assert_allclose(activity.logits, np.swapaxes(logits, 0, 1), atol=1e-4)
    seen = np.concatenate([x, np.stack(all_heard)], axis=-1)
    assert float(activity.input_rate[0]) == pytest.approx(np.mean(seen > 0), abs=1e-6)
    assert float(activity.payload_bits[0]) == 2


def test_leaky_scores_are_filtered_scores(counts) -> None:
    """s <- 0.9 s + 0.1 score, from 0, causally."""

    def logits(readout: str) -> np.ndarray:
        network = recurrent((7,), 5, [8], style=Style(encoding="events", readout=readout), rngs=nnx.Rngs(0))
        return np.asarray(run(network, counts, longest=6).logits)

    kept, filtered = np.zeros((3, 5)), []
    for score in np.swapaxes(logits("each_step"), 0, 1):
        kept = 0.9 * kept + 0.1 * score
        filtered.append(kept)
    np.testing.assert_allclose(logits("leaky_each_step"), np.swapaxes(filtered, 0, 1), atol=1e-6)


def test_a_recurrent_layer_at_gate_zero_is_a_quantised_recurrent_network(counts) -> None:
    network = recurrent((7,), 5, [8], style=Style(encoding="events"), rngs=nnx.Rngs(0))
    network.body.blocks[0].neuron.log_threshold[...] += 0.0137  # off the grid of the products
    activity = run(network, counts, longest=6, activation_bits=3, weight_bits=5, gate=0)
    layer, scores = network.body.blocks[0], network.scores.synapses
    weights, threshold = quantised(layer.synapses), float(layer.neuron.threshold)
    heard, mean = np.zeros((3, 8)), 0
    for drive in np.moveaxis(counts, 1, 0):
        current = drive @ weights[:7] + heard @ weights[7:]
        heard = np.round(np.clip(current / threshold, 0, 1) * 7) / 7
        mean = mean + heard / 6
    np.testing.assert_allclose(activity.logits, np.exp(1) * mean @ quantised(scores), atol=1e-3)
    np.testing.assert_allclose(activity.timesteps, [6, 1])  # its own steps count: it has memory


@pytest.mark.slow
def test_attention_multiplies_queries_keys_and_values() -> None:
    network = transformer((8, 8, 1), 3, width=8, blocks=1, heads=2, patch=4, rngs=nnx.Rngs(0))
    attention = next(block.body.blocks[0] for block in network.body.blocks if hasattr(block, "body"))
    assert isinstance(attention, Attention)
    assert attention.geometry.positions == 4
    work = trace(network.geometries, run(network, jnp.ones((2, 8, 8, 1)), longest=2), Operation.of(11, longest=2))
    kinds = [layer.kind for layer in work]
    assert kinds == ["conv", "conv", "conv", "conv", "conv", "attention", "conv", "conv", "conv", "pool", "dense"]
    assert work.layers[5].macs == 2 * 4 * 4 * 8
    queries, keys, values = (np.asarray(r) for r in work.output_rate[2:5])
    assert float(work.input_rate[5]) == pytest.approx((queries + keys + values) / 3, abs=1e-6)
    energy = Systolic.of().cost(work, catalogue.load("digital_45nm")).by_layer()["block1_attention"]
    assert float(energy) > 0


@pytest.mark.slow
def test_attention_is_its_sum_over_tokens() -> None:
    """Against loops in numpy: current of a token is the sum over tokens of (query . key) value, head by head."""
    network = transformer((8, 8, 1), 3, width=8, blocks=1, heads=2, patch=4, rngs=nnx.Rngs(0))
    attention = network.body.blocks[2].body.blocks[0]
    layers = len(network.geometries)
    operation = Operation.of(layers, longest=3)
    spikes = jax.random.bernoulli(jax.random.key(5), 0.5, (3, 2, 2, 2, 8)).astype(jnp.float32)
    pass_ = Run(network.geometries, operation, [DigitalArray()] * layers, network.readout, 3, jax.random.key(0))
    got = attention(Signal(spikes, None), pass_).spikes
    pass_ = Run(network.geometries, operation, [DigitalArray()] * layers, network.readout, 3, jax.random.key(0))
    query, key, value = (
        np.asarray(layer(Signal(spikes, None), pass_).spikes).reshape(3, 2, 4, 2, 4)
        for layer in (attention.query, attention.key, attention.value)
    )
    current = np.zeros_like(value)
    for token in range(4):
        for other in range(4):
            alike = np.sum(query[:, :, token] * key[:, :, other], axis=-1)
            current[:, :, token] += alike[..., None] * value[:, :, other]
    current = current.reshape(3, 2, 2, 2, 8) * float(jnp.exp(attention.log_scale[...]))
    np.testing.assert_array_equal(got, numpy_lif(current, float(attention.neuron.leak)))


@pytest.mark.slow
def test_a_residual_block_with_silent_weights_passes_its_input() -> None:
    network = resnet((8, 8, 1), 3, 8, 4, rngs=nnx.Rngs(0))
    block = network.body.blocks[1]
    block.last.synapses.kernel[...] = jnp.zeros_like(block.last.synapses.kernel[...])
    block.last.neuron.leak_logit[...] = jnp.float32(-20)
    activity = run(network, jax.random.uniform(jax.random.key(0), (3, 8, 8, 1)), longest=3)
    names = [layer.name for layer in network.geometries]
    assert names[:4] == ["stem", "stage1_1a", "stage1_1b", "stage2_1a"]
    np.testing.assert_allclose(activity.output_rate[2], activity.output_rate[0], atol=1e-6)
    np.testing.assert_allclose(activity.payload_bits[:-1], [4, *[1] * (len(names) - 2)])


def test_sequences_are_events_or_signals_of_the_data_s_length(counts) -> None:
    sequences = jnp.asarray(counts)
    assert Events().steps(sequences, 6) == 6
    with pytest.raises(ValueError, match=r"sequences have 6 steps .* but longest is 8"):
        Events().steps(sequences, 8)
    one_bit = Events()(sequences, 6, jnp.float32(1), jax.random.key(0))
    np.testing.assert_array_equal(one_bit.spikes, np.moveaxis(counts > 0, 1, 0))
    between = Events()(sequences, 6, jnp.float32(1.5), jax.random.key(0))
    np.testing.assert_allclose(between.spikes, np.moveaxis((np.minimum(counts, 1) + np.minimum(counts, 3)) / 2, 1, 0))
    signal = Samples()(jnp.asarray(counts - 2), 6, jnp.float32(5), jax.random.key(0))
    assert signal.spikes is not None
    assert np.max(np.abs(np.swapaxes(signal.spikes, 0, 1) - (counts - 2))) < 4 / 15


def test_relaxed_steps_of_a_sequence_are_the_shorter_sequence(counts) -> None:
    network = mlp((7,), 5, [6], style=Style(encoding="events"), rngs=nnx.Rngs(0))
    long, short = run(network, counts, longest=6, timesteps=4), run(network, counts[:, :4], longest=4)
    np.testing.assert_allclose(long.logits, short.logits, atol=1e-5)
    np.testing.assert_allclose(long.input_rate, short.input_rate, atol=1e-6)


def test_builders_refuse_what_they_cannot_build() -> None:
    for make, complaint in (
        (lambda r: resnet((8, 8, 1), 3, 10, rngs=r), "6 n \\+ 2"),
        (lambda r: vgg((4, 4, 1), 3, [4, 0, 0, 0], rngs=r), "do not fit a map of 1"),
        (lambda r: vgg((4, 4, 1), 3, [4, 0], pool="median", rngs=r), "unknown pooling"),
        (lambda r: transformer((8, 8, 1), 3, width=10, heads=4, rngs=r), "not divisible"),
        (lambda r: transformer((8, 8, 1), 3, patch=3, rngs=r), "power of two"),
        (lambda r: REGISTRY["mobilenet"]((8, 8, 1), 3, [4, 8], [2], rngs=r), "2 channels and 1 strides"),
        (lambda r: REGISTRY["lenet"]((8, 8, 1), 3, rngs=r), "at least 12"),
        (lambda r: recurrent((8,), 3, style=Style(neuron="parallel"), rngs=r), "recurrent layer"),
    ):
        with pytest.raises(ValueError, match=complaint):
            make(nnx.Rngs(0))
