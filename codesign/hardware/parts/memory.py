"""On-chip memory as every family asks for it: energy, area, leakage and speed by capacity, of the technology's memory cell.

A chip with many small memories asks for one of them and multiplies: that is not what one large memory costs.
"""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.technology.technology import Technology


def sram_pj_per_bit(capacity_kb: ArrayLike, technology: Technology) -> Float[Array, "..."]:
    """Energy to read or write one bit of an SRAM of this capacity, in words of 64 bits (CACTI 7) [pJ]."""
    return technology.memory.access_pj_per_bit(capacity_kb)


def sram_area_um2(capacity_kb: ArrayLike, technology: Technology) -> Float[Array, "..."]:
    """Area of one SRAM, its decoders and amplifiers included [um2]."""
    return technology.memory.area_um2(capacity_kb)


def sram_leakage_mw(capacity_kb: ArrayLike, technology: Technology) -> Float[Array, "..."]:
    """Leakage power of one SRAM [mW]."""
    return technology.memory.leakage_mw(capacity_kb)


def logic_leakage_mw(area_um2: ArrayLike, technology: Technology) -> Float[Array, "..."]:
    """Leakage power of logic of this area, made of the transistors of the memory cell's class [mW]."""
    return jnp.asarray(area_um2) * technology.memory.logic_leakage_mw_per_um2()


def sram_maximum_mhz(capacity_kb: ArrayLike, technology: Technology, word_bits: ArrayLike = 64) -> Float[Array, "..."]:
    """Highest clock at which one SRAM takes an access a cycle [MHz]."""
    return 1000 / jnp.asarray(technology.memory.cycle_ns(capacity_kb, word_bits))  # ns to MHz


def clock_excess(clock_mhz: ArrayLike, capacity_kb: ArrayLike, technology: Technology, word_bits: ArrayLike = 64) -> Float[Array, "..."]:
    """Natural logarithm of a clock over the fastest that logic and a memory of this capacity and word follow; 0 where they do."""
    fastest = jnp.minimum(sram_maximum_mhz(capacity_kb, technology, word_bits), technology["maximum_clock_mhz"])
    return jnp.log(jnp.maximum(jnp.asarray(clock_mhz) / fastest, 1))
