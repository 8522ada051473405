"""Draws of prices: around their values, within their intervals, common to all technologies."""

import jax
import numpy as np
import pytest

from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.hardware.systolic.array import Systolic
from codesign.technology.catalogue import combine, compose, load
from codesign.technology.sram import FACTORS
from codesign.technology.technology import Technology
from codesign.technology.uncertainty import draws, elasticities, spreads
from codesign.workloads import presets

RRAM = load("rram_45nm")
WORK = presets.preset("digits")


def test_draws_have_their_intervals_as_deciles() -> None:
    drawn = draws(RRAM, 4000)
    for name in ("int_add_per_bit_pj", "offchip_pj_per_bit", "threshold_v"):
        quantity, values = RRAM.quantity(name), np.asarray(drawn.values[name])
        deciles = np.quantile(values, [0.1, 0.5, 0.9])
        np.testing.assert_allclose(deciles, [quantity.interval[0], quantity.value, quantity.interval[1]], rtol=0.08)
    leaks = np.asarray(jax.vmap(lambda prices: prices.memory.leakage_mw(64.0))(drawn))
    np.testing.assert_allclose(np.quantile(leaks, [0.1, 0.9]) / float(RRAM.memory.leakage_mw(64.0)), [1 / 1.5, 1.5], rtol=0.06)


def test_exact_constants_and_zeros_are_not_drawn_and_signs_stay() -> None:
    drawn = draws(load("pcm_14nm"), 50)
    closed = draws(compose("cmos_28nm", offchip="none"), 50)
    assert (np.asarray(closed.values["offchip_pj_per_bit"]) == 0).all()
    assert (np.asarray(drawn.values["drift_mean_slope"]) < 0).all()


def test_technologies_share_the_draws_of_what_they_share() -> None:
    one, other = draws(RRAM, 20), draws(load("digital_45nm"), 20)
    for name in other.values:
        np.testing.assert_array_equal(one.values[name], other.values[name])
    np.testing.assert_array_equal(one.sram.log_factors, draws(combine(RRAM, load("digital_45nm")), 20).sram.log_factors)
    assert not np.array_equal(one.values["mux_pj"], draws(RRAM, 20, seed=1).values["mux_pj"])


@pytest.mark.parametrize("chip", [Crossbar.of(), Systolic.of()])
def test_elasticities_say_what_a_small_change_does(chip: Crossbar | Systolic) -> None:
    def energy(prices: Technology) -> jax.Array:
        return chip.cost(WORK, prices).energy

    found = elasticities(energy, RRAM)
    assert list(map(abs, found.values())) == sorted(map(abs, found.values()), reverse=True)
    name = next(name for name in found if not name.startswith("sram"))
    values = RRAM.values | {name: RRAM.values[name] * 1.001}
    raised = Technology(RRAM.name, RRAM.node_nm, RRAM.supply_v, RRAM.parts, RRAM.basis, RRAM.quantities, values, RRAM.sram)
    assert float(np.log(energy(raised) / energy(RRAM)) / np.log(1.001)) == pytest.approx(found[name], rel=0.03)
    assert {f"sram {factor}" for factor in FACTORS} <= found.keys()
    assert spreads(RRAM).keys() == found.keys()
