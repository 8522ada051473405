"""What the parts of a systolic array cost."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.hardware.parts.memory import logic_leakage_mw, sram_area_um2, sram_leakage_mw
from codesign.hardware.parts.neuron import add_pj, products_pj, unit_um2, update_pj
from codesign.hardware.systolic.dataflow import Grid
from codesign.hardware.systolic.traffic import Memories, has_neurons, operand_bits
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload


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


def area_and_leakage(
    grid: Grid, units: Array, memories: Memories, workload: Workload, technology: Technology
) -> tuple[list[Float[Array, ""]], Float[Array, ""]]:
    """Area [um2] and leakage power [mW] at the technology's supply; every unit is large enough for the layer that asks most of it.

    Args:
        grid: processing elements.
        units: neuron units.
        memories: capacities.
        workload: gives widths and neurons.
        technology: prices.

    Returns:
        Areas of arithmetic, registers, scratchpads, input, weight and output buffer, and neuron units; the power of all of it.
    """
    bits, elements = operand_bits(workload), grid.rows * grid.columns
    # binary spikes need no multiplier: an array that sees nothing else has none
    product_bits = bits.weight * (bits.activation - workload.spiking)
    adder = technology["int_add_area_per_bit_um2"] * jnp.max(bits.partial_sum)
    compute = elements * (technology["int_mult_area_per_bit2_um2"] * jnp.max(product_bits) + adder)
    width = jnp.max(bits.weight) + jnp.max(bits.activation) + jnp.max(bits.partial_sum)
    registers = elements * technology["register_area_per_bit_um2"] * width
    rescaling = technology["int_mult_area_per_bit2_um2"] * _rescaled_bits2(workload)
    # pooling has no neurons of its own
    neurons = units * jnp.max(has_neurons(workload) * (unit_um2(workload, technology) + rescaling))
    # a scratchpad per element, the buffers exist once
    counts = (elements, *(jnp.ones_like(elements) for _ in memories[1:]))
    leakage = logic_leakage_mw(compute + registers + neurons, technology)
    areas = [compute, registers, *(n * sram_area_um2(kb, technology) for n, kb in zip(counts, memories, strict=True)), neurons]
    return areas, leakage + sum(
        (n * sram_leakage_mw(kb, technology) for n, kb in zip(counts, memories, strict=True)), jnp.zeros_like(elements)
    )
