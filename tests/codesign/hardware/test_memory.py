"""Memory as every family asks for it: one price for all."""

import jax
import pytest

from codesign.hardware.parts.memory import sram_area_um2, sram_leakage_mw, sram_maximum_mhz, sram_pj_per_bit
from codesign.technology.catalogue import compose


@pytest.mark.parametrize(("memory", "leakage_mw", "maximum_mhz"), [("hp", 44.8, 1178), ("lop", 0.527, 1037), ("lstp", 0.00364, 712)])
def test_prices_are_those_of_the_technology_s_cell(memory: str, leakage_mw: float, maximum_mhz: float) -> None:
    prices = compose("cmos_45nm", memory)
    assert float(sram_leakage_mw(64.0, prices)) == pytest.approx(leakage_mw, rel=0.01)
    assert float(sram_maximum_mhz(64.0, prices)) == pytest.approx(maximum_mhz, rel=0.01)
    assert 0.4 < float(sram_area_um2(64.0, prices)) / (64 * 8192) < 0.5


def test_a_larger_memory_is_dearer_to_reach() -> None:
    prices = compose("cmos_28nm")
    slope = jax.grad(lambda capacity: sram_pj_per_bit(capacity, prices))
    assert all(float(slope(capacity)) > 0 for capacity in (1.0, 3.0, 64.0, 1000.0))
