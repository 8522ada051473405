"""Node scaling against the printed factors."""

import pytest

from codesign.technology.scaling import area_factor, energy_factor, wire_factor


@pytest.mark.claims
@pytest.mark.parametrize(
    ("claim", "from_nm", "to_nm", "factor"), [("SCA-1", 45, 7, 0.0943), ("SCA-3", 45, 32, 0.6593), ("SCA-3", 45, 65, 1.2407)]
)
def test_energy_at_0_8_v(claim, from_nm, to_nm, factor):
    assert energy_factor(from_nm, to_nm, 0.8, 0.8) == pytest.approx(factor, rel=1e-3)


@pytest.mark.claims
def test_area_45_to_16_nm():
    """SCA-4."""
    assert area_factor(45, 16) == 0.19


def test_the_nearest_node_weighs_most():
    """22 nm lies 2 nm from 20 nm and 10 nm from 32 nm; the plug-in the tables were read from has it the wrong way round."""
    assert area_factor(45, 22) == pytest.approx((0.21 * 10 + 0.46 * 2) / 12)
    assert area_factor(45, 28) == pytest.approx((0.21 * 4 + 0.46 * 8) / 12)


def test_round_trips():
    assert energy_factor(65, 28, 1.1, 0.9) * energy_factor(28, 65, 0.9, 1.1) == pytest.approx(1)
    assert area_factor(65, 22) * area_factor(22, 65) == pytest.approx(1)


def test_energy_falls_with_the_supply():
    for node in (65, 45, 32, 28, 22, 16, 7):
        assert energy_factor(node, node, 1.0, 0.8) < 1


def test_wires_go_through_their_points():
    assert wire_factor(45, 22) == pytest.approx(9.77 / 2.18)
    assert wire_factor(45, 65) == pytest.approx(1.18 / 2.18)
    assert 4.66 / 2.18 < wire_factor(45, 28) < 9.77 / 2.18
    assert wire_factor(22, 14) == pytest.approx(15.87 / 9.77)
    assert wire_factor(14, 10) > 1
    assert wire_factor(65, 90) < 1


@pytest.mark.parametrize("node", [5, 180])
@pytest.mark.parametrize(
    "factor", [lambda node: energy_factor(45, node, 1, 1), lambda node: area_factor(node, 45), lambda n: wire_factor(45, n)]
)
def test_nodes_outside_the_tables_are_refused(factor, node):
    with pytest.raises(ValueError, match=f"node {node} nm lies outside"):
        factor(node)
