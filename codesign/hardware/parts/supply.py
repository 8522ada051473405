"""What the supply voltage of a digital block changes: energy, speed and leakage, relative to the technology's own supply."""

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.technology.scaling import ENERGY_POLYNOMIALS
from codesign.technology.technology import Technology

# the power law holds well above the threshold and diverges at it: below this the delay is held
_LEAST_OVERDRIVE_V = 0.02


def energy_factor(supply_v: ArrayLike, technology: Technology) -> Float[Array, ""]:
    """Switching energy relative to the technology's supply (Stillmaker and Baas, Integration 58, 2017).

    Their quadratics have a minimum (0.41 V at 32 nm, 0.59 V at 65 nm); below it the energy is held there, and its gradient is 0.
    """
    nodes = sorted(ENERGY_POLYNOMIALS)
    curves = np.asarray([ENERGY_POLYNOMIALS[node] for node in nodes])
    # interpolated as in `technology.scaling`, by which constants came to this node: one curve for both
    a, b, c = (float(np.interp(technology.node_nm, nodes, coefficients)) for coefficients in curves.T)
    # a fit's other branch and no physics: less supply would cost more
    supply = jnp.maximum(jnp.asarray(supply_v), -b / (2 * a))
    nominal = technology.supply_v
    return (a * supply**2 + b * supply + c) / (a * nominal**2 + b * nominal + c)


def delay_factor(supply_v: ArrayLike, technology: Technology) -> Float[Array, ""]:
    """Gate delay relative to the technology's supply: `V / (V - V_threshold)^alpha` (Sakurai and Newton, IEEE JSSC 1990)."""

    def delay(v: Array) -> Array:
        return v / jnp.maximum(v - technology["threshold_v"], _LEAST_OVERDRIVE_V) ** technology["velocity_saturation"]

    supply = jnp.asarray(supply_v)
    return delay(supply) / delay(jnp.asarray(technology.supply_v, supply.dtype))


def leakage_factor(supply_v: ArrayLike, technology: Technology) -> Float[Array, ""]:
    """Leakage power relative to the technology's supply: a constant current."""
    # a real transistor's current falls with the supply too: below the technology's own this is an upper bound
    return jnp.asarray(supply_v) / technology.supply_v
