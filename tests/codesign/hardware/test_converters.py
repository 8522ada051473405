"""The ADC model against its fit and against measured converters."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.typing import ArrayLike

from codesign.hardware.crossbar.converters import adc_area_um2, adc_energy_pj
from codesign.technology.catalogue import load
from codesign.technology.technology import Technology

CHECKS = {65: (3.50, 4.04, 6.49, 12.5), 45: (1.75, 2.02, 3.25, 6.28), 32: (0.92, 1.07, 1.71, 3.31), 22: (0.46, 0.53, 0.85, 1.64)}

# MNSIM 2.0 ADC.py, choices 1 to 4: node [nm], bits, conversions [1/us], area [um2], power [mW]
MEASURED = {
    "14 nm, 10 b": (14, 10, 1500, 1600, 6.92),
    "ISAAC, 32 nm, 8 b": (32, 8, 1280, 1200, 2.0),
    "28 nm, 8 b": (28, 8, 1100, 1650, 4.0),
    "40 nm, 6 b": (40, 6, 1000, 580, 1.26),
}


def at(node_nm: float) -> Technology:
    """The converters' coefficients, which are the same everywhere, at any node."""
    return dataclasses.replace(load("rram_45nm"), node_nm=float(node_nm))


def energy(bits: ArrayLike, rate_mhz: float, node_nm: float) -> jax.Array:
    return jax.jit(adc_energy_pj)(bits, rate_mhz, at(node_nm))


def area(bits: ArrayLike, rate_mhz: float, node_nm: float) -> jax.Array:
    return jax.jit(adc_area_um2)(bits, rate_mhz, at(node_nm))


@pytest.mark.parametrize("name", MEASURED)
def test_within_three_of_measured_converters(name):
    node, bits, rate, measured_um2, measured_mw = MEASURED[name]
    assert 1 / 3 < area(bits, rate, node) / measured_um2 < 3
    # mW over MHz = nJ
    assert 1 / 3 < energy(bits, rate, node) / (1000 * measured_mw / rate) < 3


def test_every_coefficient_has_a_gradient():
    prices = at(45)
    names = [quantity.name for quantity in prices.quantities if quantity.name.startswith("adc_")]
    assert len(names) == 12
    for price in (adc_energy_pj, adc_area_um2):
        # below the join, at its resolution, and where speed limits
        slopes = [jax.jit(jax.grad(price, 2))(jnp.float32(bits), jnp.float32(rate), prices).values for bits, rate in ((3, 100), (12, 1000))]
        for name in names:
            of_area = name.startswith("adc_area") and price is adc_energy_pj
            assert all(np.isfinite(slope[name]) for slope in slopes)
            assert any(slope[name] != 0 for slope in slopes) != of_area, name


@pytest.mark.parametrize("node", CHECKS)
@pytest.mark.parametrize(("index", "bits", "tolerance"), [(0, 4, 0.06), (1, 6, 0.01), (2, 8, 0.01), (3, 10, 0.015)])
def test_energy_at_100_megasamples(node, index, bits, tolerance):
    """analog.md's check values; at 4 bits a monotone join takes the place of the fit, which falls from 4 to 4.4 bits."""
    assert energy(bits, 100.0, node) == pytest.approx(CHECKS[node][index], rel=tolerance)


def test_energy_and_area_rise_with_every_fraction_of_a_bit():
    bits = np.linspace(1, 14, 400, dtype=np.float32)
    for price in (adc_energy_pj, adc_area_um2):
        slopes = jax.jit(jax.vmap(jax.grad(price), (0, None, None)))(bits, 200.0, at(45))
        assert np.all(np.asarray(slopes) > 0), price


def test_the_join_is_smooth():
    below, above = (jax.jit(jax.value_and_grad(adc_energy_pj))(bits, 100.0, at(45)) for bits in (4.499, 4.501))
    assert float(below[0]) == pytest.approx(float(above[0]), rel=1e-3)
    assert float(below[1]) == pytest.approx(float(above[1]), rel=0.05)


def test_a_two_bit_converter_costs_about_twice_a_comparator():
    assert energy(2.0, 100.0, 45.0) / energy(1.0, 100.0, 45.0) == pytest.approx(2, rel=0.05)


def test_speed_costs_only_above_the_corner():
    assert energy(6.0, 10.0, 45.0) == pytest.approx(float(energy(6.0, 100.0, 45.0)), rel=1e-3)
    assert energy(12.0, 1000.0, 45.0) > 1.2 * energy(12.0, 100.0, 45.0)
    assert area(6.0, 1000.0, 45.0) > area(6.0, 100.0, 45.0)


def test_area_against_the_fit_by_hand():
    # exp(-3.638 + 0.993279 ln 65 + 0.180715 ln 1e8 + 0.299124 ln 6.49 + 0.4313 * 8)
    assert area(8.0, 100.0, 65.0) == pytest.approx(2554, rel=2e-3)
