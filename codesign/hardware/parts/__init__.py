"""What several families are made of: memories, neurons, interconnect, supply, shares of activity.

A part asks the technology for prices and knows no chip.
"""

from codesign.hardware.parts.activity import share_with_any
from codesign.hardware.parts.interconnect import AbstractInterconnect, HTree, Mesh, wire_pj_per_bit
from codesign.hardware.parts.memory import clock_excess, logic_leakage_mw, sram_area_um2, sram_leakage_mw, sram_maximum_mhz, sram_pj_per_bit
from codesign.hardware.parts.neuron import (
    NEURONS,
    NeuronModel,
    kept_words,
    moved_words,
    parameter_words,
    products_pj,
    register_bits,
    unit_um2,
    update_cycles,
    update_pj,
    visited_words,
)
from codesign.hardware.parts.supply import delay_factor, energy_factor, leakage_factor

__all__ = [
    "NEURONS",
    "AbstractInterconnect",
    "HTree",
    "Mesh",
    "NeuronModel",
    "clock_excess",
    "delay_factor",
    "energy_factor",
    "kept_words",
    "leakage_factor",
    "logic_leakage_mw",
    "moved_words",
    "parameter_words",
    "products_pj",
    "register_bits",
    "share_with_any",
    "sram_area_um2",
    "sram_leakage_mw",
    "sram_maximum_mhz",
    "sram_pj_per_bit",
    "unit_um2",
    "update_cycles",
    "update_pj",
    "visited_words",
    "wire_pj_per_bit",
]
