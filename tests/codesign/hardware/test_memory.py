"""SRAM prices against the published points."""

import jax
import jax.numpy as jnp
import pytest

from codesign.hardware.parts.memory import sram_area_um2, sram_leakage_mw, sram_pj_per_bit
from codesign.technology.technology import load

PRICES = load("digital_45nm")


@pytest.mark.claims
@pytest.mark.parametrize(("capacity_kb", "fitted", "published"), [(8, 10.16, 10), (32, 19.56, 20), (1024, 100.63, 100)])
def test_power_law_through_horowitz_points(capacity_kb, fitted, published):
    """HOR-4, pJ per 64-bit access."""
    energy = 64 * sram_pj_per_bit(capacity_kb, PRICES)
    assert energy == pytest.approx(fitted, rel=1e-3)
    assert energy == pytest.approx(published, rel=0.03)


@pytest.mark.parametrize(
    ("capacity_kb", "read_nj", "leak_mw"),
    [(2, 0.00418, 0.74), (8, 0.00666, 1.81), (32, 0.01103, 6.26), (64, 0.0165, 10.94), (144, 0.02863, 24.91), (288, 0.0385, 45.57)],
)
def test_cacti_points(capacity_kb, read_nj, leak_mw):
    """SATA's CACTI 7 table at 28 nm (models.md 3): reads within 19 %, leakage of the smallest memory apart."""
    prices = load("cacti_28nm")
    assert 256 * sram_pj_per_bit(capacity_kb, prices) == pytest.approx(read_nj * 1000, rel=0.19)
    assert sram_leakage_mw(capacity_kb, prices) == pytest.approx(leak_mw, rel=0.3 if capacity_kb > 2 else 0.6)


def test_gradients_are_finite_down_to_no_memory():
    slope = jax.vmap(jax.grad(lambda capacity: sram_pj_per_bit(capacity, PRICES)))
    assert jnp.all(jnp.isfinite(slope(jnp.asarray([0.0, 1e-3, 0.1, 1e5]))))
    assert jnp.all(slope(jnp.asarray([0.1, 16.0, 1e5])) > 0)


def test_area_and_leakage_are_per_bit():
    assert sram_area_um2(1.0, load("digital_65nm")) == pytest.approx(8192 * 0.7391)
    assert sram_leakage_mw(64.0, load("rram_32nm")) == pytest.approx(0.46)
    assert sram_leakage_mw(64.0, load("digital_28nm")) == pytest.approx(10.94, rel=1e-3)
