"""Area and leakage power of what a layer's tiles are made of."""

from typing import Final

from jaxtyping import Array

from codesign.hardware.crossbar.accumulation import accumulate_um2, lanes_um2
from codesign.hardware.crossbar.cells.choice import cells_in
from codesign.hardware.crossbar.mapping import Design, Mapping
from codesign.hardware.crossbar.periphery import cells_um2, converters_um2, decoders_um2, drivers_um2
from codesign.hardware.crossbar.prices import has_neurons, state_kb
from codesign.hardware.parts.memory import logic_leakage_mw, sram_area_um2, sram_leakage_mw
from codesign.hardware.parts.neuron import unit_um2
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload

LOGIC: Final = ("adc", "drivers", "decoders", "accumulate")
"""Components that leak as logic does; cells leak by their kind."""


def areas_um2(design: Design, mapping: Mapping, workload: Workload, t: Technology) -> dict[str, Array]:
    """Area by component of each layer [um2]; the network between tiles, which has its length from these, is left out."""
    return {
        "array": mapping.arrays * cells_um2(design, t),
        "adc": mapping.arrays * converters_um2(design, t),
        "drivers": mapping.arrays * (drivers_um2(design, t) + cells_in(t).level_shifters_um2(design, t)),
        "decoders": mapping.arrays * decoders_um2(design, t),
        "accumulate": accumulate_um2(design, mapping, t) + lanes_um2(design, mapping, t),
        "buffers": mapping.tiles * sram_area_um2(design.buffer_kb, t),
        "interconnect": mapping.arrays * design.bus_bits * t["bus_area_um2_per_bit"],
        "neurons": _neuron_units_um2(design, mapping, workload, t) + sram_area_um2(state_kb(workload), t),
    }


def leakage_mw(design: Design, mapping: Mapping, areas: dict[str, Array], side_um: Array, workload: Workload, t: Technology) -> Array:
    """Leakage power of each layer's share of the chip [mW]; all of it leaks while any layer runs.

    Logic, routers and repeaters leak by their area; level shifters, whose transistors are thick, do not.
    """
    cells = mapping.arrays * cells_in(t).leakage_mw(design, t)
    memory = mapping.tiles * sram_leakage_mw(design.buffer_kb, t) + sram_leakage_mw(state_kb(workload), t)
    shifters = mapping.arrays * cells_in(t).level_shifters_um2(design, t)
    logic = sum(areas[name] for name in LOGIC) - shifters + _neuron_units_um2(design, mapping, workload, t)
    return cells + memory + logic_leakage_mw(logic + design.interconnect.logic_um2(mapping.tiles, side_um, t), t)


def _neuron_units_um2(design: Design, mapping: Mapping, workload: Workload, t: Technology) -> Array:
    # units serve one layer each, and need be no larger than it asks
    units = has_neurons(workload) * workload.static("channels_out") * mapping.copies / design.channels_per_neuron
    return units * unit_um2(workload, t)
