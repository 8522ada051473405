"""Cells of a crossbar that are SRAM with a capacitor each: charge, leakage, writing at power-up, one bit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.hardware.crossbar.cells.choice import cells_in
from codesign.hardware.crossbar.crossbar import COMPONENTS, Crossbar
from codesign.technology.catalogue import load
from codesign.technology.technology import Technology
from codesign.technology.uncertainty import draws
from codesign.testing import check_hardware
from codesign.workloads.workload import Workload, conv, dense, pool

CHARGE, CURRENT = load("sram_8t_28nm"), load("rram_28nm")
# binary weights, one column each: half of the bits are set
WORK = Workload.of([dense("fc", 128, 64)], timesteps=1, weight_bits=1, activation_bits=1, input_rate=0.5, spiking=0)


def energy(name: str, prices: Technology = CHARGE, **parameters: object) -> float:
    return float(Crossbar.of(**{"cell_bits": 1, "encoding": "offset"} | parameters).cost(WORK, prices).by_component()[name])


def test_a_read_charges_a_capacitor_for_every_set_bit_under_a_driven_row() -> None:
    switched, column_um = 0.5 * 128 * 64 * 0.5, 128 * float(CHARGE["cell_height_f"] * CHARGE["wire_half_pitch_um"])
    columns_pj = 64 * column_um * float(CHARGE["wire_capacitance_ff_per_um"]) * 0.9**2 / 1000
    assert energy("array") == pytest.approx(switched * 2.0 * 0.9**2 / 1000 + columns_pj, rel=1e-4)  # C V^2 at 2 fF


def test_cells_leak_as_the_memory_they_are() -> None:
    def cells_mw(prices: Technology) -> float:
        chip = Crossbar.of(rows=256, columns=128)
        return float(cells_in(prices).leakage_mw(chip._design(chip.encodings[0], WORK), prices))

    assert energy("leakage") > energy("leakage", CURRENT)
    assert cells_mw(CHARGE) == pytest.approx(float(CHARGE.memory.leakage_mw(4.0)), rel=1e-5)  # 32,768 cells
    # the cell of the memory decides over them too
    assert energy("leakage", memory="hp") > energy("leakage") > energy("leakage", memory="lstp")


def test_writing_is_a_memorys_and_has_no_spread_to_pay_for() -> None:
    assert 0 < energy("programming") < 1e-2 * energy("programming", CURRENT)
    assert energy("programming", refresh_s=3600.0) == pytest.approx(24 * energy("programming"), rel=1e-4)
    assert energy("programming", programming_sigma=0.001) == energy("programming")


def test_a_second_bit_in_a_cell_is_illegal_and_says_by_how_much() -> None:
    assert float(Crossbar.of(cell_bits=1).cost(WORK, CHARGE).excess) == 0
    assert float(Crossbar.of(cell_bits=[3]).cost(WORK, CHARGE).excess) == pytest.approx(np.log(3), rel=1e-5)
    assert float(Crossbar.of(cell_bits=3).cost(WORK, CURRENT).excess) == 0
    assert {"cell_bits", "programming_sigma", "refresh_s"} <= Crossbar.of().inert_parameters(CHARGE).keys()
    assert "cell_bits" not in Crossbar.of().inert_parameters(CURRENT)


def test_prices_are_drawn() -> None:
    chip = Crossbar.of(cell_bits=1)
    drawn = jax.jit(jax.vmap(lambda prices: chip.cost(WORK, prices).energy_pj[0, COMPONENTS.index("array")]))(draws(CHARGE, 200))
    spread = np.percentile(np.asarray(drawn), [10, 90]) / float(chip.cost(WORK, CHARGE).by_component()["array"])
    # mostly the capacitor's own, 0.7 to 4 of 2 fF
    assert spread[0] == pytest.approx(0.4, abs=0.15)
    assert spread[1] == pytest.approx(1.9, abs=0.3)


@pytest.mark.slow
def test_such_a_chip_conforms() -> None:
    layers = [conv("wide", 3, 24, 8), pool("pool", 24, 8), dense("fc", 24 * 16, 10)]
    check_hardware(Crossbar.of(cell_bits=1), Workload.of(layers, activation_bits=[8, 1, 1], spiking=jnp.ones(3)), CHARGE)
