"""Exploitable models are caught, sound ones pass."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.hardware.systolic.array import Systolic
from codesign.parameters.continuous import Continuous
from codesign.parameters.integer import Integer
from codesign.parameters.space import Space
from codesign.published.timeloop import model as timeloop
from codesign.published.timeloop.model import Machine, Mapping
from codesign.technology import catalogue
from codesign.workloads.workload import Workload, conv, dense
from search.chips_alone.invariants import at_least, cost_claims, equal, find_violations, mapping_claims

DIMS = np.asarray([1, 1, 64, 1, 96, 128, 1], np.float32)


def test_shortfalls() -> None:
    assert float(at_least(jnp.asarray([2.0, 0.5]), 1.0)) == 0.5
    assert float(at_least(3.0, 1.0)) == 0
    assert float(equal(jnp.asarray([1.0, 1.2]), 1.0)) == pytest.approx(0.2)
    assert np.isinf(at_least(jnp.nan, 1.0))


def gated(values, hardness):
    """Re-fetches that count only where a factor exceeds 1, and an outer factor that fills up: the hole that DOSA's gates leave."""
    outer = 128 / (values["inner"] * values["lanes"])
    return jnp.where(outer > 1, outer, outer**3) * 1000 / values["lanes"] + 5.0


SPACE = Space({"inner": Continuous(1, 128, log=True), "lanes": Continuous(1, 32, log=True)}, 1)


def gate_claims(values, hardness):
    outer = 128 / (values["inner"] * values["lanes"])
    return {
        "factors >= 1": at_least(outer, 1.0),
        "cycles >= MACs / PEs": at_least(gated(values, hardness), 1000 / values["lanes"]),
    }


def test_a_gate_left_free_is_caught_and_the_worst_point_named() -> None:
    found = find_violations(SPACE, lambda v, h: jnp.log(gated(v, h)), gate_claims, jax.random.key(0), starts=8)
    assert {v.name for v in found} == {"factors >= 1", "cycles >= MACs / PEs"}
    assert found[0].shortfall > 0.8
    assert found[0].found_by == "descent", "the search drives deeper into the hole than chance"
    assert "inner=128" in str(found[0])


def test_the_same_model_masked_passes() -> None:
    def masked(values, hardness):
        inner = jnp.minimum(values["inner"], 128 / values["lanes"])
        return gate_claims({**values, "inner": inner}, hardness)

    assert not find_violations(SPACE, lambda v, h: jnp.log(gated(v, h)), masked, jax.random.key(0), starts=8)


@pytest.mark.parametrize("free", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_timeloop_with_free_and_with_masked_factors(free: bool) -> None:
    """Inner factors that exceed a dimension leave a DRAM factor below 1: fewer cycles than the work needs."""
    space = Space({"k": Continuous(1, 128, log=True), "lanes": Continuous(1, 128, log=True), "c": Continuous(1, 96, log=True)}, 1)

    def mapping(values) -> Mapping:
        lanes = values["lanes"] if free else jnp.minimum(values["lanes"], 128 / values["k"])
        inner = jnp.ones((3, 7)).at[timeloop.ACCUMULATOR, timeloop.K].set(values["k"])
        inner = inner.at[timeloop.ACCUMULATOR, timeloop.C].set(values["c"])
        spatial = jnp.ones((4, 7)).at[timeloop.SCRATCHPAD, timeloop.K].set(lanes)
        order = jnp.tile(jnp.arange(7), (4, 1))
        return Mapping(timeloop.dram_factors(jnp.asarray(DIMS), inner, spatial), spatial, order)

    machine = Machine(128.0, 32.0, 256.0)

    def log_edp(values, hardness):
        cycles, energy = timeloop.evaluate(mapping(values), timeloop.Window(), machine, hardness)
        return jnp.log(jnp.maximum(cycles * energy, 1e-9))

    def claims(values, hardness):
        return mapping_claims(mapping(values), jnp.asarray(DIMS), machine, hardness)

    found = find_violations(space, log_edp, claims, jax.random.key(1), starts=4, steps=60)
    assert bool(found) == free, [str(v) for v in found]
    if free:
        assert {"factors >= 1"} <= {v.name for v in found}


def test_our_systolic_array_cannot_be_exploited() -> None:
    workload = Workload.of([conv("c1", 3, 24, 16), dense("fc", 24 * 256, 10)], spiking=0, timesteps=1)
    prices = catalogue.load("digital_28nm")
    space = Space(
        {"rows": Integer(4, 128, log=True), "columns": Integer(4, 128, log=True), "weight_buffer_kb": Integer(4, 512, log=True)}, 1
    )
    chip = Systolic.of(zeros="ungated")

    def cost(values, hardness):
        return dataclasses.replace(chip, **values).cost(workload, prices, hardness)

    cheapest = prices["int_mult_per_bit2_pj"]

    def claims(values, hardness):
        return cost_claims(cost(values, hardness), workload, values["rows"] * values["columns"], chip.clock_mhz, cheapest)

    found = find_violations(space, lambda v, h: cost(v, h).log_edp, claims, jax.random.key(2), starts=8, steps=60)
    assert not found, [str(v) for v in found]
