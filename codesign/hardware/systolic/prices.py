"""What the parts of a systolic array cost: operations, areas, leakage power."""

from collections.abc import Mapping
from typing import Final

import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.hardware.parts.memory import logic_leakage_mw, sram_area_um2, sram_leakage_mw
from codesign.hardware.parts.neuron import add_pj, products_pj, unit_um2, update_pj
from codesign.hardware.systolic.traffic import has_neurons, operand_bits
from codesign.hardware.systolic.work import Build
from codesign.hardware.systolic.zeros import AbstractZeros
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload

LOGIC: Final = ("compute", "registers", "neurons", "zeros")
"""Components that leak as logic does."""


def operation_pj(workload: Workload, technology: Technology) -> Float[Array, " layers"]:
    """One multiply-accumulate of an ANN, or AND-accumulate of a spike, mixed by `spiking` [pJ].

    A graded spike multiplies with the bits beyond its first, so a binary one costs a gate per weight bit and an addition.
    """
    bits = operand_bits(workload)
    multiply, gate = technology["int_mult_per_bit2_pj"], technology["and_per_bit_pj"]
    spike = gate * bits.weight + multiply * bits.weight * (bits.activation - 1)
    product = workload.spiking * spike + (1 - workload.spiking) * multiply * bits.weight * bits.activation
    return product + add_pj(bits.partial_sum, technology)


def activation_pj(workload: Workload, technology: Technology) -> Float[Array, " layers"]:
    """One neuron update, or one ANN output, which a multiplication rescales [pJ]."""
    rescale = technology["int_mult_per_bit2_pj"] * _rescaled_bits2(workload)
    return update_pj(workload, technology) + products_pj(workload, technology) + rescale


def _rescaled_bits2(workload: Workload) -> Float[Array, " layers"]:
    """Bit products of the multiplication that rescales an ANN output: the scale is as wide as the sum."""
    return (1 - workload.spiking) * operand_bits(workload).partial_sum ** 2


def element_bits(workload: Workload, zeros: AbstractZeros) -> Float[Array, ""]:
    """Register bits of a processing element, wide enough for every layer, and the flags of its operands."""
    bits = operand_bits(workload)
    return jnp.max(bits.weight) + jnp.max(bits.activation) + jnp.max(bits.partial_sum) + zeros.flags


def areas_um2(build: Build, units: Array, workload: Workload, technology: Technology) -> dict[str, Float[Array, ""]]:
    """Area by component [um2]; every unit is large enough for the layer that asks most of it.

    Args:
        build: array and memories.
        units: neuron units.
        workload: gives widths and neurons.
        technology: prices.
    """
    elements, memories = build.grid.rows * build.grid.columns, build.memories
    rescaling = technology["int_mult_area_per_bit2_um2"] * _rescaled_bits2(workload)
    areas = {
        "compute": elements * _multiply_accumulate_um2(workload, technology),
        "registers": elements * technology["register_area_per_bit_um2"] * element_bits(workload, build.zeros),
        "scratchpads": elements * sram_area_um2(memories.scratchpad_kb, technology),
        "input_buffer": sram_area_um2(memories.input_buffer_kb, technology),
        "weight_buffer": sram_area_um2(memories.weight_buffer_kb, technology),
        "output_buffer": sram_area_um2(memories.output_buffer_kb, technology),
        # pooling has no neurons of its own
        "neurons": units * jnp.max(has_neurons(workload) * (unit_um2(workload, technology) + rescaling)),
    }
    return areas | {"zeros": _zeros_um2(build, areas, workload, technology)}


def leakage_mw(build: Build, areas: Mapping[str, Array], technology: Technology) -> Float[Array, ""]:
    """Leakage power of all memories and all logic, at the technology's supply [mW]."""
    logic = logic_leakage_mw(sum((areas[part] for part in LOGIC), jnp.zeros_like(areas["compute"])), technology)
    scratchpads = build.grid.rows * build.grid.columns * sram_leakage_mw(build.memories.scratchpad_kb, technology)
    buffers = jnp.sum(sram_leakage_mw(jnp.stack(build.memories[1:]), technology))
    return logic + scratchpads + buffers


def _multiply_accumulate_um2(workload: Workload, technology: Technology) -> Float[Array, ""]:
    bits = operand_bits(workload)
    # binary spikes need no multiplier: an array that sees nothing else has none
    product_bits = bits.weight * (bits.activation - workload.spiking)
    adder = technology["int_add_area_per_bit_um2"] * jnp.max(bits.partial_sum)
    return technology["int_mult_area_per_bit2_um2"] * jnp.max(product_bits) + adder


def _zeros_um2(build: Build, areas: Mapping[str, Array], workload: Workload, technology: Technology) -> Float[Array, ""]:
    """Detectors where operands enter, a clock gate (a latch) per element, the finder of vectors [um2]."""
    bits, (rows, columns) = operand_bits(workload), build.grid
    # no area of a comparator is sourced: it counts as an adder, as in neurons
    detectors = technology["int_add_area_per_bit_um2"] * (rows * jnp.max(bits.activation) + columns * jnp.max(bits.weight))
    found = build.zeros.looks * (detectors + rows * columns * technology["register_area_per_bit_um2"])
    return found + build.zeros.finds * technology["zero_finder_area_share"] * sum(areas.values())
