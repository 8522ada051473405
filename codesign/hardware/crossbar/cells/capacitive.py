"""SRAM cells that switch a capacitor each: charge on a shared column, one bit a cell, held for as long as there is power.

The charge-domain multiplication of Valavi et al. (JSSC 2019): where a row is driven and the cell's bit is set, its capacitor is charged to
the supply, and a column's voltage is the mean over its capacitors. No current flows once they are charged, so that wires drop nothing and
set the time of a read only; thermal noise is kT / C of a whole column, a tenth of a converter's step.
"""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import jax.numpy as jnp
from jaxtyping import Array

from codesign.hardware.crossbar.cells.abstract import AbstractCells
from codesign.hardware.crossbar.mapping import Design
from codesign.hardware.parts.memory import sram_leakage_mw, sram_pj_per_bit
from codesign.technology.technology import Technology

_S_PER_FF_PER_NS: Final = 1e-6  # fF / ns = uS
_BITS_PER_KB: Final = 8192
_INERT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cell_bits": "an SRAM cell holds one bit: give hardware.fixed.cell_bits: 1, weights of more bits take more cells",
        "programming_sigma": "an SRAM cell is written exactly: what spreads is its capacitor, by the technology's capacitor_mismatch_share",
        "refresh_s": "an SRAM cell does not drift: this is how often the chip is powered up and written, which hardware.fixed gives",
    }
)


@dataclasses.dataclass(frozen=True)
class CapacitiveCells(AbstractCells):
    """SRAM with a capacitor over each cell."""

    @property
    def most_bits(self) -> float:
        """One."""
        return 1

    @property
    def inert(self) -> Mapping[str, str]:
        """What an SRAM decides by itself."""
        return _INERT

    def conductances(self, technology: Technology) -> tuple[Array, Array]:
        """A capacitor that is charged once in a read conducts `C / t` on average, and so takes `C V^2`; a clear bit switches nothing."""
        high = technology["cell_capacitance_ff"] / technology["read_time_ns"] * _S_PER_FF_PER_NS
        return jnp.zeros_like(high), high

    def read_voltage_v(self, technology: Technology) -> Array:
        """The supply: capacitors are driven by logic."""
        return jnp.asarray(technology.supply_v, jnp.float32)

    def write_pj(self, cells: Array, design: Design, verify_pj: Array, technology: Technology) -> Array:
        """A write to a memory of the array's size, which needs no verification."""
        return cells * sram_pj_per_bit(_kb(design), technology)

    def write_ns(self, design: Design, verify_ns: Array, technology: Technology) -> Array:
        """A cycle."""
        return 1000 / design.clock_mhz

    def leakage_mw(self, design: Design, technology: Technology) -> Array:
        """A memory of the array's size; the transistors that switch the capacitor have no way to ground."""
        return sram_leakage_mw(_kb(design), technology)

    def level_shifters_um2(self, design: Design, technology: Technology) -> Array:
        """None: cells are written at the supply."""
        return jnp.zeros(())


def _kb(design: Design) -> Array:
    return design.rows * design.columns / _BITS_PER_KB
