"""The ADC model against its fit."""

import jax
import jax.numpy as jnp
import pytest

from codesign.hardware.crossbar.converters import adc_area_um2, adc_energy_pj

CHECKS = {65: (3.50, 4.04, 6.49, 12.5), 45: (1.75, 2.02, 3.25, 6.28), 32: (0.92, 1.07, 1.71, 3.31), 22: (0.46, 0.53, 0.85, 1.64)}


@pytest.mark.parametrize("node", CHECKS)
@pytest.mark.parametrize(("index", "bits", "tolerance"), [(0, 4, 0.06), (1, 6, 0.01), (2, 8, 0.01), (3, 10, 0.015)])
def test_energy_at_100_megasamples(node, index, bits, tolerance):
    """analog.md's check values; at 4 bits a monotone join takes the place of the fit, which falls from 4 to 4.4 bits."""
    assert adc_energy_pj(bits, 100.0, node) == pytest.approx(CHECKS[node][index], rel=tolerance)


def test_energy_and_area_rise_with_every_fraction_of_a_bit():
    bits = jnp.linspace(1, 14, 400)
    for price in (adc_energy_pj, adc_area_um2):
        slopes = jax.vmap(jax.grad(price), (0, None, None))(bits, 200.0, 45.0)
        assert jnp.all(slopes > 0), price


def test_the_join_is_smooth():
    around = jnp.asarray([4.499, 4.501])
    values = jax.vmap(lambda b: adc_energy_pj(b, 100.0, 45.0))(around)
    slopes = jax.vmap(jax.grad(lambda b: adc_energy_pj(b, 100.0, 45.0)))(around)
    assert values[0] == pytest.approx(float(values[1]), rel=1e-3)
    assert slopes[0] == pytest.approx(float(slopes[1]), rel=0.05)


def test_a_two_bit_converter_costs_about_twice_a_comparator():
    assert adc_energy_pj(2.0, 100.0, 45.0) / adc_energy_pj(1.0, 100.0, 45.0) == pytest.approx(2, rel=0.05)


def test_speed_costs_only_above_the_corner():
    assert adc_energy_pj(6.0, 10.0, 45.0) == pytest.approx(float(adc_energy_pj(6.0, 100.0, 45.0)), rel=1e-3)
    assert adc_energy_pj(12.0, 1000.0, 45.0) > 1.2 * adc_energy_pj(12.0, 100.0, 45.0)
    assert adc_area_um2(6.0, 1000.0, 45.0) > adc_area_um2(6.0, 100.0, 45.0)


def test_area_against_the_fit_by_hand():
    # exp(1.34619 + 0.993279 ln 65 + 0.180715 ln 1e8 + 0.299124 ln 6.49)
    assert adc_area_um2(8.0, 100.0, 65.0) == pytest.approx(11858, rel=2e-3)
