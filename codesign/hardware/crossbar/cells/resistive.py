"""Memory devices as resistances: currents over a read pulse, program-and-verify at a voltage of its own, nothing to hold."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Final

import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.hardware.crossbar.cells.abstract import AbstractCells
from codesign.hardware.crossbar.mapping import Design
from codesign.technology.technology import Technology

_PJ_PER_V2_S_NS: Final = 1e3  # V^2 * S * ns = nJ


def pulses(design: Design, technology: Technology) -> Float[Array, "..."]:
    """Program-and-verify pulses per cell: `1 + (sigma_1 / sigma)^2` for the spread `sigma_1` of a single pulse.

    Averaging independent errors down from `sigma_1` takes `(sigma_1 / sigma)^2` corrections (analog.md, step 6).
    """
    # the 1 is the first pulse, which every cell takes
    return 1 + (technology["single_pulse_sigma"] / design.programming_sigma) ** 2


@dataclasses.dataclass(frozen=True)
class ResistiveCells(AbstractCells):
    """Resistive and phase-change memory."""

    @property
    def most_bits(self) -> float:
        """No end but that of the legal range."""
        return math.inf

    @property
    def inert(self) -> Mapping[str, str]:
        """Nothing: all that is chosen has its price."""
        return {}

    def conductances(self, technology: Technology) -> tuple[Array, Array]:
        """Of the resistances."""
        return 1 / technology["off_resistance_ohm"], 1 / technology["on_resistance_ohm"]

    def read_voltage_v(self, technology: Technology) -> Array:
        """The device's, below what would disturb it."""
        return technology["read_voltage_v"]

    def write_pj(self, cells: Array, design: Design, verify_pj: Array, technology: Technology) -> Array:
        """Every pulse is followed by a read, which is converted."""
        t = technology
        low, high = self.conductances(t)
        # targets are not known here: half way between the extremes
        mean = (low + high) / 2
        write = t["write_voltage_v"] ** 2 * t["write_time_ns"] * mean * _PJ_PER_V2_S_NS
        read = t["read_voltage_v"] ** 2 * t["read_time_ns"] * mean * _PJ_PER_V2_S_NS
        return cells * pulses(design, t) * (write + read + verify_pj)

    def write_ns(self, design: Design, verify_ns: Array, technology: Technology) -> Array:
        """Every pulse is followed by a read."""
        return pulses(design, technology) * (technology["write_time_ns"] + verify_ns)

    def leakage_mw(self, design: Design, technology: Technology) -> Array:
        """None: idle lines are grounded (NeuroSim, PUMA)."""
        return jnp.zeros(())

    def level_shifters_um2(self, design: Design, technology: Technology) -> Array:
        """Of word and bit line of a row and of the source line of a column (NeuroSim)."""
        return (2 * design.rows + design.columns) * technology["level_shifter_area_um2"]
