"""What a crossbar is charged for beyond its products: buffers, buses, registers, memory beside the chip, its memory cell."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from codesign.cost import Cost
from codesign.hardware.boundary import ITEMS, Charged
from codesign.hardware.crossbar.boundary import BOUNDARY
from codesign.hardware.crossbar.crossbar import COMPONENTS, Crossbar
from codesign.technology.catalogue import compose, load
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload, conv, dense

PRICES = load("rram_45nm")
MAPS = Workload.of((conv("one", 32, 32, 32), conv("two", 32, 32, 32), dense("fc", 512, 10)), timesteps=1, activation_bits=8, input_rate=1)


def cost(prices: Technology = PRICES, work: Workload = MAPS, **parameters) -> Cost:
    return Crossbar.of(**parameters).cost(work, prices)


def energy(name: str, **settings) -> float:
    return float(cost(**settings).by_component()[name])


def area(name: str, **settings) -> float:
    return float(cost(**settings).area_um2[COMPONENTS.index(name)])


def test_every_item_of_the_boundary_is_answered():
    assert BOUNDARY.keys() == ITEMS.keys()
    paying = {name for answer in BOUNDARY.values() if isinstance(answer, Charged) for name in answer.components}
    assert paying == set(COMPONENTS)


def test_a_buffer_too_small_fetches_again_and_then_spills():
    roomy, small, tiny = (cost(buffer_kb=size) for size in (512, 4, 1))
    moved = [float(found.by_component()["interconnect"]) for found in (roomy, small, tiny)]
    assert moved[0] < moved[1] < moved[2]
    away = [float(found.by_component()["off_chip"]) for found in (roomy, small, tiny)]
    # the network begins and ends beside the chip: 32 x 32 x 32 bytes in and 10 out, energy and background by bit
    per_bit = float(PRICES["offchip_pj_per_bit"] + PRICES["offchip_background_mw_per_gbit_per_s"])
    assert away[0] == pytest.approx(8 * (32**3 + 10) * per_bit, rel=1e-4)
    assert away[2] > 2 * away[0]


def test_a_chip_alone_must_hold_its_maps():
    alone = compose(process="cmos_45nm", memory="lop", device="rram", offchip="none")
    assert float(cost(alone, buffer_kb=512).excess) == 0
    tiny = cost(alone, buffer_kb=1)
    assert float(tiny.excess) > 0
    assert float(tiny.by_component()["off_chip"]) == 0


def test_a_clock_that_the_buffer_cannot_follow_is_illegal():
    slow = compose(process="cmos_45nm", memory="lstp", device="rram")
    assert float(cost(slow, buffer_kb=4096, clock_mhz=100).excess) == 0
    assert float(cost(slow, buffer_kb=4096, clock_mhz=900).excess) > 0
    assert float(cost(clock_mhz=1100).excess) == pytest.approx(np.log(1.1), rel=1e-5)


def test_multi_level_drivers_have_a_unit_for_every_level():
    work = Workload.of([dense("fc", 128, 64)], activation_bits=1)
    one, three = (energy("drivers", work=work, driver_bits=bits) for bits in (1, 3))
    assert three == pytest.approx(7 * one, rel=1e-5)
    units = [area("drivers", work=work, driver_bits=bits) for bits in (1, 2, 3)]
    assert units[2] - units[1] == pytest.approx(2 * (units[1] - units[0]), rel=1e-4)


def test_registers_and_sums_grow_with_slices_and_row_tiles():
    work = Workload.of([dense("fc", 512, 64)], weight_bits=9)
    wide, narrow = (energy("accumulate", work=work, cell_bits=bits) for bits in (4, 1))
    assert narrow > 3 * wide
    tall, flat = (area("accumulate", work=work, rows=rows) for rows in (64, 512))
    assert tall > 4 * flat


def test_a_bus_takes_area_and_clock():
    for price, name in ((area, "interconnect"), (energy, "clock")):
        assert price(name, bus_bits=256) > price(name, bus_bits=8)


def test_a_pair_charges_both_of_its_bit_lines():
    """Without cell currents, as many columns cost as much in either encoding."""
    quiet = PRICES
    for name in ("on_resistance_ohm", "off_resistance_ohm"):
        quiet = _with(quiet, name, 1e18)
    pair = energy("array", prices=quiet, encoding="differential", work=Workload.of([dense("fc", 128, 64)], weight_bits=2), cell_bits=1)
    both = energy("array", prices=quiet, encoding="offset", work=Workload.of([dense("fc", 128, 64)], weight_bits=2), cell_bits=1)
    assert pair == pytest.approx(both, rel=1e-4)


def _with(prices: Technology, name: str, value: float) -> Technology:
    return dataclasses.replace(prices, values={**prices.values, name: jnp.float32(value)})


def test_the_memory_cell_is_a_choice():
    chip = Crossbar.of(memory=("hp", "lop", "lstp"))
    assert chip.choices["memory"] == ("hp", "lop", "lstp")
    assert "memory" not in Crossbar.of().choices
    leaks = {name: energy("leakage", memory=name) for name in ("hp", "lop", "lstp")}
    assert leaks["hp"] > leaks["lop"] > leaks["lstp"]
    assert leaks["lop"] == pytest.approx(energy("leakage"), rel=1e-5)
    with pytest.raises(ValueError, match="did you mean 'lstp'"):
        Crossbar.of(memory="lstpp")
