"""What a systolic array is charged for around its arithmetic, and what its technology cannot do."""

import dataclasses
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.hardware.parts.memory import sram_maximum_mhz
from codesign.hardware.parts.supply import delay_factor
from codesign.hardware.systolic.array import COMPONENTS, ZEROS, Systolic
from codesign.technology.catalogue import load
from codesign.workloads.workload import Workload, conv, dense
from tests.codesign.hardware.test_systolic import LAYERS, run

TECHNOLOGY = load("digital_28nm")
CLOSED = load({"process": "cmos_28nm", "memory": "lop", "offchip": "none"})


def excess(technology, workload, **parameters):
    return float(jax.jit(lambda: Systolic.of(**parameters).cost(workload, technology).excess)())


def test_a_clock_beyond_gates_or_memories_is_illegal_by_its_ratio():
    workload = Workload.of([dense("a", 64, 10)])
    assert excess(TECHNOLOGY, workload, clock_mhz=1000) == 0
    assert excess(TECHNOLOGY, workload, clock_mhz=1500) == pytest.approx(math.log(1.5), rel=1e-4)  # 1000 is all of it, and legal
    low = 1 / float(delay_factor(0.7, TECHNOLOGY))
    assert excess(TECHNOLOGY, workload, clock_mhz=1000, supply_v=0.7) == pytest.approx(-math.log(low), rel=1e-4)
    large = float(sram_maximum_mhz(24576, TECHNOLOGY))
    assert large < 1000
    assert excess(TECHNOLOGY, workload, clock_mhz=1000, weight_buffer_kb=24576) == pytest.approx(math.log(1000 / large), rel=1e-4)


def test_a_closed_chip_must_hold_the_network():
    """64 x 1000 weights of 4 bits are 31.25 kB: all of the weight buffer may hold them, as nothing is loaded beside them."""
    workload = Workload.of([dense("a", 64, 1000)])
    assert excess(CLOSED, workload, weight_buffer_kb=31.25) == pytest.approx(0, abs=1e-6)
    assert excess(CLOSED, workload, weight_buffer_kb=16) == pytest.approx(math.log(31.25 / 16), rel=1e-4)
    cost = jax.jit(lambda: Systolic.of().cost(workload, CLOSED))()
    assert float(cost.by_component()["off_chip"]) == 0
    assert float(cost.area_um2[COMPONENTS.index("off_chip")]) == 0


def test_a_skip_path_on_a_closed_chip_needs_room_too():
    """The path waits beside the map that it joins; without a memory off the chip there is no other place."""
    layer = conv("body", 16, 16, 16)
    # half of the buffer holds the map, and nothing more
    room = {"input_buffer_kb": 2 * layer.neurons_in / 8192, "weight_buffer_kb": 64.0, "output_buffer_kb": 64.0, "clock_mhz": 100.0}
    joined = dataclasses.replace(layer, residual_inputs=layer.neurons_out)
    alone, together = (excess(CLOSED, Workload.of([one], timesteps=1, weight_bits=4), **room) for one in (layer, joined))
    assert alone == pytest.approx(0, abs=1e-4)
    assert together == pytest.approx(math.log(2), rel=1e-3)


def test_half_of_a_double_buffer_holds_what_a_layer_works_on():
    """Input and weight buffer: a map and weights that fit half of it are moved once; in less room they come again."""
    layers = [conv("before", 16, 16, 16), conv("a", 16, 64, 16)]

    # no scratchpad keeps weights over the steps
    def moved(**kb):
        cost = run(Systolic.of(scratchpad_kb=1e-3, **kb), Workload.of(layers), 1.0)
        return float(cost.energy_pj[1, COMPONENTS.index("off_chip")])

    # 16 x 256 spikes of 4 steps are 2 kB, 9216 weights of 4 bits 4.5 kB; what leaves the layer is the network's answer
    for name, kb in (("input_buffer_kb", 4), ("weight_buffer_kb", 9)):
        assert moved(**{name: kb}) == pytest.approx(moved(**{name: 4 * kb}), rel=1e-6)
        assert moved(**{name: 0.9 * kb}) > 1.001 * moved(**{name: kb})


def test_the_clock_reaches_what_works_or_everything():
    """Closed forms: rows x columns x (4 + 1 + 4 + log2 K + flags) bits in every cycle, or those written and a gate per element."""
    workload = Workload.of([dense("a", 64, 64)], timesteps=1, input_rate=0.5)
    price = float(TECHNOLOGY["register_clock_pj_per_bit"] * TECHNOLOGY["clock_tree_factor"])
    found = {}
    for zeros in ("ungated", "gating"):
        cost = run(Systolic.of(rows=64, columns=64, zeros=zeros), workload, 1.0)
        cycles = float(cost.latency) * 0.4
        found[zeros] = float(cost.by_component()["clock"]) / price / 4096, cycles
    assert found["ungated"][0] == pytest.approx((4 + 1 + 10) * found["ungated"][1], rel=1e-4)
    # inputs, sums and two flags pass each element once
    assert found["gating"][0] == pytest.approx(1 + 10 + 2 + found["gating"][1], rel=1e-4)


def test_background_power_lasts_as_long_as_the_inference_and_follows_bandwidth():
    workload = Workload.of(LAYERS)
    power = float(TECHNOLOGY["offchip_background_mw_per_gbit_per_s"])
    # a slow clock, so that neither waits for the memory
    few, many = (run(Systolic.of(clock_mhz=50, offchip_gbit_per_s=gbit), workload, 1.0) for gbit in (50, 100))
    extra = float(many.by_component()["off_chip"] - few.by_component()["off_chip"])
    assert extra == pytest.approx(50 * power * float(few.latency), rel=1e-3)
    area = np.asarray(many.area_um2 - few.area_um2)[COMPONENTS.index("off_chip")]
    assert area == pytest.approx(50 * float(TECHNOLOGY["offchip_interface_um2_per_gbit_per_s"]), rel=1e-4)


def test_skip_paths_encoding_and_early_exit_are_paid():
    plain = dense("a", 64, 32)
    costs = [
        run(Systolic.of(), Workload.of([layer], exit_checks=checks), 1.0)
        for layer, checks in (
            (plain, 0),
            (dataclasses.replace(plain, residual_inputs=32), 0),
            (dataclasses.replace(plain, encoded_inputs=64), 0),
            (plain, 4),
        )
    ]
    base, *more = ({name: float(pj) for name, pj in cost.by_component().items()} for cost in costs)
    for parts, names in zip(more, (("compute", "input_buffer"), ("neurons",), ("neurons", "output_buffer")), strict=True):
        assert {name for name in COMPONENTS if parts[name] > base[name] * (1 + 1e-6)} == set(names)


def test_a_choice_of_memory_is_that_memory():
    workload = Workload.of(LAYERS)
    chip = Systolic.of(memory=("hp", "lstp"))
    assert chip.choices["memory"] == ("hp", "lstp")
    chosen = eqx.tree_at(lambda c: c.memory, chip, jnp.asarray([0.2, 0.8], jnp.float32))
    named = Systolic.of()
    own = jax.jit(lambda: named.cost(workload, load({"process": "cmos_28nm", "memory": "lstp"})))()
    np.testing.assert_allclose(run(chosen, workload, 1.0).energy_pj, own.energy_pj, rtol=1e-4)
    with pytest.raises(ValueError, match="did you mean 'lstp'"):
        Systolic.of(memory="lspt")


def test_looking_for_zeros_costs_silicon():
    workload = Workload.of(LAYERS)
    areas = [float(run(Systolic.of(zeros=zeros), workload, 1.0).area_um2[COMPONENTS.index("zeros")]) for zeros in ZEROS]
    assert areas[0] == 0 < areas[1] < areas[2]
    assert float(run(Systolic.of(), workload, 1.0).by_component()["zeros"]) > 0


def test_the_former_name_of_the_bandwidth_is_told():
    with pytest.raises(ValueError, match="did you mean 'offchip_gbit_per_s'"):
        Systolic.of(dram_gbit_per_s=10)
