"""What surrounds the cells of an array: drivers, level shifters, decoders, multiplexers.

NeuroSim's circuits, run alone for an array of 128 x 128. A word-line driver of d bits is an amplitude: 2^d - 1 unit drivers share the line
and read in one pulse of the same length, so energy and area grow with 2^d - 1. (A pulse width would take as many pulses of time instead.)
"""

from typing import Final

from jaxtyping import Array

from codesign.hardware.crossbar.activity import Activity
from codesign.hardware.crossbar.converters import adc_area_um2, effective_bits
from codesign.hardware.crossbar.mapping import Design
from codesign.technology.technology import Technology

# the array that NeuroSim's circuits were run for, and the columns of one multiplexer
_LINES: Final = 128
_MULTIPLEXED: Final = 8


def drivers_pj(design: Design, work: Activity, t: Technology) -> Array:
    """Input register, driver and word line of every driven row; the line grows with the columns."""
    return work.row_drives * t["word_line_driver_pj"] * design.columns / _LINES * (2**design.driver_bits - 1)


def decoders_pj(design: Design, work: Activity, read_ns: Array, t: Technology) -> Array:
    """Column multiplexer and its decoder of every conversion, and the sample-and-hold of its columns over the time of a vector.

    Rows are read all at once: their decoder works in programming only.
    """
    # one decoder turns the multiplexers of all converters of an array
    decoder = t["mux_decoder_pj"] * design.columns_per_adc / design.columns
    held = t["sample_and_hold_power_mw"] * read_ns / design.encoding.conversions_per_column  # mW ns = pJ
    return work.conversions * (t["mux_pj"] + decoder + held)


def drivers_um2(design: Design, t: Technology) -> Array:
    """Drivers of the rows, and of the columns when they are written, of one array [um2]."""
    return ((2**design.driver_bits - 1) * design.rows + design.columns) * t["word_line_driver_area_um2"]


def decoders_um2(design: Design, t: Technology) -> Array:
    """Row decoder, column multiplexers with their decoder, and sample-and-holds of one array [um2]."""
    rows = design.rows / _LINES * t["row_decoder_area_um2"]
    multiplexers = design.columns / _MULTIPLEXED * t["mux_area_um2"] + design.columns_per_adc / _MULTIPLEXED * t["mux_decoder_area_um2"]
    return rows + multiplexers + design.columns * t["sample_and_hold_area_um2"]


def converters_um2(design: Design, t: Technology) -> Array:
    """Converters of one array [um2]; not rounded up: the last one counts by the columns it serves."""
    one = adc_area_um2(effective_bits(design.adc_bits, design.adc_noise), design.clock_mhz, t)
    return design.columns / design.columns_per_adc * one


def cells_um2(design: Design, t: Technology) -> Array:
    """Cells of one array [um2]."""
    return design.rows * design.columns * t["cell_width_f"] * t["cell_height_f"] * t["wire_half_pitch_um"] ** 2
