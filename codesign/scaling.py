"""Scaling of measured constants between process nodes and supply voltages.

Source: Stillmaker and Baas, "Scaling equations for the accurate prediction of CMOS device performance from 180 nm to 7 nm",
Integration 58 (2017). Energy at a node is a quadratic of the supply; area is a row of factors from 45 nm. The published factors
carry about 15 % uncertainty. Between tabulated nodes both are interpolated linearly in nm, so that the nearest node weighs most.
"""

from typing import Final

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

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
RELATIVE_UNCERTAINTY: Final = 0.15
_NODES: Final = np.asarray(sorted(ENERGY_POLYNOMIALS))


def check_node(node_nm: float) -> None:
    """Refuse a node outside the tables.

    Raises:
        ValueError: the node lies outside 7 to 130 nm.
    """
    if not _NODES[0] <= node_nm <= _NODES[-1]:
        raise ValueError(f"node {node_nm} nm lies outside the scaling tables ({_NODES[0]:g} to {_NODES[-1]:g} nm)")


def switching_energy(node_nm: ArrayLike, supply_v: ArrayLike) -> Float[Array, "..."]:
    """Relative energy of a digital operation at a node and supply; only ratios have a meaning.

    Args:
        node_nm: process node [nm], clipped to the tables.
        supply_v: supply voltage [V].
    """
    coefficients = np.asarray([ENERGY_POLYNOMIALS[node] for node in _NODES])
    a, b, c = (jnp.interp(jnp.asarray(node_nm), jnp.asarray(_NODES), jnp.asarray(column)) for column in coefficients.T)
    v = jnp.asarray(supply_v)
    return a * v**2 + b * v + c


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


def _energy(node_nm: float, supply_v: float) -> float:
    coefficients = np.asarray([ENERGY_POLYNOMIALS[node] for node in _NODES])
    a, b, c = (float(np.interp(node_nm, _NODES, column)) for column in coefficients.T)
    return a * supply_v**2 + b * supply_v + c
