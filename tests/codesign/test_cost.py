"""A cost's totals are sums of its breakdown."""

import jax.numpy as jnp
import numpy as np
import pytest

from codesign.cost import Cost
from codesign.workloads.presets import preset


@pytest.fixture
def cost():
    energy = jnp.asarray([[1.0, 2.0], [3.0, 4.0], [0.0, 5.0]])
    return Cost(("a", "b", "c"), ("adc", "array"), energy, jnp.asarray([10.0, 20.0, 30.0]), jnp.asarray([7.0, 8.0]), jnp.ones(3))


def test_totals(cost):
    assert (float(cost.energy), float(cost.latency), float(cost.area)) == (15, 60, 15)
    assert float(cost.power) == 0.25  # pJ/ns = mW
    assert float(cost.edp) == 900
    assert float(cost.log_edp) == pytest.approx(np.log(900))


def test_groupings(cost):
    assert {name: float(value) for name, value in cost.by_layer().items()} == {"a": 3, "b": 7, "c": 5}
    assert {name: float(value) for name, value in cost.by_component().items()} == {"adc": 4, "array": 11}


def test_every_column_of_the_table_sums_to_its_total(cost):
    table = cost.to_table()
    assert table["energy_pj"].sum() == 15
    assert table["latency_ns"].sum() == 60
    assert table["area_um2"].sum() == 15
    assert set(table["layer"]) == {"a", "b", "c", "chip"}
    assert table[(table.layer == "b") & (table.component == "array")]["energy_pj"].item() == 4


def test_log_edp_does_not_overflow_float32(cost):
    huge = Cost(cost.layers, cost.components, cost.energy_pj * 1e20, cost.latency_ns * 1e20, cost.area_um2, cost.utilisation)
    assert not np.isfinite(huge.edp)
    assert float(huge.log_edp) == pytest.approx(np.log(900) + 40 * np.log(10), rel=1e-5)


def test_horowitz_operation_costs_do_not_square_the_spike_rate():
    """HOR-5: 18.39 M operations at rate 0.1366, 4.6 against 0.9 pJ: 37.4 times and not 273.8."""
    operations, rate, mac, accumulate = 18.39e6, 0.1366, 4.6, 0.9
    assert operations * mac / (operations * rate * accumulate) == pytest.approx(37.4, rel=0.01)
    work = preset("vgg9", input_rate=rate)
    events = jnp.sum(work.static("macs") * work.input_rate)
    assert float(jnp.sum(work.static("macs")) * mac / (events * accumulate)) == pytest.approx(37.4, rel=0.01)
