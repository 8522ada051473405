"""On-chip memory: CACTI's table, what lies between its points, and what lies beyond them."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from codesign.technology.catalogue import load
from codesign.technology.sram import CELLS, SMALLEST_KB, Sram, mixture, sram
from codesign.technology.sram_table import TABLE, monotone_slopes

SIZES = 2.0 ** np.arange(13)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_csv(TABLE, comment="#")


@pytest.mark.golden
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("node", [90, 65, 45, 32, 22])
def test_every_point_of_the_table(table: pd.DataFrame, cell: str, node: int) -> None:
    rows = table[(table["cell"] == CELLS[cell]) & (table["node_nm"] == node)]
    memory, kb, bits = sram(cell, node), rows["size_kb"].to_numpy(float), rows["word_bits"].to_numpy(float)
    np.testing.assert_allclose(memory.read_pj(kb, bits), rows["read_nj"] * 1e3, rtol=1e-4)
    np.testing.assert_allclose(memory.write_pj(kb, bits), rows["write_nj"] * 1e3, rtol=1e-4)
    np.testing.assert_allclose(memory.cycle_ns(kb, bits), rows["cycle_ns"], rtol=1e-4)
    # one value for both widths of a word
    np.testing.assert_allclose(memory.leakage_mw(kb), rows["leak_mw"], rtol=0.1)
    np.testing.assert_allclose(memory.area_um2(kb), rows["area_mm2"] * 1e6, rtol=0.1)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("node", [65, 45, 28, 22, 14, 10])
def test_prices_rise_with_capacity_and_have_finite_slopes(cell: str, node: int) -> None:
    memory, kb = sram(cell, node), jnp.asarray(np.geomspace(SMALLEST_KB, 2**14, 200), jnp.float32)
    # cycle time does not: CACTI changes the organisation of a memory with its size
    for quantity in (Sram.access_pj_per_bit, Sram.leakage_mw, Sram.area_um2):
        value, slope = jax.vmap(jax.value_and_grad(lambda size, quantity=quantity: quantity(memory, size)))(kb)
        assert np.isfinite(value).all()
        assert np.isfinite(slope).all()
        # of 1 KB memories CACTI's area falls by a few percent where two organisations meet
        assert (np.diff(value) > -0.05 * np.asarray(value)[:-1]).all(), quantity
    assert float(memory.leakage_mw(0.0)) == 0
    assert float(memory.area_um2(0.0)) == 0
    assert np.isfinite(jax.grad(memory.access_pj_per_bit)(0.0))


def test_the_curve_is_smooth_at_the_table_s_points() -> None:
    memory = sram("lop", 45)
    slope = jax.vmap(jax.grad(lambda place: jnp.log(memory.access_pj_per_bit(2.0**place))))
    places = jnp.arange(0.0, 13.0)
    np.testing.assert_allclose(slope(places - 1e-3), slope(places + 1e-3), atol=5e-3)


def test_many_small_memories_are_not_one_large_one() -> None:
    memory = sram("lop", 28)
    assert float(1024 * memory.leakage_mw(0.0625)) > float(memory.leakage_mw(64.0))
    # below the table's end in proportion
    assert float(memory.leakage_mw(0.5)) == pytest.approx(float(memory.leakage_mw(1.0)) / 2, rel=1e-5)


def test_cells_differ_in_leakage_by_orders_of_magnitude() -> None:
    leaks = [float(sram(cell, 45).leakage_mw(64.0)) / 64 for cell in CELLS]
    np.testing.assert_allclose(leaks, [0.698, 8.6e-3, 5.7e-5], rtol=0.05)


def test_a_node_between_the_table_s_lies_between_them_and_one_below_goes_on() -> None:
    sizes = jnp.asarray([8.0, 64.0, 512.0])
    for quantity in (Sram.access_pj_per_bit, Sram.leakage_mw, Sram.area_um2, Sram.cycle_ns):
        low, middle, high = (np.asarray(quantity(sram("hp", node), sizes)) for node in (22, 28, 32))
        assert ((middle - low) * (high - middle) >= 0).all()
    energies = [float(sram("lop", node).access_pj_per_bit(64.0)) for node in (10, 14, 22)]
    assert energies == sorted(energies)
    with pytest.raises(ValueError, match="above the memory table"):
        sram("lop", 130)
    with pytest.raises(ValueError, match="unknown memory cell 'fast'"):
        sram("fast", 45)


@pytest.mark.slow
def test_a_point_left_out_is_met_by_its_neighbours(table: pd.DataFrame) -> None:
    from scipy.interpolate import PchipInterpolator

    table = table.assign(access_nj=table["read_nj"] + table["write_nj"])
    worst = {"access_nj": 0.15, "leak_mw": 0.15}
    for (_, _, bits), rows in table.groupby(["node_nm", "cell", "word_bits"]):
        if bits == 64:
            place = np.log2(rows.sort_values("size_kb")["size_kb"].to_numpy(float))
            for column, bound in worst.items():
                logs = np.log(rows.sort_values("size_kb")[column].to_numpy(float))
                for i in range(1, len(place) - 1):
                    guess = PchipInterpolator(np.delete(place, i), np.delete(logs, i))(place[i])
                    assert abs(np.expm1(guess - logs[i])) < bound, (rows.iloc[i].to_dict(), column)


def test_a_soft_choice_of_cells_is_exact_when_made() -> None:
    memories = tuple(sram(cell, 45) for cell in ("lop", "lstp"))
    for i, memory in enumerate(memories):
        chosen = mixture(memories, jnp.eye(2)[i])
        assert float(chosen.leakage_mw(64.0)) == pytest.approx(float(memory.leakage_mw(64.0)), rel=1e-5)
    between = float(mixture(memories, jnp.asarray([0.5, 0.5])).leakage_mw(64.0))
    assert float(memories[1].leakage_mw(64.0)) < between < float(memories[0].leakage_mw(64.0))


def test_a_technology_s_memory_can_be_chosen() -> None:
    prices = load("digital_45nm")
    slow = prices.with_memory(("lop", "lstp"), jnp.asarray([0.0, 1.0]))
    assert float(slow.memory.leakage_mw(64.0)) == pytest.approx(
        float(load({"process": "cmos_45nm", "memory": "lstp"}).memory.leakage_mw(64.0))
    )
    assert prices.with_memory((), jnp.zeros(0)) is prices


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("node", [65, 45, 28, 22, 14])
def test_beyond_the_table_no_memory_gets_faster_with_size(cell: str, node: int) -> None:
    memory = sram(cell, node)
    cycles = [float(memory.cycle_ns(kb)) for kb in (4096.0, 8192.0, 65536.0)]
    assert cycles == sorted(cycles)


def test_logic_of_low_operating_power_leaks_alike_at_all_nodes() -> None:
    leaks = [float(sram("lop", node).logic_leakage_mw_per_um2()) for node in (65, 45, 32, 28, 22, 14)]
    # CACTI's current jumps 14 times between 45 and 32 nm, which no synthesised unit shows
    assert max(leaks) < 2 * min(leaks)


def test_slopes_are_those_of_scipy() -> None:
    from scipy.interpolate import PchipInterpolator

    # rounded: equal neighbours and changes of sign occur
    values = np.random.default_rng(0).normal(size=(200, 7)).round(1)
    places = np.arange(7)
    np.testing.assert_allclose(monotone_slopes(values), PchipInterpolator(places, values, axis=1).derivative()(places), atol=1e-12)


def test_a_chip_and_its_prices_load_neither_pandas_nor_scipy() -> None:
    code = "import sys\nfrom codesign.hardware import Crossbar\nfrom codesign.technology import load\nload('rram_28nm'), Crossbar.of()\n"
    code += "assert not {'pandas', 'scipy.interpolate', 'pyarrow', 'flax', 'matplotlib'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
