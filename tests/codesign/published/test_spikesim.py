"""SpikeSim ELA against the public tool's own numbers, and as hardware."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from codesign.hardware.base import UnsupportedLayerError
from codesign.published.spikesim import ela as spikesim
from codesign.technology.technology import Technology
from codesign.workloads.workload import LayerWork, Workload, conv, dense, pool
from tests.golden_files import numbers, tables

NONE = Technology.of("unused", 65, 1, ())
PAIRS = {
    "crossbar": "xbar",
    "adc": "adc",
    "mux": "mux",
    "subtractor": "sub",
    "temp_buffer": "temp_buffer",
    "tile_buffer": "tile_buffer",
    "htree": "htree",
    "memory_fetch": "mem_fetch",
    "neuron": "neuron",
    "neuron_memory": "neuron_mem",
    "input_buffer": "input_buffer",
}


def network(row) -> spikesim.Network:
    lists = {name: np.asarray(numbers(row[f"{name}_list"])) for name in ("in_ch", "out_ch", "in_dim", "out_dim")}
    return spikesim.Network(lists["in_ch"], lists["out_ch"], lists["in_dim"] ** 2, lists["out_dim"] ** 2)


@partial(jax.jit, static_argnames="device")
def evaluate(net, x, k, pes_per_tile, steps, clock, device):
    return (
        spikesim.energy(net, x, k, steps, device),
        spikesim.area(net, x, k, pes_per_tile, device),
        spikesim.latency(net, steps, clock),
        jnp.sum(spikesim.crossbars(net, x)),
    )


def differences(row) -> dict[str, float]:
    """Worst relative error of every output column that the tool filled in."""
    given = [float(row[name]) for name in ("xbar_size", "kernel_size", "pe_per_tile", "time_steps", "clk_freq_MHz")]
    energy, area, latency, pes = (np.asarray(part) for part in evaluate(network(row), *given, row.device))
    areas = dict(zip(spikesim.COMPONENTS, area, strict=True))
    ours = {
        "num_pe": pes,
        "num_tiles": np.ceil(pes / row.pe_per_tile),
        "energy_total_pJ": energy.sum(),
        "energy_per_layer_pJ": energy.sum(1),
        "area_total_um2": area.sum(),
        "area_pe_plus_sub_um2": sum(areas[name] for name in ("subtractor", "crossbar", "adc", "mux")),
        "area_digital_um2": sum(areas[name] for name in ("temp_buffer", "tile_buffer", "crossbar", "adc", "mux", "input_buffer")),
        "latency_ns": latency.sum(),
    }
    for name, column in PAIRS.items():
        ours[f"energy_{column}_pJ"] = energy[:, spikesim.COMPONENTS.index(name)].sum()
        ours[f"area_{column}_um2"] = areas[name]
    for name, value in ours.items():
        assert np.all(np.isfinite(value)), name
    expected = {name: np.asarray(numbers(row[name])) for name in ours if name in row and pd.notna(row[name])}
    return {name: float(np.max(np.abs(ours[name] / value - 1))) for name, value in expected.items()}


@pytest.mark.golden
def test_every_output_column_of_every_row():
    table = tables("spikesim", ["xbar_size", "pe_per_tile", "energy_total_pJ", "latency_status"])
    compared: dict[str, float] = {}
    with jax.enable_x64():
        for _, row in table.iterrows():
            for name, error in differences(row).items():
                compared[name] = max(compared.get(name, 0), error)
    outputs = [name for name in table if name.startswith(("energy_", "area_", "num_pe", "num_tiles")) or name == "latency_ns"]
    assert set(outputs) <= set(compared), "an output column was not compared"
    assert max(compared.values()) < 1e-6, compared


@pytest.mark.golden
def test_verdict_tells_the_rows_that_the_tool_cannot_time():
    table = tables("spikesim", ["xbar_size", "pe_per_tile", "energy_total_pJ", "latency_status"])
    for _, row in table.iterrows():
        ours = spikesim.verdict(numbers(row.in_ch_list), numbers(row.out_ch_list), row.xbar_size)
        assert (ours == "ok") == (row.latency_status == "ok"), (row.network, ours)


def vgg9(steps: float = 5, spread=jnp.float32) -> Workload:
    layers = [
        conv("conv1", 3, 64, 32),
        conv("conv2", 64, 64, 32),
        pool("pool2", 64, 32),
        conv("conv3", 64, 128, 16),
        conv("conv4", 128, 128, 16),
        pool("pool4", 128, 16),
        conv("conv5", 128, 256, 8),
        conv("conv6", 256, 256, 8),
        conv("conv7", 256, 256, 8),
        pool("pool7", 256, 8),
    ]
    return Workload.of(layers, timesteps=steps, dtype=spread)


@jax.jit
def price(chip, workload, hardness=1.0):
    return chip.cost(workload, NONE, hardness)


@pytest.mark.claims
def test_shipped_example():
    """VGG9, 64x64 RRAM, 8 PEs per tile, T = 5, 250 MHz (papers-yale.md, computed with the tool): totals and shares."""
    with jax.enable_x64():
        cost = price(spikesim.SpikeSim(), vgg9(spread=jnp.float64))
        share = {name: float(value) / float(cost.energy) for name, value in cost.by_component().items()}
        area = dict(zip(cost.components, np.asarray(cost.area_um2) / float(cost.area), strict=True))
        assert float(cost.energy) / 1e6 == pytest.approx(15.907, rel=1e-3)
        assert float(cost.area) / 1e6 == pytest.approx(8.426, rel=1e-3)
        assert float(cost.latency) / 1e6 == pytest.approx(62.83, rel=1e-3)
    for name, percent in {"tile_buffer": 47.9, "htree": 19.0, "adc": 15.7, "crossbar": 15.3, "mux": 0.7, "neuron": 0.6}.items():
        assert 100 * share[name] == pytest.approx(percent, abs=0.06), name
    for name, percent in {"htree": 30.9, "input_buffer": 30.6, "neuron_memory": 26.9, "subtractor": 7.6, "adc": 3.2}.items():
        assert 100 * area[name] == pytest.approx(percent, abs=0.06), name


@pytest.mark.claims
@pytest.mark.parametrize(("size", "micro_joule", "adc"), [(32, 44.07, 4.9), (128, 13.98, 38.1), (256, 28.38, 63.9)])
def test_crossbar_size_trades_adc_for_everything_else(size, micro_joule, adc):
    """The same network at other crossbar sizes (papers-yale.md)."""
    cost = price(spikesim.SpikeSim(crossbar_size=size), vgg9())
    assert float(cost.energy) / 1e6 == pytest.approx(micro_joule, rel=1e-3)
    assert 100 * float(cost.by_component()["adc"] / cost.energy) == pytest.approx(adc, abs=0.06)


def test_latency_ignores_the_crossbar_as_the_tool_does():
    small, large = (price(spikesim.SpikeSim(crossbar_size=size), vgg9()) for size in (32, 256))
    assert float(small.latency) == pytest.approx(float(large.latency), rel=1e-6)


def test_hardness_below_one_is_smooth_and_agrees_where_crossbars_fill_exactly():
    work = Workload.of([conv("c", 64, 64, 8)])
    hard, soft = (price(spikesim.SpikeSim(crossbar_size=32, pes_per_tile=2), work, hardness) for hardness in (1.0, 0.5))
    np.testing.assert_allclose(hard.energy_pj, soft.energy_pj, rtol=1e-6)
    np.testing.assert_allclose(hard.area_um2, soft.area_um2, rtol=1e-6)


def test_gradients_reach_every_design_parameter_with_the_right_sign():
    def totals(chip):
        cost = chip.cost(vgg9(), NONE, 0.5)
        return {"latency": cost.latency, "area": cost.area}

    grads = jax.jit(jax.jacrev(totals))(spikesim.SpikeSim())
    assert float(grads["latency"].clock_mhz) < 0
    assert all(np.isfinite(float(leaf)) for grad in grads.values() for leaf in jax.tree.leaves(grad))
    assert float(grads["area"].crossbar_size) != 0
    assert float(grads["area"].pes_per_tile) != 0


def test_one_trace_for_many_designs():
    traces = []

    @jax.jit
    def energies(sizes):
        traces.append(1)
        return jax.vmap(lambda size: spikesim.SpikeSim(crossbar_size=size).cost(vgg9(), NONE).energy)(sizes)

    first = np.asarray(energies(np.asarray([32, 64, 128, 256], np.float32)))
    energies(np.asarray([16, 48, 96, 512], np.float32))
    assert len(traces) == 1
    np.testing.assert_allclose(first / 1e6, [44.07, 15.907, 13.98, 28.38], rtol=1e-3)


def test_unsupported_layers_are_named():
    grouped = LayerWork("depthwise", "conv", 8, 8, 4, 4, 4, 4, 3, 3, 1, 8)
    with pytest.raises(UnsupportedLayerError, match=r"'depthwise'.*grouped"):
        spikesim.SpikeSim().cost(Workload.of([grouped]), NONE)


def test_dense_layers_run_as_one_by_one_convolutions_with_the_networks_kernel():
    alone = price(spikesim.SpikeSim(), Workload.of([dense("fc", 64, 64)]))
    beside = price(spikesim.SpikeSim(), Workload.of([conv("c", 64, 64, 8), dense("fc", 64, 64)]))
    index = spikesim.COMPONENTS.index("crossbar")
    assert float(beside.energy_pj[1, index]) == pytest.approx(9 * float(alone.energy_pj[0, index]))
