"""What several families are made of: memories, neurons, interconnect, supply, shares of activity.

A part asks the technology for prices and knows no chip.
"""

from codesign.hardware.parts.activity import share_with_any
from codesign.hardware.parts.interconnect import AbstractInterconnect, HTree, Mesh, wire_pj_per_bit
from codesign.hardware.parts.memory import logic_leakage_mw, sram_area_um2, sram_leakage_mw, sram_maximum_mhz, sram_pj_per_bit
from codesign.hardware.parts.neuron import (
    NEURONS,
    AbstractNeuron,
    ContinuousSynapse,
    IntegrateAndFire,
    LeakyIntegrateAndFire,
    neuron_area_um2,
)
from codesign.hardware.parts.supply import delay_factor, energy_factor, leakage_factor

__all__ = [
    "NEURONS",
    "AbstractInterconnect",
    "AbstractNeuron",
    "ContinuousSynapse",
    "HTree",
    "IntegrateAndFire",
    "LeakyIntegrateAndFire",
    "Mesh",
    "delay_factor",
    "energy_factor",
    "leakage_factor",
    "logic_leakage_mw",
    "neuron_area_um2",
    "share_with_any",
    "sram_area_um2",
    "sram_leakage_mw",
    "sram_maximum_mhz",
    "sram_pj_per_bit",
    "wire_pj_per_bit",
]
