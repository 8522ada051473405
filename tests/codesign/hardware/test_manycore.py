"""Event-driven many-core chips: SANA-FE's constants in the limit, exact placement, conservation, and when spikes win."""

import functools
import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from codesign.hardware.base import UnsupportedLayerError
from codesign.hardware.manycore.manycore import COMPONENTS, DEFAULTS, ManyCore
from codesign.hardware.manycore.placement import GivenHops, SnakePlacement
from codesign.published.loihi import Loihi
from codesign.technology.catalogue import load
from codesign.workloads.workload import LayerWork, Workload, conv, dense, pool

LOIHI = load("loihi_14nm")
DIGITAL = load("digital_28nm")
QUICK_TO_COMPILE = {"xla_backend_optimization_level": 0}  # the tests compile much and run little
LAYERS = (
    conv("first", 2, 32, 34),
    pool("pool", 32, 34),
    conv("strided", 32, 64, 17, stride=2),
    conv("depthwise", 64, 64, 9, groups=64),
    LayerWork("recurrent", "recurrent", 64 * 81 + 128, 128),
    dense("dense", 128, 11),
)


@functools.partial(jax.jit, compiler_options=QUICK_TO_COMPILE)
def run(chip, workload, technology, hardness=1.0):
    return chip.cost(workload, technology, hardness)


@functools.partial(jax.jit, compiler_options=QUICK_TO_COMPILE)
def gradients(chip, workload, technology, hardness):
    return jax.grad(lambda pair: pair[0].cost(pair[1], technology, hardness).log_edp)((chip, workload))


@functools.partial(jax.jit, compiler_options=QUICK_TO_COMPILE)
def events_of(chip, workload, hardness=1.0):
    return chip.events(workload, hardness)


def neuron_pair(fan_out):
    """One firing neuron that drives `fan_out` neurons on another core."""
    workload = Workload.of([dense("source", 1, 1), dense("target", 1, fan_out)], input_rate=1, output_rate=[1, 0], timesteps=1)
    return run(ManyCore.of(placement=GivenHops.of(2, 1)), workload, LOIHI)


def spike_energy(fan_out):
    energy = np.asarray(neuron_pair(fan_out).energy_pj, float)
    return energy[0, COMPONENTS.index("neuron")] + sum(energy[1, COMPONENTS.index(x)] for x in ("synapse", "message", "hop"))


@pytest.mark.claims
def test_loi_1_energy_of_one_firing_neuron():
    assert spike_energy(128) == pytest.approx(4807.3, rel=1e-3)
    assert spike_energy(1) == pytest.approx(298.8, rel=1e-3)


@pytest.mark.claims
@pytest.mark.parametrize(("rate", "expected"), [(0.0, 51.2), (1.0, 72.8)])
def test_loi_3_idle_cost(rate, expected):
    workload = Workload.of([dense("one", 1, 1)], input_rate=rate, output_rate=0, timesteps=1)
    energy = run(ManyCore.of(), workload, LOIHI).by_component()["neuron"]
    assert float(energy) == pytest.approx(expected, rel=1e-3)


@pytest.mark.claims
def test_loi_4_fixed_cost_per_spike_matters_at_low_fan_out():
    assert spike_energy(1) == pytest.approx(298.8, rel=1e-2)
    assert spike_energy(128) / 128 == pytest.approx(37.6, rel=1e-2)


def test_agrees_with_the_published_model_where_both_count_the_same():
    """Neurons, synaptic events and messages of layers that fit one core; routes and memories are modelled differently."""
    layers = [conv("a", 2, 8, 10), dense("b", 800, 100), LayerWork("c", "recurrent", 150, 50)]
    workload = Workload.of(layers, input_rate=[0.3, 0.05, 0.2], output_rate=[0.05, 0.1, 0], timesteps=7)  # answers stay
    ours = run(ManyCore.of(), workload, LOIHI).by_component()
    theirs = run(Loihi(), workload, LOIHI).by_component()
    for name, other in (("neuron", "neurons"), ("synapse", "synapses"), ("message", "messages")):
        np.testing.assert_allclose(float(ours[name]), float(theirs[other]), rtol=1e-5)


@pytest.mark.claims
def test_dam_2_neuron_models_in_order():
    """DAM-2: IF < LIF < temporally continuous synapse, on the same workload."""
    energies = [run(ManyCore.of(), Workload.of(LAYERS, neuron=name), DIGITAL).energy for name in ("if", "lif", "cuba")]
    assert energies[0] < energies[1] < energies[2]


@pytest.mark.claims
def test_dam_4_spikes_gain_by_skipping_not_by_accumulating():
    """DAM-4: taking the cheaper operation away moves the crossover in timesteps far less than taking sparsity away.

    An 8-bit ANN with half of its activations zero and a spiking network at 5 % on identical silicon, memory included.
    """
    layers = [conv("a", 64, 128, 16), conv("b", 128, 128, 16), dense("c", 128 * 256, 256)]

    def crossover(technology, rate):
        def energy(timesteps, spikes, bits):
            return run(
                ManyCore.of(),
                Workload.of(layers, input_rate=spikes, output_rate=spikes, timesteps=timesteps, activation_bits=bits, weight_bits=8),
                technology,
            ).energy

        ann, one_step = float(energy(1, 0.5, 8)), float(energy(1, rate, 1))
        per_step = float(energy(2, rate, 1)) - one_step
        return 1 + (ann - one_step) / per_step  # energy is linear in the timesteps

    same_operation = eqx.tree_at(lambda t: t.values["int_mult_per_bit2_pj"], DIGITAL, jnp.zeros(()))
    base = crossover(DIGITAL, 0.05)
    without_cheap_operation = crossover(same_operation, 0.05)
    without_sparsity = crossover(DIGITAL, 1.0)
    assert base > without_cheap_operation > without_sparsity
    assert base - without_cheap_operation < 0.3 * (base - without_sparsity)


def enumerate_hops(cores, columns, per_tile, own):
    tile = np.arange(sum(cores)) // per_tile
    row, column = tile // columns, tile % columns
    column = np.where(row % 2 == 0, column, columns - 1 - column)
    ends = np.concatenate([[0], np.cumsum(cores)])
    runs = [slice(0, 1)] + [slice(a, b) for a, b in itertools.pairwise(ends)]

    def mean(axis, a, b):
        return np.abs(axis[a][:, None] - axis[b]).mean()

    return np.asarray(
        [
            [(1 - own) * mean(axis, before, here) + own * mean(axis, here, here) for axis in (column, row)]
            for before, here in itertools.pairwise(runs)
        ]
    ).T


SNAKE = Workload.of([LayerWork(f"l{i}", "recurrent", 10, 4) for i in range(5)])
SNAKE_HOPS = jax.jit(lambda cores: SnakePlacement().hops(cores, SNAKE))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 120), min_size=5, max_size=5))
def test_placement_is_exact_at_whole_core_counts(cores):
    hops = SNAKE_HOPS(np.asarray(cores, np.float32))
    np.testing.assert_allclose(np.stack(hops[:2]), enumerate_hops(cores, 8, 4, 0.4), atol=2e-4)


@settings(max_examples=15, deadline=None)
@given(
    neurons=st.floats(16, 4096),
    memory=st.floats(1, 512),
    rate=st.just(0.0) | st.floats(1e-6, 1),
    timesteps=st.floats(1, 32),
    weight_bits=st.floats(1, 16),
    activation_bits=st.floats(1, 8),
    hardness=st.sampled_from([0.0, 0.3, 0.9, 0.999, 1.0]),
)
# times that a compiler computed twice, rounded otherwise
@example(neurons=50, memory=1, rate=0.0, timesteps=1, weight_bits=1, activation_bits=1.5, hardness=0.9)
def test_invariants_on_relaxed_points(neurons, memory, rate, timesteps, weight_bits, activation_bits, hardness):
    chip = eqx.tree_at(lambda c: (c.neurons_per_core, c.synapse_memory_kb), ManyCore.of(), (jnp.float32(neurons), jnp.float32(memory)))
    workload = Workload.of(
        LAYERS,
        input_rate=rate,
        output_rate=rate,
        timesteps=timesteps,
        weight_bits=weight_bits,
        activation_bits=activation_bits,
    )
    cost = run(chip, workload, DIGITAL, hardness)
    for values in (cost.energy_pj, cost.latency_ns, cost.area_um2, cost.utilisation):
        assert np.isfinite(values).all()
        assert (np.asarray(values) >= 0).all()
    assert float(cost.latency) > 0
    assert (np.asarray(cost.utilisation) <= 1 + 1e-5).all()
    np.testing.assert_allclose(float(cost.energy), sum(map(float, cost.by_layer().values())), rtol=1e-5)
    # synaptic events are the multiply-accumulates of the non-zero inputs, whatever the cores
    synaptic = np.asarray(events_of(chip, workload, hardness).synaptic)
    expected = [rate * (layer.neurons_out * layer.fan_in if layer.kind == "pool" else layer.macs) for layer in LAYERS]
    np.testing.assert_allclose(synaptic, expected, rtol=1e-5)
    for part in jax.tree.leaves(gradients(chip, workload, DIGITAL, hardness)):
        assert np.isfinite(part).all()


@pytest.mark.parametrize("technology", [LOIHI, DIGITAL])
def test_more_bits_or_steps_are_never_cheaper(technology):
    base = {"weight_bits": 4.0, "activation_bits": 1.0, "state_bits": 8.0, "timesteps": 2.0, "input_rate": 0.1}
    before = run(ManyCore.of(), Workload.of(LAYERS, **base), technology)
    for name, value in base.items():
        after = run(ManyCore.of(), Workload.of(LAYERS, **{**base, name: value * 2}), technology)
        assert float(after.energy) >= float(before.energy) * (1 - 1e-6), name


@settings(max_examples=25, deadline=None)
@given(
    neurons=st.floats(32, 4096),
    memory=st.floats(4, 512),
    rate=st.floats(0, 0.5),
    bits=st.integers(1, 12),
    hardness=st.sampled_from([0.0, 1.0]),
)
def test_wider_weights_never_pay_through_faster_steps(neurons, memory, rate, bits, hardness):
    """More memory-bound cores must not shorten the step and save more leakage than the bits cost."""
    chip = eqx.tree_at(lambda c: (c.neurons_per_core, c.synapse_memory_kb), ManyCore.of(), (jnp.float32(neurons), jnp.float32(memory)))
    costs = [run(chip, Workload.of(LAYERS, input_rate=rate, weight_bits=b), DIGITAL, hardness) for b in (bits, bits + 1)]
    assert float(costs[1].energy) >= float(costs[0].energy) * (1 - 1e-6)
    assert float(costs[1].latency) >= float(costs[0].latency) * (1 - 1e-6)


def test_hard_and_relaxed_agree_in_the_limit_and_at_whole_cores():
    workload = Workload.of(LAYERS)
    hard = run(ManyCore.of(), workload, LOIHI, 1.0)
    for values in ("energy_pj", "latency_ns", "area_um2"):
        near = np.asarray(getattr(run(ManyCore.of(), workload, LOIHI, 0.999), values))
        np.testing.assert_allclose(near, getattr(hard, values), rtol=1e-3, atol=1e-3 * float(np.max(getattr(hard, values))))
    whole = Workload.of([dense("a", 64, 2048), dense("b", 2048, 1024)], weight_bits=8)
    chip = ManyCore.of(synapse_memory_kb=64)  # 2 and 32 cores
    dynamic = [run(chip, whole, LOIHI, hardness).energy_pj[:, :4] for hardness in (0.0, 1.0)]
    np.testing.assert_allclose(*dynamic, rtol=1e-6)


def test_float32_agrees_with_float64():
    workload, chip = Workload.of(LAYERS), ManyCore.of()
    single = run(chip, workload, DIGITAL, 0.7)
    with jax.enable_x64(True):
        wide = jax.tree.map(lambda x: jnp.asarray(np.asarray(x), jnp.float64), (chip, workload, DIGITAL))
        double = jax.jit(lambda c, w, t: c.cost(w, t, 0.7))(*wide)
        assert double.energy_pj.dtype == jnp.float64
        np.testing.assert_allclose(single.energy_pj, double.energy_pj, rtol=1e-4)
        np.testing.assert_allclose(single.latency_ns, double.latency_ns, rtol=1e-4, atol=1e-4)


def test_design_parameters_pull_in_the_physical_direction():
    workload = Workload.of(LAYERS)

    def logs(chip):
        cost = chip.cost(workload, DIGITAL, 0.5)
        return {"energy": jnp.log(cost.energy), "latency": jnp.log(cost.latency), "area": jnp.log(cost.area)}

    slopes = jax.jit(jax.jacrev(logs), compiler_options=QUICK_TO_COMPILE)(ManyCore.of(synapse_memory_kb=16, neurons_per_core=300))
    energy, latency, area = slopes["energy"], slopes["latency"], slopes["area"]
    assert float(energy.supply_v) > 0
    assert float(latency.supply_v) < 0
    assert float(latency.clock_mhz) < 0
    assert float(latency.neurons_per_core) > 0  # fewer, busier cores
    assert float(energy.message_bits) > 0
    assert float(area.message_bits) > 0
    assert float(area.synapse_memory_kb) != 0
    for name in DEFAULTS:
        assert any(float(getattr(slope, name)) != 0 for slope in (energy, latency, area)), name


def test_an_event_reaches_few_pieces_of_a_map_and_all_cuts_of_its_channels():
    chip = ManyCore.of(neurons_per_core=64, synapse_memory_kb=1)
    spatial, channels, matrix = conv("spatial", 1, 4, 32), conv("channels", 32, 64, 8), dense("matrix", 256, 256)
    events = events_of(chip, Workload.of([spatial, channels, matrix], weight_bits=8))
    np.testing.assert_allclose(events.cores, [64, 64, 64])
    # 64 pieces of 4 x 4 pixels, a window of 3: (1 + 2/4)^2; 18 kB of kernels in 1 kB memories; every core of a matrix
    np.testing.assert_allclose(events.destinations, [2.25, 18 * (1 + 2 * np.sqrt(64 / 18 / 64)) ** 2, 64], rtol=1e-5)


def test_sparse_synapses_store_and_visit_the_non_zero_ones():
    layer = dense("a", 1024, 1024)
    workload = Workload.of([layer], weight_density=0.1, weight_bits=8)
    dense_events, sparse_events = (events_of(ManyCore.of(synapses=name), workload) for name in ("dense", "sparse"))
    assert float(dense_events.cores[0]) == 8
    assert float(sparse_events.cores[0]) == 2  # 10 % of 1 Mi synapses of 8 + 10 bits in 128 kB
    np.testing.assert_allclose(sparse_events.synaptic, 0.1 * np.asarray(dense_events.synaptic), rtol=1e-5)


def test_latency_sums_to_the_steps_of_the_slowest_layer():
    workload = Workload.of([dense("small", 10, 10), dense("large", 10, 1000), dense("last", 1000, 10)], timesteps=8)
    cost = run(ManyCore.of(), workload, LOIHI)
    latency = np.asarray(cost.latency_ns)
    assert latency[1] > 0
    assert (latency[[0, 2]] == 0).all()
    access, fires = 1000 * 6.0, 1000 * 0.1 * 30
    assert latency[1] > (8 + 3 - 1) * (access + fires + 600)  # visits, spikes and the barrier, in 10 steps


@pytest.mark.parametrize("fires", [0.0, 0.5, 1.0])
def test_a_step_is_the_longer_of_a_cores_neurons_and_synapses(fires):
    """SANA-FE's model of Loihi: messages are integrated while neurons are visited."""
    workload = Workload.of([dense("a", 100, 50)], input_rate=0.2, output_rate=fires, timesteps=1, weight_bits=8)
    neurons, messages = 50 * (6 + 3.7 + fires * (30 + 5.1)), 20 * (16 + 50 * 3.8)
    assert neurons < messages
    np.testing.assert_allclose(float(run(ManyCore.of(), workload, LOIHI).latency), messages + 600, rtol=1e-5)
    quiet = Workload.of([dense("a", 100, 50)], input_rate=0.001, output_rate=fires, timesteps=1, weight_bits=8)
    neurons -= 50 * 3.7 * 0.999**100  # without input they are only visited
    np.testing.assert_allclose(float(run(ManyCore.of(), quiet, LOIHI).latency), neurons + 600, rtol=1e-5)


def test_attention_is_refused_by_name():
    workload = Workload.of([LayerWork("attention", "attention", 8, 8, 2, 2, 2, 2)])
    with pytest.raises(UnsupportedLayerError, match="attention"):
        ManyCore.of().cost(workload, LOIHI)


def test_errors_name_the_nearest_choice():
    with pytest.raises(ValueError, match="did you mean 'neurons_per_core'"):
        ManyCore.of(neuron_per_core=3)
    with pytest.raises(ValueError, match="did you mean 'dense'"):
        ManyCore.of(synapses="dens")
