"""The network's neurons on every family: operations, states, areas."""

import re
from pathlib import Path
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from codesign.hardware import Crossbar, ManyCore, Systolic
from codesign.hardware.parts.neuron import NEURONS, add_pj, kept_words, moved_words, products_pj, unit_um2, update_cycles, update_pj
from codesign.technology.catalogue import load
from codesign.workloads.workload import LayerWork, Neuron, Workload, conv, dense, pool

PRICES = load("rram_28nm")
LAYERS = (conv("a", 8, 16, 8), pool("p", 16, 8), dense("b", 256, 32), dense("c", 32, 10))
FAMILIES = {"systolic": Systolic.of(), "crossbar": Crossbar.of(), "manycore": ManyCore.of()}
COMPONENT = {"systolic": "neurons", "crossbar": "neurons", "manycore": "neuron"}


def priced(family: str, neuron: str, **properties: float):
    work = Workload.of(LAYERS, neuron=neuron, **{"timesteps": 4, "input_rate": 0.3, **properties})
    return jax.jit(lambda: FAMILIES[family].cost(work, PRICES))()


def test_every_neuron_of_a_layer_is_priced():
    assert set(NEURONS) == set(get_args(Neuron))


def test_the_documented_operations_are_the_priced_ones():
    rows = [
        line.split("|")[1:3] for line in Path("docs/networks.md").read_text().splitlines() if line.startswith("| ") and line.count("|") == 4
    ]
    found = {names.strip(): cell for names, cell in rows}
    fields = ("additions", "comparisons", "selections", "shifts", "registers")
    for name in ("if", "lif", "cuba", "adaptive", "parallel"):
        documented = [int(number) for number in re.findall(r"\d+", found[name])[:5]]
        assert documented == [getattr(NEURONS[name], field) for field in fields], name


def test_an_update_is_the_sum_of_its_parts():
    """IF: add, compare, select, two registers; LIF has SATA's shifter, multiplexer and register more, and an adder."""
    work = Workload.of([dense("a", 4, 4)], state_bits=16, neuron="if")
    unit = {name: 16 * float(PRICES[f"{name}_per_bit_pj"]) for name in ("compare", "mux", "shift", "register")}
    add = float(add_pj(16, PRICES))
    assert float(update_pj(work, PRICES)[0]) == pytest.approx(add + unit["compare"] + unit["mux"] + 2 * unit["register"], rel=1e-5)
    leaky = Workload.of(work.layers, state_bits=16, neuron="lif")
    decay = add + unit["shift"] + unit["mux"] + unit["register"]
    assert float((update_pj(leaky, PRICES) - update_pj(work, PRICES))[0]) == pytest.approx(decay, rel=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_more_of_a_neuron_costs_more_on_every_family(family):
    """DAM-2 (IF < LIF < current-based), and the others: a second state, then all inputs kept."""
    costs = {name: priced(family, name, timesteps=8) for name in ("if", "lif", "cuba", "adaptive", "parallel")}
    column = costs["if"].components.index(COMPONENT[family])
    energies = [float(jnp.sum(cost.energy_pj[:, column])) for cost in costs.values()]
    assert energies == sorted(energies)
    assert energies[1] > 1.05 * energies[0]
    areas = [float(cost.area) for name, cost in costs.items() if name != "parallel"]
    assert areas == sorted(areas)
    assert float(costs["parallel"].area) > areas[0]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_layer_of_numbers_has_no_neuron(family):
    costs = [priced(family, name, spiking=0, timesteps=1) for name in ("if", "parallel")]
    np.testing.assert_allclose(costs[0].energy_pj, costs[1].energy_pj, rtol=1e-6)
    np.testing.assert_allclose(costs[0].area_um2, costs[1].area_um2, rtol=1e-6)


def test_causal_products_grow_with_the_steps():
    layer = [dense("a", 4, 4)]
    for steps in (1, 4, 16):
        work = Workload.of(layer, neuron="parallel", timesteps=steps)
        assert float(update_cycles(work)[0]) == (steps + 1) / 2
        assert float(kept_words(work)[0]) == steps
        # by hand: T - 1 inputs are written, and step t reads the t - 1 before it
        assert float(moved_words(work, steps)[0]) == steps - 1 + steps * (steps - 1) / 2
        assert float(moved_words(work, 1)[0]) == 0
    few, many = (float(products_pj(Workload.of(layer, neuron="parallel", timesteps=steps), PRICES)[0]) for steps in (3, 7))
    assert many == pytest.approx(2 * few, rel=1e-5)


def test_the_largest_neuron_decides_a_shared_unit():
    names = ["if", "integrator", "adaptive", "integrator"]
    mixed = Workload.of(LAYERS, neuron=names)
    area = [float(x) for x in unit_um2(mixed, PRICES)]
    assert area[2] == max(area)
    index = FAMILIES["systolic"].cost(mixed, PRICES).components.index("neurons")
    areas = [float(FAMILIES["systolic"].cost(work, PRICES).area_um2[index]) for work in (mixed, Workload.of(LAYERS, neuron="adaptive"))]
    assert areas[0] == pytest.approx(areas[1], rel=1e-6)


def test_units_set_the_pace_where_products_are_many():
    """One unit for all 32 columns: a parallel neuron of 31 steps takes it 16 cycles of 2.5 ns."""
    chip = Systolic.of(columns_per_neuron_unit=32, offchip_gbit_per_s=1e6)
    layer = [dense("a", 64, 4096)]
    quick, slow = (chip.cost(Workload.of(layer, timesteps=31, neuron=name), PRICES).latency for name in ("lif", "parallel"))
    assert float(slow) == pytest.approx(31 * 4096 * 16 * 2.5, rel=1e-5)
    assert float(slow) > 2 * float(quick)


def test_steps_that_follow_each_other_move_no_states():
    moved = {}
    for dataflow in ("weight_stationary", "spike_tailored"):
        chip = Systolic.of(dataflow=dataflow)
        for name in ("if", "parallel"):
            cost = chip.cost(Workload.of(LAYERS, neuron=name, timesteps=8), PRICES)
            moved[dataflow, name] = float(cost.by_component()["output_buffer"])
    assert moved["weight_stationary", "parallel"] > moved["weight_stationary", "if"]
    assert moved["spike_tailored", "parallel"] == pytest.approx(moved["spike_tailored", "if"], rel=1e-6)


def test_attention_has_neurons_on_a_crossbar():
    work = Workload.of([LayerWork("a", "attention", 32, 32, 8, 1, 8, 1)])
    cost = FAMILIES["crossbar"].cost(work, PRICES)
    assert float(cost.by_component()["neurons"]) > 0
    assert float(cost.area_um2[cost.components.index("neurons")]) > 0


@pytest.mark.parametrize("neuron", NEURONS)
def test_gradients_match_differences(neuron):
    with jax.enable_x64(True):
        prices = jax.tree.map(lambda x: x.astype(jnp.float64), load("rram_28nm"))

        def total(steps, bits, spiking):
            work = Workload.of([dense("a", 8, 8)], timesteps=steps, state_bits=bits, spiking=spiking, neuron=neuron, dtype=jnp.float64)
            priced = update_pj(work, prices) + products_pj(work, prices) + 1e-3 * unit_um2(work, prices)
            return jnp.sum(jnp.log(priced) + update_cycles(work) + kept_words(work) + moved_words(work, steps))

        check_grads(jax.jit(total), (3.3, 9.7, 0.6), order=1, modes=["rev"], rtol=1e-5)
