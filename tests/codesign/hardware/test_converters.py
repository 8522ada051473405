"""The ADC model against its fit."""

import jax
import numpy as np
import pytest

from codesign.hardware.crossbar.converters import adc_area_um2, adc_energy_pj

CHECKS = {65: (3.50, 4.04, 6.49, 12.5), 45: (1.75, 2.02, 3.25, 6.28), 32: (0.92, 1.07, 1.71, 3.31), 22: (0.46, 0.53, 0.85, 1.64)}

energy, area = jax.jit(adc_energy_pj), jax.jit(adc_area_um2)


@pytest.mark.parametrize("node", CHECKS)
@pytest.mark.parametrize(("index", "bits", "tolerance"), [(0, 4, 0.06), (1, 6, 0.01), (2, 8, 0.01), (3, 10, 0.015)])
def test_energy_at_100_megasamples(node, index, bits, tolerance):
    """analog.md's check values; at 4 bits a monotone join takes the place of the fit, which falls from 4 to 4.4 bits."""
    assert energy(bits, 100.0, node) == pytest.approx(CHECKS[node][index], rel=tolerance)


def test_energy_and_area_rise_with_every_fraction_of_a_bit():
    bits = np.linspace(1, 14, 400, dtype=np.float32)
    for price in (adc_energy_pj, adc_area_um2):
        slopes = jax.jit(jax.vmap(jax.grad(price), (0, None, None)))(bits, 200.0, 45.0)
        assert np.all(np.asarray(slopes) > 0), price


def test_the_join_is_smooth():
    below, above = (jax.jit(jax.value_and_grad(adc_energy_pj))(bits, 100.0, 45.0) for bits in (4.499, 4.501))
    assert float(below[0]) == pytest.approx(float(above[0]), rel=1e-3)
    assert float(below[1]) == pytest.approx(float(above[1]), rel=0.05)


def test_a_two_bit_converter_costs_about_twice_a_comparator():
    assert energy(2.0, 100.0, 45.0) / energy(1.0, 100.0, 45.0) == pytest.approx(2, rel=0.05)


def test_speed_costs_only_above_the_corner():
    assert energy(6.0, 10.0, 45.0) == pytest.approx(float(energy(6.0, 100.0, 45.0)), rel=1e-3)
    assert energy(12.0, 1000.0, 45.0) > 1.2 * energy(12.0, 100.0, 45.0)
    assert area(6.0, 1000.0, 45.0) > area(6.0, 100.0, 45.0)


def test_area_against_the_fit_by_hand():
    # exp(1.34619 + 0.993279 ln 65 + 0.180715 ln 1e8 + 0.299124 ln 6.49)
    assert area(8.0, 100.0, 65.0) == pytest.approx(11858, rel=2e-3)
