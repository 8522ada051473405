"""SATA inference against the public tool's own numbers, its stored results, and a word-by-word simulation."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.hardware.base import UnsupportedLayerError
from codesign.published.sata import dram
from codesign.published.sata import inference as sata
from codesign.published.sata.kernels import DRAM_READ_NJ, Memory, multiplying_element, spiking_element, sram
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload, conv, dense, pool
from tests.golden_files import SHIPPED, numbers, tables

NONE = Technology.of("unused", 28, 1, ())
ELEMENTS = {"spike_and_acc": spiking_element, "ann_mac": multiplying_element}
UNIT_COLUMNS = {"mac": "mac", "activation": "act", "scratchpad": "spad"}


def parse(layers: str) -> tuple[list[dram.Geometry], list[tuple[int, int]]]:
    """Shapes, and dense operations by the rule that the layer's name selects."""
    shapes, operations = [], []
    for entry in layers.split(";"):
        name, *sizes = entry.split(":")
        shape = dram.Geometry(*map(int, sizes))
        shapes.append(shape)
        known = "Conv" in name or "FC" in name
        operations.append(sata.dense_operations(shape, "Conv" in name) if known else (0, 0))
    return shapes, operations


@partial(jax.jit, static_argnames="kind")
def laws(shapes, rows, columns, steps, dram_words, operations, width, clock, bits, dram_nj, memories, kind):
    """Cycles, words and energies of a row."""
    stop = sata.output_stationary_stop(shapes, rows, columns)
    filters = sata.filter_cycles(shapes, rows, columns)
    cycles = jnp.sum(stop * steps + filters)
    words = jnp.sum(sata.buffer_words(shapes, rows, columns, steps), axis=0)
    element = ELEMENTS[kind](width)
    compute = sata.compute_energy(element, operations, cycles, rows * columns, clock)
    off_chip = sata.dram_energy(dram_words, bits, dram_nj)
    return stop, filters, cycles, words, element, compute, off_chip, sata.buffer_energy(words, bits, memories, cycles, clock)


def evaluate(row) -> dict[str, object]:
    """Every output column of a row."""
    layers, operations = parse(row.layers)
    r, c, steps = int(row.array_rows), int(row.array_cols), int(row.timesteps)
    shapes = sata.Shapes(*np.asarray([(g.window, g.channels_out, g.pixels) for g in layers], float).T)
    reads = [dram.ifmap_reads(g, r, c, 1024 * int(row.glb_ifmap_kB)) for g in layers]
    writes = [dram.ofmap_writes(g, r, c, 1024 * int(row.glb_ofmap_kB)) for g in layers]
    dram_words = np.asarray([sum(reads), np.sum(shapes.window * shapes.filters), sum(writes)], float)
    macs, updates = sata.total_operations(operations, steps, row.spike_sparsity)
    charged = np.asarray([macs, updates if row.pe_kind == "spike_and_acc" else macs, macs], float)
    bits = np.asarray([row.act_prec_bits, row.weight_prec_bits, row.output_prec_bits], float)
    memories = tuple(
        Memory(*(float(row[f"cacti_{name}_{value}"]) for value in ("read_nJ", "write_nJ", "leak_mW"))) for name in sata.OPERANDS
    )
    size = (float(r), float(c), float(steps))
    given = (float(row.mac_width_bits), float(row.clk_MHz), bits, float(row.cacti_dram_read_nJ), memories)
    results = laws(shapes, *size, dram_words, charged, *given, row.pe_kind)
    stop, filters, cycles, words, element, compute, off_chip, on_chip = jax.tree.map(np.asarray, results)
    ours: dict[str, object] = dict(zip(("sram_i_reads", "sram_w_reads", "sram_o_writes"), words, strict=True))
    ours |= dict(zip(("dram_i_reads", "dram_w_reads", "dram_o_writes"), dram_words, strict=True))
    ours |= {
        "total_cycles": cycles,
        "total_mac_ops": macs,
        "total_act_ops": updates,
        "sram_ofmap_stop_cycle_os_per_layer": stop,
        "sram_filter_cycles_ws_per_layer": filters,
        "dram_ifmap_reads_per_layer": reads,
        "dram_ofmap_writes_per_layer": writes,
    }
    for i, unit in enumerate(UNIT_COLUMNS.values()):
        ours[f"pe_{unit}_area_mm2"] = element.area_um2[i] / 1e6
        ours[f"pe_{unit}_leak_mW"] = element.leak_mw[i]
        ours[f"pe_{unit}_dyn_gated_mW"] = element.gated_mw[i]
        ours[f"pe_{unit}_dyn_ungated_mW"] = element.ungated_mw[i]
        for j, part in enumerate(("operation", "ungated", "leakage")):
            ours[f"e_{unit}_{part}_nJ"] = compute[i, j]
    for i, name in enumerate(sata.OPERANDS):
        ours[f"e_dram_{name}_nJ"] = off_chip[i]
        ours[f"e_glb_{name}_dynamic_nJ"], ours[f"e_glb_{name}_leakage_nJ"] = on_chip[i]
    return ours | {
        "e_compute_total_nJ": compute.sum(),
        "e_dram_total_nJ": off_chip.sum(),
        "e_sram_total_nJ": on_chip.sum(),
        "e_memory_total_nJ": off_chip.sum() + on_chip.sum(),
    }


@pytest.mark.golden
def test_every_count_exactly_and_every_energy():
    table = tables("sata", ["array_rows", "glb_ifmap_kB", "pe_kind", "e_compute_total_nJ"])
    outputs = [
        name for name in table if name.startswith(("e_", "total_", "sram_", "dram_")) or (name.startswith("pe_") and name != "pe_kind")
    ]
    worst: dict[str, float] = {}
    with jax.enable_x64():
        for _, row in table.iterrows():
            ours = evaluate(row)
            assert set(outputs) <= set(ours), "an output column was not compared"
            for name in outputs:
                theirs, value = np.asarray(numbers(row[name])), np.asarray(ours[name], float)
                if not name.startswith(("e_", "pe_")):
                    np.testing.assert_array_equal(value, theirs, err_msg=f"{row.network} {name}")
                error = np.max(np.abs(value - theirs) / np.where(theirs == 0, 1, np.abs(theirs)))
                worst[name] = max(worst.get(name, 0), float(error))
    assert max(worst.values()) < 1e-6, worst


@pytest.mark.golden
def test_memories_at_the_sizes_that_the_tool_ran():
    table = tables("sata", ["array_rows", "glb_ifmap_kB", "pe_kind", "e_compute_total_nJ"])
    for name in sata.OPERANDS:
        for _, row in table.drop_duplicates(f"glb_{name}_kB").iterrows():
            memory = sram(float(row[f"glb_{name}_kB"]))
            if row[f"glb_{name}_kB"] in (4, 8, 16, 32, 64, 72, 144, 288):
                for ours, column in zip(memory, ("read_nJ", "write_nJ", "leak_mW"), strict=True):
                    assert float(ours) == pytest.approx(row[f"cacti_{name}_{column}"], rel=1e-5)
    assert pytest.approx(DRAM_READ_NJ) == table.cacti_dram_read_nJ.iloc[0]


@pytest.mark.golden
def test_stored_runs_of_published_networks():
    """Counts that the tool's authors stored for their papers (results/*/cycle-stat.yaml; 16x8 array, 32 kB buffers): up to 3.3e7 reads."""
    runs = pd.read_csv(SHIPPED / "sata" / "published_runs.csv")
    layers = [dram.Geometry(*(int(row[name]) for name in dram.Geometry._fields)) for _, row in runs.iterrows()]
    shapes = sata.Shapes(*np.asarray([(g.window, g.channels_out, g.pixels) for g in layers], float).T)
    with jax.enable_x64():
        words = np.asarray(jax.jit(sata.buffer_words)(shapes, 16.0, 8.0, 1.0))
        cycles = [np.asarray(jax.jit(law)(shapes, 16.0, 8.0)) for law in (sata.output_stationary_stop, sata.filter_cycles)]
    ours = {
        "dram_ifmap_reads": [dram.ifmap_reads(layer, 16, 8, 32768) for layer in layers],
        "dram_ofmap_writes": [dram.ofmap_writes(layer, 16, 8, 32768) for layer in layers],
        "ofmap_stop_cycle": cycles[0],
        "filter_cycles": cycles[1],
        "sram_ifmap_reads": words[:, 0],
        "sram_ofmap_writes": words[:, 2],
    }
    for name, counts in ours.items():
        np.testing.assert_array_equal(counts, runs[name], err_msg=name)


SMALL = st.builds(
    dram.Geometry,
    st.integers(3, 7),
    st.integers(3, 7),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 5),
    st.integers(1, 20),
    st.integers(1, 2),
)


def demand_word_by_word(layer: dram.Geometry, rows: int):
    """Input addresses, cycle by cycle and row by row, as an array would ask for them."""
    out_rows, out_columns = layer.map_out
    windows = []
    for y in range(out_rows):
        for x in range(out_columns):
            window = []
            for ky in range(layer.kernel_height):
                for kx in range(layer.kernel_width):
                    row, column = y * layer.stride + ky, x * layer.stride + kx
                    inside = row < layer.height and column < layer.width
                    base = (row * layer.width + column) * layer.channels_in
                    window += [base + ch if inside else None for ch in range(layer.channels_in)]
            windows.append(window)
    for first in range(0, len(windows), rows):
        block = windows[first : first + rows]
        for cycle in range(layer.window + len(block) - 1):
            for row, window in enumerate(block):
                if 0 <= cycle - row < layer.window and window[cycle - row] is not None:
                    yield window[cycle - row]


@given(SMALL, st.integers(1, 5), st.integers(1, 6), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_replay_equals_a_set_that_is_emptied_when_full(layer, rows, columns, sets):
    capacity, misses, held = 50 * sets, 0, set()
    for _ in range(-(-layer.channels_out // columns)):
        for address in demand_word_by_word(layer, rows):
            if address not in held:
                misses += 1
                held.add(address)
                if len(held) == capacity:
                    held.clear()
    assert dram.ifmap_reads(layer, rows, columns, 100 * sets) == misses


def drain_word_by_word(layer: dram.Geometry, rows: int, columns: int, size: int) -> int:
    """The write buffer, one word at a time."""
    active = -(-size // 2)
    per_drain = -(-(size - active) // columns)
    lines, line, written, drained, free, busy_until = [], 0, 0, 0, size, 0

    def drain():
        nonlocal drained, written, free
        used = min(per_drain, len(lines) - drained)
        words = (used - 1) * columns + lines[drained + used - 1]
        drained, written, free = drained + used, written + words, free + words
        return used

    start = 0
    for first_filter in range(0, layer.channels_out, columns):
        filters = min(columns, layer.channels_out - first_filter)
        for first in range(0, layer.pixels, rows):
            used_rows = min(rows, layer.pixels - first)
            for cycle in range(layer.window + rows + columns - 2):
                for column in range(filters):
                    row = cycle - column - (layer.window - 1)
                    if not rows - used_rows <= row < rows:
                        continue
                    line, free = line + 1, free - 1
                    if line == columns:
                        lines.append(line)
                        line = 0
                    if start + cycle >= busy_until and free < active:
                        if line:
                            lines.append(line)
                            line = 0
                        busy_until = start + cycle + drain() - 1
            start += layer.window + rows + columns - 2
    if line:
        lines.append(line)
    while drained < len(lines):
        drain()
    return written


@given(SMALL, st.integers(1, 5), st.integers(1, 6), st.integers(20, 200))
@settings(max_examples=40, deadline=None)
def test_write_buffer_equals_a_word_by_word_simulation(layer, rows, columns, size):
    assert dram.ofmap_writes(layer, rows, columns, size) == drain_word_by_word(layer, rows, columns, size)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=80), st.integers(1, 9), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_repeated_passes_equal_one_long_demand(demand, passes, capacity):
    long = np.tile(demand, passes)
    assert dram.replay_misses(np.asarray(demand), passes, capacity) == dram.replay_misses(long, 1, capacity)


def vgg5(**properties) -> Workload:
    layers = [
        conv("Conv1", 3, 16, 32),
        pool("pool1", 16, 32),
        conv("Conv2", 16, 32, 16),
        conv("Conv3", 32, 32, 16),
        pool("pool3", 32, 16),
        dense("FC1", 2048, 64),
        dense("FC2", 64, 10),
    ]
    return Workload.of(layers, weight_bits=8, **properties)


@pytest.mark.golden
@pytest.mark.parametrize("kind", ["spike_and_acc", "ann_mac"])
def test_chip_reproduces_the_tables_network(kind):
    """The table's 5-layer network as a workload: totals of its rows with the default array, to the operations' truncation."""
    table = pd.read_csv(SHIPPED / "sata" / "inference_golden.csv")
    default = {"array_rows": 16, "array_cols": 8, "glb_weight_kB": 144, "glb_ifmap_kB": 32, "clk_MHz": 400, "weight_prec_bits": 8}
    default |= {"glb_ofmap_kB": 32, "output_prec_bits": 1 if kind == "spike_and_acc" else 8}
    rows = table[(table.network == "vgg5_reduced") & (table.pe_kind == kind)]
    for name, value in default.items():
        rows = rows[rows[name] == value]
    rows = rows[(rows.act_prec_bits == rows.timesteps) | (kind == "ann_mac")]
    assert len(rows) > 0
    spiking = kind == "spike_and_acc"
    law = jax.jit(
        lambda steps, rate: sata.SataInference().cost(
            vgg5(
                timesteps=steps, input_rate=rate, spiking=float(spiking), activation_bits=1 if spiking else 8, dtype=jnp.result_type(float)
            ),
            NONE,
        )
    )
    with jax.enable_x64():
        for _, row in rows.iterrows():
            cost = law(float(row.timesteps), 1 - row.spike_sparsity)
            by = {name: float(value) / 1000 for name, value in cost.by_component().items()}
            assert sum(by[name] for name in UNIT_COLUMNS) == pytest.approx(row.e_compute_total_nJ, rel=1e-6)
            assert float(jnp.sum(cost.energy_pj)) / 1000 == pytest.approx(row.e_compute_total_nJ + row.e_memory_total_nJ, rel=1e-6)
            assert float(cost.latency) == pytest.approx(row.total_cycles * 2.5)


@pytest.mark.claims
def test_neuron_module_is_most_of_a_spiking_element():
    """LIF 62.9 % of the dynamic power of LIF and accumulate; 94-99 % of compute energy does not depend on spikes (papers-yale.md)."""
    element = jax.jit(spiking_element)(8.0)
    power = np.asarray(element.gated_mw + element.ungated_mw)
    assert 100 * power[1] / (power[0] + power[1]) == pytest.approx(62.9, abs=0.1)
    law = jax.jit(lambda steps, rate: sata.SataInference().cost(vgg5(timesteps=steps, input_rate=rate), NONE).energy_pj[:, :3].sum())
    for steps, rate in ((4.0, 0.15), (20.0, 0.09), (5.0, 0.02)):
        fixed = float(law(steps, 0.0) / law(steps, rate))
        assert 0.94 < fixed < 0.999


def test_energy_is_finite_and_differentiable_at_zero_activity_and_in_a_batch():
    def total(rows, rate):
        return sata.SataInference(rows=rows).cost(vgg5(input_rate=rate), NONE, 0.5).energy

    law = jax.jit(jax.vmap(jax.value_and_grad(total, (0, 1))))
    energy, (by_rows, by_rate) = law(jnp.asarray([4.0, 8.0, 12.5]), jnp.asarray([0.0, 0.2, 1.0]))
    assert np.all(np.isfinite(energy))
    assert np.all(np.isfinite(by_rows))
    assert np.all(np.asarray(by_rate) > 0)


def test_mixed_chip_pays_for_both_kinds_of_elements():
    law = jax.jit(lambda spiking: sata.SataInference().cost(vgg5(spiking=spiking), NONE).area)
    area = {g: float(law(g)) for g in (0.0, 0.5, 1.0)}
    assert area[1.0] < area[0.0]
    assert area[0.5] == pytest.approx((area[0.0] + area[1.0]) / 2)


def test_too_large_a_kernel_is_refused_by_name():
    with pytest.raises(UnsupportedLayerError, match=r"'last'.*does not pad"):
        sata.SataInference().cost(Workload.of([conv("last", 8, 8, 2)]), NONE)
