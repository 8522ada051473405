"""What joins converted codes: shift-and-add units and registers, as wide as the codes grow over slices, digits and row tiles."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.hardware.crossbar.activity import Activity
from codesign.hardware.crossbar.mapping import Design, Mapping
from codesign.hardware.parts.elementwise import encoding_pj, exit_pj, residual_pj
from codesign.hardware.parts.neuron import add_pj
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload

_UNIT_BITS = 16
"""Width of the shift-and-add unit that is priced."""


def code_bits(design: Design, mapping: Mapping) -> Float[Array, " layers"]:
    """Width of an output's code once its slices and digits are joined beside the converter."""
    slices = mapping.columns_per_output / design.encoding.columns_per_slice
    return design.adc_bits + (slices - 1) * design.cell_bits + (mapping.digits - 1) * design.driver_bits


def sum_bits(design: Design, mapping: Mapping) -> Float[Array, " layers"]:
    """Width of an output's sum over all row tiles."""
    return code_bits(design, mapping) + jnp.log2(mapping.row_tiles)


def partial_sums(design: Design, mapping: Mapping, work: Activity) -> Float[Array, " layers"]:
    """Joined codes that leave the arrays in one inference, one for each output and busy row tile."""
    return work.conversions / (mapping.columns_per_output * design.encoding.conversions_per_column * mapping.digits)


def accumulate_pj(design: Design, mapping: Mapping, work: Activity, workload: Workload, t: Technology) -> Array:
    """Shift-and-add of every conversion, sums over row tiles, their registers; pooling, attention, skip paths, encoding, early exit."""
    per_bit = t["shift_add_pj"] / _UNIT_BITS
    # the unit writes the output register; what the bus takes from there the tile's accumulator adds
    joined = work.conversions * code_bits(design, mapping) * per_bit
    sums = partial_sums(design, mapping, work) * sum_bits(design, mapping) * per_bit
    multiply = t["int_mult_per_bit2_pj"] * workload.activation_bits**2
    digital = work.additions * (add_pj(workload.state_bits, t) + t["register_per_bit_pj"] * workload.state_bits) + work.products * multiply
    beside = residual_pj(workload, t) + encoding_pj(workload, t) + exit_pj(workload, t)
    return joined + sums + digital + beside


def accumulate_um2(design: Design, mapping: Mapping, t: Technology) -> Array:
    """Shift-and-add units of the arrays of a layer, their output registers, and the accumulators of its tiles [um2]."""
    per_bit = t["shift_add_area_um2"] / _UNIT_BITS
    converters = mapping.arrays * design.columns / design.columns_per_adc
    units = converters * code_bits(design, mapping)
    # row tiles of one output share an accumulator
    accumulators = converters / mapping.row_tiles * sum_bits(design, mapping)
    return (units + accumulators) * per_bit + output_register_bits(design, mapping) * t["register_area_per_bit_um2"]


def lanes_um2(design: Design, mapping: Mapping, t: Technology) -> Array:
    """Adders with their registers of a digital layer; lanes are not shared, as arrays are not."""
    return (1 - mapping.weighted) * design.adder_lanes * t["shift_add_area_um2"]


def output_register_bits(design: Design, mapping: Mapping) -> Array:
    """Bits of the registers that hold the sums of a vector, one for every output of an array."""
    return mapping.arrays * design.columns / mapping.columns_per_output * code_bits(design, mapping)


def clocked_bits(design: Design, mapping: Mapping) -> Array:
    """Register bits of a layer that are clocked every cycle: bus, shift-and-add, accumulators, or a digital layer's lanes.

    Input and output registers are written once a vector and gated in between.
    """
    converters = mapping.arrays * design.columns / design.columns_per_adc
    adders = converters * (code_bits(design, mapping) + sum_bits(design, mapping) / mapping.row_tiles)
    return mapping.arrays * design.bus_bits + adders + (1 - mapping.weighted) * design.adder_lanes * _UNIT_BITS
