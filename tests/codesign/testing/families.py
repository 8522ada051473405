"""The registered families as a search would let them go: ranges of the repository's configs, else around each family's defaults."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from codesign.hardware.base import AbstractHardware
from codesign.hardware.crossbar.crossbar import ENCODINGS, INTERCONNECTS, Crossbar
from codesign.hardware.hybrid.chip import HybridChip
from codesign.hardware.manycore.manycore import SYNAPSES, ManyCore
from codesign.hardware.manycore.synchronisation import SYNCHRONISATIONS
from codesign.hardware.manycore.updates import UPDATES
from codesign.hardware.systolic.array import DATAFLOWS, ZEROS, Systolic
from codesign.parameters.choice import Choice
from codesign.parameters.power_of_two import PowerOfTwo
from codesign.technology.sram import CELLS
from codesign.testing.designs import default_workload


class Family(NamedTuple):
    """A chip, a technology for it, ranges of all its parameters, and its static options."""

    chip: AbstractHardware
    technology: str
    ranges: Mapping[str, Any]
    options: Mapping[str, Mapping[str, Any]]


SYSTOLIC: Final = {
    "rows": PowerOfTwo(4, 64),
    "columns": PowerOfTwo(4, 64),
    "scratchpad_kb": (1 / 64, 1.0),
    "input_buffer_kb": (4.0, 512.0),
    "weight_buffer_kb": (4.0, 1024.0),
    "output_buffer_kb": (4.0, 512.0),
    "columns_per_neuron_unit": Choice((1, 2, 4, 8)),
    "clock_mhz": (50.0, 1000.0),
    "supply_v": (0.6, 1.0),
    "offchip_gbit_per_s": (12.8, 409.6),
}
CROSSBAR: Final = {
    "rows": PowerOfTwo(16, 256),
    "columns": PowerOfTwo(16, 256),
    "adc_bits": (2, 8),
    "columns_per_adc": Choice((1, 2, 4, 8, 16)),
    "cell_bits": (1, 4),
    "programming_sigma": (0.02, 0.2),
    "clock_mhz": (50.0, 1000.0),
    "refresh_s": (1.0, 2592000.0),
    "driver_bits": (1, 4),
    "arrays_per_tile": (1, 64),
    "buffer_kb": (1.0, 64.0),
    "bus_bits": PowerOfTwo(8, 256),
    "duplication": (1, 16),
    "channels_per_neuron": (1, 16),
    "adder_lanes": PowerOfTwo(8, 512),
    "adc_noise": (0.05, 1.0),
}
MANYCORE: Final = {
    "neurons_per_core": PowerOfTwo(16, 1024),
    "synapse_memory_kb": (8.0, 512.0),
    "message_bits": (8, 128),
    "clock_mhz": (50.0, 1000.0),
    "supply_v": (0.5, 0.9),
}
HYBRID: Final = {"transfer_buffer_kb": (1.0, 256.0), "link_gbit_per_s": (1.0, 100.0)}


def hybrid() -> HybridChip:
    """A systolic array and cores, any layer on either."""
    engines = {"array": Systolic.of(), "cores": ManyCore.of()}
    return HybridChip.of(engines, np.ones((len(default_workload(ManyCore.of())), len(engines))))


def families() -> dict[str, Family]:
    """Every registered family; a crossbar of resistances and of SRAM, a many-core on measured events and on first principles."""
    working = {"synchronisation": tuple(SYNCHRONISATIONS), "synapses": tuple(SYNAPSES), "updates": tuple(UPDATES)}
    cores = ManyCore.of(memory=tuple(CELLS), **working)
    systolic = Systolic.of(dataflow=tuple(DATAFLOWS), memory=tuple(CELLS), zeros=tuple(ZEROS))
    crossbar = Crossbar.of(memory=tuple(CELLS), interconnect=tuple(INTERCONNECTS), adc_noise=0.2)
    charge = Crossbar.of(memory=tuple(CELLS), interconnect=tuple(INTERCONNECTS), adc_noise=0.2, cell_bits=1)
    # one after another: an open one computes with the arrays of both
    encodings = {name: (columns,) for name, columns in ENCODINGS.items()}
    return {
        "systolic": Family(systolic, "digital_28nm", SYSTOLIC, {}),
        "crossbar": Family(crossbar, "rram_45nm", CROSSBAR, {"encodings": encodings}),
        "crossbar, SRAM": Family(charge, "sram_8t_45nm", CROSSBAR, {"encodings": encodings}),
        "manycore": Family(cores, "digital_28nm", MANYCORE, {}),
        "manycore, calibrated": Family(cores, "loihi_14nm", MANYCORE, {}),
        "hybrid": Family(hybrid(), "digital_28nm", HYBRID, {}),
    }
