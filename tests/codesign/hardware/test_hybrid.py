"""Several engines on one chip: area per engine in use, transfers, masks, and the case for mixing spikes with an ANN."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.hardware.base import UnsupportedLayerError
from codesign.hardware.hybrid.chip import HybridChip
from codesign.hardware.manycore.manycore import ManyCore
from codesign.hardware.systolic.array import Systolic
from codesign.technology.catalogue import combine, load
from codesign.workloads.workload import LayerWork, Workload, conv, dense

# slow cells: a core that waits for most of its time would leak its lead away
TECHNOLOGY = load({"process": "cmos_28nm", "memory": "lstp"})
ENGINES = {"array": Systolic.of(), "mesh": ManyCore.of(neurons_per_core=256, synapse_memory_kb=32)}
QUICK_TO_COMPILE = {"xla_backend_optimization_level": 0}  # the tests compile much and run little
LAYERS = (
    conv("c1", 3, 64, 32),
    conv("c2", 64, 64, 32),
    conv("c3", 64, 128, 16),
    conv("c4", 128, 128, 16),
    conv("c5", 128, 256, 8),
    conv("c6", 256, 256, 8),
)
SPIKES = np.asarray([0.9, 0.5, 0.3, 0.05, 0.02, 0.01])


@functools.partial(jax.jit, compiler_options=QUICK_TO_COMPILE)
def run(chip, workload, hardness=1.0):
    return chip.cost(workload, TECHNOLOGY, hardness)


@jax.jit
def shares(chip, workload, hardness=1.0):
    return chip.shares(workload, hardness)


@functools.partial(jax.jit, compiler_options=QUICK_TO_COMPILE)
def slope(chip, workload, hardness):
    def total(chip, workload):
        cost = chip.cost(workload, TECHNOLOGY, hardness)
        return jnp.log(cost.energy) + jnp.log(cost.latency) + jnp.log(cost.area) + jnp.mean(cost.utilisation)

    return jax.grad(total, argnums=(0, 1))(chip, workload)


def network(spiking):
    """The network with a spiking layer (4 steps, binary) where `spiking` is 1, an 8-bit ANN layer with half zeros elsewhere."""
    spiking = np.asarray(spiking, float)
    rate = spiking * SPIKES + (1 - spiking) * 0.5
    return Workload.of(
        LAYERS,
        input_rate=rate,
        output_rate=rate,
        spiking=spiking,
        timesteps=1 + 3 * spiking,
        activation_bits=8 - 7 * spiking,
        weight_bits=8,
    )


@pytest.mark.claims
def test_dam_3_hybrid_beats_either_alone():
    """DAM-3: spikes where activity is low, an ANN elsewhere: E_hybrid < min(E_ANN, E_SNN), transfers included."""
    ann = run(HybridChip.of(ENGINES, [0] * 6), network([0] * 6))
    snn = run(HybridChip.of(ENGINES, [1] * 6), network([1] * 6))
    cheaper = (np.sum(snn.energy_pj, 1) < np.sum(ann.energy_pj, 1)).astype(int)
    assert 0 < cheaper.sum() < 6  # the layers straddle the crossover
    assert cheaper[-1] == 1  # spikes at the sparse end
    mixed = run(HybridChip.of(ENGINES, cheaper), network(cheaper))
    assert float(mixed.by_component()["transfer"]) > 0
    assert float(mixed.energy) < min(float(ann.energy), float(snn.energy))


def test_pure_assignments_equal_the_engines_alone():
    workload = network([1] * 6)
    for index, engine in enumerate(ENGINES.values()):
        alone = run(engine, workload)
        chip = run(HybridChip.of(ENGINES, [index] * 6), workload)
        for name in ("energy", "latency", "area"):
            np.testing.assert_allclose(float(getattr(chip, name)), float(getattr(alone, name)), rtol=1e-5)


def test_area_is_paid_once_per_engine_in_use():
    workload = network([1] * 6)
    areas = [float(run(HybridChip.of(ENGINES, a), workload).area) for a in ([0] * 6, [0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 1, 1])]
    assert areas[0] < areas[1] < areas[2]  # the second engine appears, then holds one more layer
    mesh = [c for c in run(HybridChip.of(ENGINES, [0] * 6), workload).components if c.startswith("mesh")]
    assert len(mesh) == 7
    relaxed = HybridChip.of(ENGINES, np.tile([0.99, 0.01], (6, 1)))
    assert areas[0] < float(run(relaxed, workload, 0.0).area)


def test_transfers_are_paid_where_the_engine_changes():
    workload = network([1] * 6)
    cost = run(HybridChip.of(ENGINES, [0, 0, 1, 1, 0, 0]), workload)
    paid = np.asarray(cost.energy_pj)[:, -1] > 0
    assert cost.components[-1] == "transfer"
    assert paid.tolist() == [False, False, True, False, True, False]
    single = run(HybridChip.of(ENGINES, [0, 0, 0, 0, 0, 0]), workload)
    assert float(single.by_component()["transfer"]) == 0


def test_hard_assignment_is_one_hot_and_the_relaxed_one_approaches_it():
    chip = HybridChip.of(ENGINES, np.tile([0.6, 0.4], (6, 1)))
    workload = network([1] * 6)
    np.testing.assert_allclose(shares(chip, workload, 0.0), np.tile([0.6, 0.4], (6, 1)), rtol=1e-6)
    np.testing.assert_allclose(np.sum(shares(chip, workload, 0.5), 1), 1, rtol=1e-6)
    np.testing.assert_array_equal(shares(chip, workload, 1.0), np.tile([1.0, 0.0], (6, 1)))
    np.testing.assert_allclose(float(run(chip, workload, 0.999).energy), float(run(chip, workload, 1.0).energy), rtol=1e-3)
    legal = HybridChip.of(ENGINES, [0, 0, 1, 1, 0, 0])
    for hardness in (0.0, 0.5, 1.0):
        np.testing.assert_allclose(shares(legal, workload, hardness), np.eye(2)[[0, 0, 1, 1, 0, 0]], atol=1e-6)


@pytest.mark.slow
def test_gradient_of_the_assignment_points_to_the_cheaper_engine():
    workload = network([1] * 6)
    chip = HybridChip.of(ENGINES, np.full((6, 2), 0.5))
    slopes = jax.jit(jax.grad(lambda c: jnp.log(c.cost(workload, TECHNOLOGY, 0.5).energy)))(chip)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(slopes))
    alone = [np.sum(run(engine, workload, 0.5).energy_pj, 1) for engine in ENGINES.values()]
    clear = np.abs(np.log(alone[0] / alone[1])) > 0.5
    direction = np.asarray(slopes.assignment[:, 1] - slopes.assignment[:, 0]) > 0
    np.testing.assert_array_equal(direction[clear], (alone[1] > alone[0])[clear])


@pytest.mark.parametrize("left", [0.0, 1e-36, 1e-28, 1e-12])
def test_gradients_are_finite_where_next_to_nothing_is_left_on_an_engine(left):
    workload = network([0.3] * 6)
    for engine in range(2):
        chip = HybridChip.of(ENGINES, np.where(np.arange(2) == engine, 1.0, left) * np.ones((6, 1)))
        for hardness in (0.3, 0.95):
            slopes = slope(chip, workload, hardness)
            broken = [jax.tree_util.keystr(at) for at, leaf in jax.tree_util.tree_leaves_with_path(slopes) if not np.isfinite(leaf).all()]
            assert not broken, (engine, hardness)


@pytest.mark.slow
def test_layers_go_only_where_they_can_run():
    attention = LayerWork("attention", "attention", 64, 64, 4, 4, 4, 4)
    workload = Workload.of([dense("before", 64, 1024), attention])
    chip = HybridChip.of(ENGINES, [1, 1])
    np.testing.assert_array_equal(shares(chip, workload), [[0, 1], [1, 0]])
    cost = run(chip, workload)
    assert np.isfinite(cost.energy_pj).all()
    with pytest.raises(UnsupportedLayerError, match="attention"):
        HybridChip.of({"mesh": ManyCore.of()}, [0, 0]).cost(workload, TECHNOLOGY)


def test_errors_say_what_and_where():
    with pytest.raises(ValueError, match=r"engine index must be in 0\.\.1"):
        HybridChip.of(ENGINES, [0, 2])
    with pytest.raises(ValueError, match="expected \\[layers, 2\\]"):
        HybridChip.of(ENGINES, np.ones((3, 3)))
    with pytest.raises(ValueError, match="non-negative"):
        HybridChip.of(ENGINES, np.zeros((3, 2)))
    with pytest.raises(ValueError, match="did you mean 'link_gbit_per_s'"):
        HybridChip.of(ENGINES, [0], link_gbit=1)
    with pytest.raises(ValueError, match="workload has 6"):
        HybridChip.of(ENGINES, [0]).shares(network([1] * 6))


def test_combined_technologies_price_all_engines():
    both = combine(load("digital_28nm"), load("rram_28nm"))
    assert float(both["int_add_per_bit_pj"]) > 0
    assert float(both["on_resistance_ohm"]) > 0
    with pytest.raises(ValueError, match="one node"):
        combine(load("digital_28nm"), load("rram_22nm"))


def test_a_map_that_outgrows_half_the_buffer_waits_for_handshakes():
    """64 x 32 x 32 spikes of 4 steps are 32 kB: 64 parts of half a kilobyte, or one; each costs a handshake, the last one's reading too."""
    workload, link = network([1] * 6), 25.6
    small, large = (run(HybridChip.of(ENGINES, [0, 1, 1, 1, 1, 1], transfer_buffer_kb=kb), workload) for kb in (1, 64))
    waited = float(small.latency - large.latency)
    assert waited == pytest.approx(63 * float(TECHNOLOGY["barrier_first_tile_ns"]) - 31.5 * 8192 / link, rel=1e-3)


def test_a_wider_link_has_more_wires():
    workload = network([1] * 6)
    narrow, wide = (run(HybridChip.of(ENGINES, [0, 0, 1, 1, 1, 1], link_gbit_per_s=gbit), workload) for gbit in (1, 100))
    assert float(wide.area) > float(narrow.area)
    assert float(wide.by_component()["transfer_leakage"] / wide.latency) > float(narrow.by_component()["transfer_leakage"] / narrow.latency)


def test_layers_with_another_engine_between_them_do_not_overlap():
    """Cores that hold layers 2, 4 and 6 run three times T steps, not T + 2."""
    workload = network([1] * 6)
    apart, alone = (run(HybridChip.of(ENGINES, [0, 1, 0, 1, 0, 1]), workload), [])
    for layer in (1, 3, 5):
        chosen = [int(index == layer) for index in range(6)]
        alone.append(float(run(HybridChip.of(ENGINES, chosen), workload).latency_ns[layer]))
    np.testing.assert_allclose(np.asarray(apart.latency_ns)[[1, 3, 5]], alone, rtol=1e-5)


def test_every_engine_leaks_while_the_others_run():
    workload = network([1] * 6)
    cost = run(HybridChip.of(ENGINES, [0, 0, 0, 1, 1, 1]), workload)
    for name in ENGINES:
        leaking = np.asarray(cost.energy_pj)[:, cost.components.index(f"{name}.leakage")]
        # at constant power
        np.testing.assert_allclose(leaking, leaking.sum() * np.asarray(cost.latency_ns / cost.latency), rtol=1e-5)
        assert leaking[0] > 0
