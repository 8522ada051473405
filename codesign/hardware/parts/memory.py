"""On-chip memory: energy by capacity, area and leakage by bit."""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.technology.technology import Technology

# the fit begins at 8 KB, and the slope of a power law at no memory at all is infinite
SMALLEST_KB = 0.0625


def sram_pj_per_bit(capacity_kb: ArrayLike, technology: Technology) -> Float[Array, "..."]:
    """Energy to read or write one bit of an SRAM.

    `coefficient * (capacity / 1 KB)^exponent` per 64-bit access: a power law through the three points of Horowitz (ISSCC 2014),
    within 2.2 % of each. Memories below 64 bytes are charged as 64 bytes.

    Args:
        capacity_kb: capacity of the memory [KB].
        technology: prices.
    """
    capacity = jnp.maximum(jnp.asarray(capacity_kb), SMALLEST_KB)
    return technology["sram_coefficient_pj"] * capacity ** technology["sram_exponent"] / 64


def sram_area_um2(capacity_kb: ArrayLike, technology: Technology) -> Float[Array, "..."]:
    """Area of an SRAM [um2]."""
    # 8192 bits in a KB
    return jnp.asarray(capacity_kb) * 8192 * technology["sram_bit_area_um2"]


def sram_leakage_mw(capacity_kb: ArrayLike, technology: Technology) -> Float[Array, "..."]:
    """Leakage power of an SRAM [mW]."""
    return jnp.asarray(capacity_kb) * technology["sram_leakage_mw_per_kb"]
