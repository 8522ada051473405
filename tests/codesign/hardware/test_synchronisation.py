"""Cores in step by a barrier or by their neighbours alone: against a simulated pipeline, in the limits, and what either costs."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.cost import Cost
from codesign.hardware.manycore.events import links_of
from codesign.hardware.manycore.manycore import COMPONENTS, ManyCore
from codesign.hardware.manycore.synchronisation import SYNCHRONISATIONS, Busy
from codesign.technology.catalogue import load
from codesign.workloads.workload import LayerWork, Workload, conv, dense

LOIHI, DIGITAL = load("loihi_14nm"), load("digital_28nm")
QUICK_TO_COMPILE = {"xla_backend_optimization_level": 0}  # the tests compile much and run little
UNEVEN = (dense("small", 64, 64), dense("large", 64, 1000), dense("last", 1000, 10))


@eqx.filter_jit
def run(chip: ManyCore, workload: Workload, technology=LOIHI, hardness=1.0) -> Cost:
    return chip.cost(workload, technology, hardness)


def both(workload: Workload, technology=LOIHI, **parameters: float) -> tuple[Cost, Cost]:
    barrier, free = (run(ManyCore.of(synchronisation=name, **parameters), workload, technology) for name in SYNCHRONISATIONS)
    return barrier, free


def pipeline(times: np.ndarray) -> float:
    """End of the last step where each layer waits for the one before it, and for a free place at the one after it; `[steps, layers]`."""
    steps, layers = times.shape
    ends = np.zeros((steps + 2, layers + 2))  # two steps that nobody waits for, and a source and a sink
    for step in range(2, steps + 2):
        for layer in range(1, layers + 1):
            # this step's input, its own last step, and the next layer done with the step before the last
            begin = max(ends[step, layer - 1], ends[step - 1, layer], ends[step - 2, layer + 1])
            ends[step, layer] = begin + times[step - 2, layer - 1]
    return ends.max()


def test_time_is_that_of_a_simulated_pipeline():
    rng = np.random.default_rng(3)
    timing = jax.jit(lambda way, busy, work: way.timing(busy, work, 1.0), compiler_options=QUICK_TO_COMPILE)
    for layers, steps in ((4, 1), (6, 9)):
        halves = rng.uniform(1, 30, (2, layers))
        flight = rng.uniform(0, 3, layers)
        busy = Busy(jnp.asarray(halves), jnp.asarray(flight), jnp.ones(layers), jnp.float32(100))
        workload = Workload.of([dense(f"l{i}", 2, 2) for i in range(layers)], timesteps=steps)
        each = np.tile(halves.max(0) + flight, (steps, 1))
        free = timing(SYNCHRONISATIONS["asynchronous"], busy, workload)
        np.testing.assert_allclose(float(free.latency.sum()), pipeline(each), rtol=1e-5)
        np.testing.assert_allclose(float(free.step), each.max(), rtol=1e-5)
        barrier = timing(SYNCHRONISATIONS["barrier"], busy, workload)
        np.testing.assert_allclose(float(barrier.latency.sum()), (steps + layers - 1) * (each.max() + 100), rtol=1e-5)


def test_one_core_saves_the_barrier_and_sends_tokens():
    workload = Workload.of([dense("a", 100, 50)], input_rate=0.2, timesteps=8, weight_bits=8)
    barrier, free = both(workload)
    # its only neighbour is the chip's edge
    np.testing.assert_allclose(float(barrier.latency - free.latency), 8 * (600 - 16), rtol=1e-3)
    tokens = 2 * 8 * 111 * 33 / 32
    messages = COMPONENTS.index("message")
    parity = 1 / 32 * float(barrier.energy_pj[0, messages])
    np.testing.assert_allclose(float((free.energy_pj - barrier.energy_pj)[0, messages]), tokens + parity, rtol=1e-3)


def test_gains_grow_with_imbalance_and_vanish_in_balance():
    """Beside the barrier itself, only what waits for the slowest layer can be gained: (steps + layers - 1) / steps at most."""
    free_barrier = eqx.tree_at(lambda t: [t.values[f"barrier_{n}_tiles"] for n in (1, 2, 4, 29)], LOIHI, [jnp.zeros(())] * 4)
    even = Workload.of([dense(f"l{i}", 256, 256) for i in range(4)], input_rate=0.1, timesteps=8)
    uneven = Workload.of(UNEVEN, input_rate=0.1, output_rate=0.1, timesteps=8)
    gains = [float(one.latency / other.latency) for one, other in (both(even, free_barrier), both(uneven, free_barrier))]
    assert 0.98 < gains[0] < 1.01
    assert 1.1 < gains[1] < 10 / 8


def test_many_small_cores_pay_for_their_tokens():
    """Tokens grow with pairs of cores: a barrier is cheaper where little happens between many."""
    quiet = Workload.of([dense("a", 512, 512), dense("b", 512, 512)], input_rate=0.001, output_rate=0.001, timesteps=4)
    barrier, free = both(quiet, neurons_per_core=16)
    assert float(free.energy) > 1.5 * float(barrier.energy)
    assert float(free.area) > float(barrier.area)


def test_links_are_those_of_an_enumerated_map():
    """16 pieces of 8 x 8 pixels on either side: a window reaches the neighbours. A matrix: every pair. A recurrent layer: its own too."""
    layers = [conv("a", 1, 1, 32, kernel=1), conv("b", 1, 1, 32), dense("c", 1024, 128), LayerWork("d", "recurrent", 256, 128)]
    chip = ManyCore.of(neurons_per_core=64)
    workload = Workload.of(layers)
    links = links_of(chip.events(workload), workload)
    row = np.arange(16) // 4, np.arange(16) % 4
    near = [np.abs(axis[:, None] - axis) <= 1 for axis in row]
    np.testing.assert_allclose(links.pairs, [16, (near[0] & near[1]).sum(), 16 * 2, 2 * 2 + 2 * 2], rtol=1e-5)


def test_a_search_chooses_between_both():
    workload = Workload.of(UNEVEN, input_rate=0.1, output_rate=0.1, timesteps=8)
    chip = ManyCore.of(synchronisation=tuple(SYNCHRONISATIONS))
    assert chip.choices["synchronisation"] == ("barrier", "asynchronous")
    for i, expected in enumerate(both(workload, DIGITAL)):
        chosen = dataclasses.replace(chip, synchronisation=jax.nn.one_hot(i, 2))
        found = run(chosen, workload, DIGITAL)
        np.testing.assert_allclose(found.energy_pj, expected.energy_pj, rtol=1e-5)
        np.testing.assert_allclose(found.latency_ns, expected.latency_ns, rtol=1e-5)
    slope = jax.jit(jax.grad(lambda c: jnp.log(c.cost(workload, DIGITAL, 0.5).latency)), compiler_options=QUICK_TO_COMPILE)(chip)
    assert float(slope.synchronisation[1]) < 0 < float(slope.synchronisation[0])
    with pytest.raises(ValueError, match="did you mean 'asynchronous'"):
        ManyCore.of(synchronisation="asynchron")


def test_the_smooth_form_tends_to_the_exact_one_with_finite_slopes():
    workload = Workload.of(UNEVEN, input_rate=[0.1, 0, 0.02], timesteps=[8, 8, 1])
    chip = ManyCore.of(synchronisation="asynchronous")
    hard, near = (run(chip, workload, DIGITAL, hardness) for hardness in (1.0, 0.9995))
    for name in ("energy_pj", "latency_ns"):
        total = float(jnp.sum(getattr(hard, name)))
        np.testing.assert_allclose(getattr(near, name), getattr(hard, name), rtol=2e-3, atol=1e-3 * total)
    slopes = jax.jit(jax.grad(lambda pair, h: pair[0].cost(pair[1], DIGITAL, h).log_edp), compiler_options=QUICK_TO_COMPILE)
    for hardness in (0.0, 0.9, 1.0):
        for leaf in jax.tree.leaves(slopes((chip, workload), hardness)):
            assert np.isfinite(leaf).all()
