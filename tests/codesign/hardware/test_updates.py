"""Neurons visited on events alone: against a simulation of the same neurons, who may not wait, and what marks cost."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.cost import Cost
from codesign.hardware.manycore.manycore import COMPONENTS, SYNAPSES, ManyCore
from codesign.hardware.manycore.updates import UPDATES
from codesign.technology.catalogue import load
from codesign.workloads.workload import Workload, dense

LOIHI, DIGITAL = load("loihi_14nm"), load("digital_28nm")
LAYERS = (dense("a", 64, 256), dense("b", 256, 10))


@eqx.filter_jit
def run(chip: ManyCore, workload: Workload, technology=DIGITAL) -> Cost:
    return chip.cost(workload, technology)


def both(technology=DIGITAL, **workload) -> list[Cost]:
    asked = Workload.of(LAYERS, timesteps=8, **workload)
    return [run(ManyCore.of(updates=name), asked, technology) for name in UPDATES]


def simulate(lazy: bool, weights: np.ndarray, spikes: np.ndarray, decay: float) -> tuple[np.ndarray, int]:
    """Spikes of leaky neurons with a soft reset, and visits; `[steps, inputs]` and `[inputs, neurons]`."""
    potential, last = np.zeros(weights.shape[1]), np.zeros(weights.shape[1])
    fired, sent, visits = np.zeros(weights.shape[1], bool), [], 0
    for step, now in enumerate(spikes, 1):
        visited = (weights[now].any(0) | fired) if lazy else np.ones_like(fired)
        potential[visited] *= decay ** (step - last)[visited]
        last[visited] = step
        potential[visited] += weights[now].sum(0)[visited]
        fired = visited & (potential >= 1)
        potential[fired] -= 1
        visits += visited.sum()
        sent.append(fired)
    return np.asarray(sent), visits


@pytest.mark.parametrize("decay", [1.0, 0.8])
def test_the_same_spikes_from_as_many_visits_as_the_model_counts(decay: float) -> None:
    rng = np.random.default_rng(0)
    weights = np.where(rng.random((64, 4096)) < 0.25, rng.normal(0.3, 0.6, (64, 4096)), 0)
    spikes = rng.random((60, 64)) < 0.04
    expected, every = simulate(False, weights, spikes, decay)
    found, visits = simulate(True, weights, spikes, decay)
    np.testing.assert_array_equal(found, expected)
    workload = Workload.of([dense("a", 64, 4096)], input_rate=0.04, output_rate=expected.mean(), weight_density=0.25)
    counted = ManyCore.of(updates="on_events", synapses="sparse").events(workload)
    assert every == expected.size
    # a neuron fires where it has input rather than elsewhere, and the model takes both as independent
    assert visits / expected.size == pytest.approx(float(counted.visited[0]) / 4096, rel=0.1)


def test_visits_are_saved_where_little_happens_and_marks_paid_where_much_does() -> None:
    for technology in (LOIHI, DIGITAL):
        every, waiting = both(technology, input_rate=0.001, output_rate=0.001)
        neuron = COMPONENTS.index("neuron")
        assert float(waiting.energy_pj[0, neuron]) < 0.3 * float(every.energy_pj[0, neuron])
        assert float(waiting.latency) < float(every.latency)
        every, waiting = both(technology, input_rate=0.5, output_rate=0.5)
        assert float(waiting.energy) > float(every.energy)
        assert float(waiting.area) > float(every.area)


def test_neurons_that_change_on_their_own_are_visited_always() -> None:
    chip = ManyCore.of(updates="on_events")
    for settings in ({"neuron": "cuba"}, {"neuron": "adaptive"}, {"neuron": "lif", "spiking": 0.0}):
        workload = Workload.of(LAYERS, input_rate=0.001, output_rate=0.001, **settings)
        np.testing.assert_allclose(chip.events(workload).visited[0], 256)
    waiting = chip.events(Workload.of(LAYERS, input_rate=0.0, output_rate=0.0))
    np.testing.assert_allclose(waiting.visited, jnp.zeros(2), atol=1e-5)


@pytest.mark.parametrize("technology", [LOIHI, DIGITAL], ids=["loihi", "digital"])
def test_a_search_chooses_synapses_and_visits(technology) -> None:
    workload = Workload.of(LAYERS, timesteps=8, input_rate=0.01, output_rate=0.01, weight_density=0.2)
    chip = ManyCore.of(synapses=tuple(SYNAPSES), updates=tuple(UPDATES))
    for i, j in ((0, 1), (1, 0)):
        synapses, updates = list(SYNAPSES)[i], list(UPDATES)[j]
        built = ManyCore.of(synapses=synapses, updates=updates)
        chosen = dataclasses.replace(chip, synapses=jax.nn.one_hot(i, 2), updates=jax.nn.one_hot(j, 2))
        found, expected = (run(each, workload, technology) for each in (chosen, built))
        for name in ("energy_pj", "latency_ns", "area_um2"):
            np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-5)
    energy = jax.grad(lambda c: jnp.log(c.cost(workload, technology, 0.5).energy))
    slope = jax.jit(energy, compiler_options={"xla_backend_optimization_level": 0})(chip)
    # few inputs and few weights: what is not there is neither stored nor visited
    assert slope.synapses[1] < 0 < slope.synapses[0]
    assert slope.updates[1] < 0 < slope.updates[0]


def test_formats_that_nobody_measured_are_refused_with_those_that_were() -> None:
    prices = {name: value for name, value in LOIHI.values.items() if not name.startswith("synapse_sparse")}
    without = dataclasses.replace(LOIHI, values=prices)
    with pytest.raises(KeyError, match="measured no event of 'sparse' synapses, only of dense"):
        jax.eval_shape(lambda: ManyCore.of(synapses=("dense", "sparse")).cost(Workload.of(LAYERS), without))
