"""Scaling of measured constants between process nodes and supply voltages.

Source: Stillmaker and Baas, "Scaling equations for the accurate prediction of CMOS device performance from 180 nm to 7 nm",
Integration 58 (2017). Energy at a node is a quadratic of the supply; area is a row of factors from 45 nm. The published factors
carry about 15 % uncertainty. Between tabulated nodes both are interpolated linearly in nm, so that the nearest node weighs most.
"""

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

# node [nm] -> a, b, c of a V^2 + b V + c
ENERGY_POLYNOMIALS: Final = {
    130.0: (7.171, -6.709, 2.904),
    90.0: (4.762, -4.781, 2.092),
    65.0: (3.755, -4.398, 1.975),
    45.0: (1.103, -0.362, 0.2767),
    32.0: (0.9559, -0.7823, 0.471),
    20.0: (0.373, -0.1582, 0.04104),
    16.0: (0.2958, -0.1241, 0.03024),
    14.0: (0.2363, -0.09675, 0.02239),
    10.0: (0.2068, -0.09311, 0.02375),
    7.0: (0.1776, -0.09097, 0.02447),
}
# node [nm] -> area of the same circuit, 1 at 45 nm
AREA_FACTORS: Final = {
    130.0: 6.4,
    90.0: 2.8,
    65.0: 1.5,
    45.0: 1.0,
    32.0: 0.46,
    20.0: 0.21,
    16.0: 0.19,
    14.0: 0.17,
    10.0: 0.1,
    7.0: 0.059,
}
# node [nm] -> resistance of a minimum-width wire [ohm/um], from NeuroSim's wire width, aspect ratio and resistivity
WIRE_RESISTANCE: Final = {65.0: 1.18, 45.0: 2.18, 32.0: 4.66, 22.0: 9.77, 14.0: 15.87}
# node [nm] -> width of a wire, half its pitch [um], from NeuroSim (`Param.cpp`); cells are counted in it, wider than the node's name
WIRE_WIDTH_UM: Final = {65.0: 0.105, 45.0: 0.080, 32.0: 0.056, 22.0: 0.040, 14.0: 0.032}
RELATIVE_UNCERTAINTY: Final = 0.15
# rising, as np.interp needs them
_NODES: Final = np.asarray(sorted(ENERGY_POLYNOMIALS))


def check_node(node_nm: float) -> None:
    """Refuse a node outside the tables.

    Raises:
        ValueError: the node lies outside 7 to 130 nm.
    """
    if not _NODES[0] <= node_nm <= _NODES[-1]:
        raise ValueError(f"node {node_nm} nm lies outside the scaling tables ({_NODES[0]:g} to {_NODES[-1]:g} nm)")


def energy_factor(from_nm: float, to_nm: float, from_v: float, to_v: float) -> float:
    """Factor that takes an energy measured at one node and supply to another.

    Raises:
        ValueError: a node outside the tables.
    """
    check_node(from_nm)
    check_node(to_nm)
    return _energy(to_nm, to_v) / _energy(from_nm, from_v)


def area_factor(from_nm: float, to_nm: float) -> float:
    """Factor that takes the area of a digital circuit from one node to another.

    Raises:
        ValueError: a node outside the tables.
    """
    check_node(from_nm)
    check_node(to_nm)
    factors = np.asarray([AREA_FACTORS[node] for node in _NODES])
    return float(np.interp(to_nm, _NODES, factors) / np.interp(from_nm, _NODES, factors))


def wire_factor(from_nm: float, to_nm: float) -> float:
    """Factor that takes a wire resistance per length from one node to another.

    A power law of the node between NeuroSim's points (65 to 14 nm), continued with the outermost exponents.

    Raises:
        ValueError: a node outside the tables.
    """
    check_node(from_nm)
    check_node(to_nm)
    return _power_law(WIRE_RESISTANCE, to_nm) / _power_law(WIRE_RESISTANCE, from_nm)


def pitch_factor(from_nm: float, to_nm: float) -> float:
    """Factor that takes a length counted in wires from one node to another; as `wire_factor`, by the width of a wire.

    Raises:
        ValueError: a node outside the tables.
    """
    check_node(from_nm)
    check_node(to_nm)
    return _power_law(WIRE_WIDTH_UM, to_nm) / _power_law(WIRE_WIDTH_UM, from_nm)


def _power_law(points: Mapping[float, float], node_nm: float) -> float:
    nodes = sorted(points)
    # beyond the points the outermost pair serves, which continues its exponent
    above = min(max(sum(node < node_nm for node in nodes), 1), len(nodes) - 1)
    low, high = nodes[above - 1], nodes[above]
    exponent = math.log(points[high] / points[low]) / math.log(high / low)
    return points[low] * (node_nm / low) ** exponent


def _energy(node_nm: float, supply_v: float) -> float:
    # energy is linear in a, b and c: to interpolate them is to interpolate the energy at this supply
    coefficients = np.asarray([ENERGY_POLYNOMIALS[node] for node in _NODES])
    a, b, c = (float(np.interp(node_nm, _NODES, column)) for column in coefficients.T)
    # held at the minimum of the quadratic: its other branch is no physics
    supply_v = max(supply_v, -b / (2 * a))
    return a * supply_v**2 + b * supply_v + c
