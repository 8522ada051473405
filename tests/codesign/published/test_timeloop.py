"""Timeloop's closed form against Timeloop's labels; smooth and exact agree; Gemmini as hardware."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import spearmanr

from codesign.published.timeloop import gemmini, text
from codesign.published.timeloop import model as tl
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload, conv, dense, pool
from tests.golden_files import SHIPPED, reference, tables

NONE = Technology.of("unused", 40, 1, ())
COLUMNS = ("mapping.mapping", "target.cycle", "target.energy", "arch.meshX", "arch.mem1_entries", "arch.mem2_entries", "prob.R")


def stacked(mappings: list[str]) -> tl.Mapping:
    return tl.Mapping(*(jnp.asarray(part) for part in text.parse_all(mappings)))


def rows(table) -> tuple[tl.Mapping, tl.Window, tl.Machine]:
    def column(name):
        return jnp.asarray(table[name].to_numpy(float))

    window = tl.Window(*(column(f"prob.{name}") for name in ("Wstride", "Hstride", "Wdilation", "Hdilation")))
    accumulator = column("arch.mem1_entries") * column("arch.mem1_instances") * column("arch.mem1_width") / 8 / 1024
    machine = tl.Machine(column("arch.meshX"), accumulator, column("arch.mem2_entries") * column("arch.mem2_word-bits") / 8 / 1024)
    return stacked(table["mapping.mapping"].tolist()), window, machine


@pytest.mark.golden
def test_every_row_of_the_labelled_mappings():
    table = tables("timeloop", COLUMNS)
    with jax.enable_x64():
        mapping, window, machine = rows(table)
        cycles, energy = (np.asarray(part) for part in tl.evaluate_many(mapping, window, machine, 1.0))
        sizes = np.asarray(jnp.prod(mapping.temporal * mapping.spatial, axis=1))
    np.testing.assert_array_equal(sizes, table[[f"prob.{d}" for d in tl.DIMENSIONS]].to_numpy(float))
    theirs = table["target.cycle"].to_numpy(float), table["target.energy"].to_numpy(float)
    latency_error, energy_error = np.abs(cycles / theirs[0] - 1), np.abs(energy / theirs[1] - 1)
    # measured on the shipped rows: 6e-7 and 4e-6 in the mean; other rows are held to the stated bars
    shipped = reference("timeloop") == SHIPPED / "timeloop"
    assert latency_error.mean() < (1e-5 if shipped else 2e-4)
    assert energy_error.mean() < (1e-4 if shipped else 5e-3)
    for ours, label in ((cycles, theirs[0]), (energy, theirs[1]), (cycles * energy, theirs[0] * theirs[1])):
        assert spearmanr(ours, label)[0] > 0.999


@pytest.mark.golden
@pytest.mark.slow
def test_smooth_form_reaches_the_exact_one_as_it_hardens():
    table = tables("timeloop", COLUMNS)
    table = table.sample(min(500, len(table)), random_state=0)
    with jax.enable_x64():
        given = rows(table)
        exact = np.asarray(tl.evaluate_many(*given, 1.0))
        gaps = [np.max(np.abs(np.asarray(tl.evaluate_many(*given, h)) / exact - 1), axis=1) for h in (0.5, 0.9, 0.999)]
    assert np.all(np.diff(gaps, axis=0) <= 1e-6)
    assert np.all(gaps[0] < [0.2, 1e-1])
    assert np.all(gaps[-1] < 5e-4)


EXAMPLE = "L3[WIO] P28 R7 Q56 K8 - L2[WI] N1 K4X - L1[O] K2 S7 Q2 P2 C3X - L0[W] P2"
DIMS = np.asarray([7, 7, 112, 112, 3, 64, 1], float)


def relaxed(log_temporal, log_spatial, order, hardness=0.5):
    temporal = tl.dram_factors(jnp.asarray(DIMS, jnp.float32), jnp.exp(log_temporal), jnp.exp(log_spatial))
    mapping = tl.Mapping(temporal, jnp.exp(log_spatial), order)
    machine = tl.Machine(32.0, 16.0, 64.0)
    return tl.evaluate(mapping, tl.Window(2.0, 2.0), machine, hardness)


@pytest.mark.slow
def test_gradient_in_log_factors_is_finite_at_integers_and_between():
    mapping = stacked([EXAMPLE])
    log_temporal, log_spatial = (jnp.log(jnp.asarray(part[0], jnp.float32)) for part in (mapping.temporal[:, :3], mapping.spatial))
    slope = jax.jit(jax.grad(lambda t, s: relaxed(t, s, mapping.order[0])[1], (0, 1)))
    for shrink in (1.0, 0.95, 0.6):
        by_temporal, by_spatial = slope(log_temporal * shrink, log_spatial * shrink)
        assert np.all(np.isfinite(by_temporal))
        assert np.all(np.isfinite(by_spatial))
    assert np.any(np.asarray(by_temporal) != 0)


@pytest.mark.slow
def test_gradient_agrees_with_differences():
    mapping = stacked([EXAMPLE])
    with jax.enable_x64():
        start = 0.8 * jnp.log(jnp.asarray(mapping.temporal[0, :3], jnp.float64))
        spatial = jnp.log(jnp.asarray(mapping.spatial[0], jnp.float64))
        law = jax.jit(lambda t: jnp.log(jnp.stack(relaxed(t, spatial, mapping.order[0], 0.0))))
        direction = jnp.sin(1 + jnp.arange(start.size, dtype=start.dtype)).reshape(start.shape) * (start > 0)
        difference = (law(start + 1e-6 * direction) - law(start - 1e-6 * direction)) / 2e-6
        slope = jax.jit(lambda t: jax.jvp(law, (t,), (direction,))[1])(start)
        np.testing.assert_allclose(slope, difference, rtol=1e-5)


def test_relaxed_mapping_keeps_macs_and_never_beats_the_machine():
    mapping = stacked([EXAMPLE])
    macs = np.prod(DIMS)

    @jax.jit
    def run(inner):
        temporal = tl.dram_factors(jnp.asarray(DIMS, inner.dtype), inner, mapping.spatial[0])
        whole = tl.Mapping(temporal, mapping.spatial[0], mapping.order[0])
        moved = tl.accesses(whole, tl.Window(2.0, 2.0))
        return moved.macs, tl.cycles(moved, whole, tl.Machine(32.0, 16.0, 64.0), 0.5)

    for shrink in (1.0, 0.9, 0.5):
        counted, cycles = run(jnp.exp(jnp.log(mapping.temporal[0, :3]) * shrink))
        assert float(counted) == pytest.approx(macs, rel=1e-5)
        assert float(cycles) > macs / 12


MOVED = jax.jit(tl.accesses)


def test_loop_order_matters_and_weights_stay_when_their_loops_are_outermost():
    outer = MOVED(*one("L3[WIO] K8 P16 - L2[WI] N1 - L1[O] N1 - L0[W] N1"))
    inner = MOVED(*one("L3[WIO] P16 K8 - L2[WI] N1 - L1[O] N1 - L0[W] N1"))
    assert float(outer.dram[0]) == pytest.approx(8)
    assert float(inner.dram[0]) == pytest.approx(8 * 16)


def test_sliding_window_fetches_only_new_columns():
    moved = MOVED(*one("L3[WIO] P8 - L2[WI] N1 - L1[O] R3 - L0[W] N1"))
    assert float(moved.dram[1]) == pytest.approx(3 + 7)


def one(mapping: str) -> tuple[tl.Mapping, tl.Window]:
    return tl.Mapping(*(jnp.asarray(part) for part in text.parse(mapping))), tl.Window()


def test_unreadable_mapping_is_quoted():
    with pytest.raises(ValueError, match="cannot read the loop 'X3'"):
        text.parse("L3[WIO] X3 - L2[WI] N1")


def network(**properties) -> Workload:
    layers = [conv("c1", 3, 64, 32), pool("p", 64, 32), conv("c2", 64, 96, 16, stride=2), dense("fc", 96 * 64, 10)]
    return Workload.of(layers, spiking=0, timesteps=1, **properties)


def test_default_mappings_are_legal_and_fit():
    for layer in network():
        if layer.has_weights:
            mapping = gemmini.default_mapping(layer, 16, 32.0, 256.0)
            np.testing.assert_array_equal((mapping.temporal * mapping.spatial).prod(0), gemmini.dimensions(layer))
            needed = tl.buffers_needed_kb(mapping, tl.Window(float(layer.stride), float(layer.stride)))
            assert float(needed[0]) <= 32
            assert float(needed[1]) <= 256


def test_gemmini_as_hardware():
    work = network()

    def total(chip):
        cost = chip.cost(work, NONE, 0.5)
        return cost.energy, cost

    slope, cost = jax.jit(jax.grad(total, has_aux=True))(gemmini.Gemmini())
    assert not np.any(cost.energy_pj[1])
    macs = sum(layer.macs for layer in work)
    assert float(cost.energy) > 0.5608 * macs
    assert float(cost.latency) >= macs / 256 * (1 - 1e-6)
    assert float(slope.scratchpad_kb) > 0
    assert float(slope.accumulator_kb) > 0
    with pytest.raises(ValueError, match="mapping has 3 layers"):
        gemmini.Gemmini.mapped(work, 16, 32.0, 256.0).cost(Workload.of([dense("fc", 8, 8)]), NONE)


def test_many_chips_at_once():
    work = network()
    sizes = jnp.asarray([64.0, 256.0, 1024.0])
    energy = jax.jit(jax.vmap(lambda size: gemmini.Gemmini(scratchpad_kb=size).cost(work, NONE).energy))(sizes)
    assert np.all(np.diff(energy) > 0)
