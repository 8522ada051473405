"""What a systolic array's work costs, component by component."""

from typing import NamedTuple

from jaxtyping import Array, Float

from codesign.hardware.parts.elementwise import encoding_pj, exit_pj, residual_pj
from codesign.hardware.parts.memory import sram_pj_per_bit
from codesign.hardware.parts.neuron import add_pj, update_cycles
from codesign.hardware.systolic.prices import activation_pj, element_bits, operation_pj
from codesign.hardware.systolic.traffic import has_neurons, operand_bits, pooled_elements, second_density
from codesign.hardware.systolic.work import Build, Work
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload


class Switching(NamedTuple):
    """What switches in the array, per layer: multiply-accumulates, those that clock the moving registers, bits that registers take in."""

    operations: Float[Array, " layers"]
    clocked: Float[Array, " layers"]
    written: Float[Array, " layers"]


def switching(build: Build, work: Work, workload: Workload) -> Switching:
    """What switches, by the array's treatment of zeros."""
    slots = has_neurons(workload) * build.grid.rows * build.grid.columns * work.cycles
    # zeros of both operands as if independent
    operations = build.zeros.operations(slots, work.products, workload.input_rate * second_density(workload))
    clocked = build.zeros.clocked(slots, work.products, work.streamed)
    moving, held = work.registers
    # flags travel with their operands
    return Switching(operations, clocked, clocked * (moving + build.zeros.flags) + operations * held)


def dynamic_pj(
    build: Build, work: Work, units: Array, cycles: Array, workload: Workload, technology: Technology
) -> dict[str, Float[Array, " layers"]]:
    """Energy of every component on the array's supply but leakage, at the technology's own [pJ].

    Args:
        build: array and memories.
        work: of one inference.
        units: neuron units.
        cycles: of the clock while each layer runs, stalls included.
        workload: what runs.
        technology: prices.
    """
    traffic, memories, switched = work.traffic, build.memories, switching(build, work, workload)
    return {
        "compute": switched.operations * operation_pj(workload, technology)
        + _pooling_pj(workload, technology)
        + residual_pj(workload, technology),
        "registers": technology["register_switch_pj_per_bit"] * switched.written,
        "scratchpads": traffic.scratchpads * sram_pj_per_bit(memories.scratchpad_kb, technology),
        "input_buffer": traffic.input_buffer * sram_pj_per_bit(memories.input_buffer_kb, technology),
        "weight_buffer": traffic.weight_buffer * sram_pj_per_bit(memories.weight_buffer_kb, technology),
        "output_buffer": traffic.output_buffer * sram_pj_per_bit(memories.output_buffer_kb, technology),
        "neurons": _neurons_pj(build, work, units, workload, technology),
        "zeros": _zeros_pj(build, work, technology),
        "clock": _clock_pj(build, switched.written, cycles, workload, technology),
        "control": technology["core_control_pj_per_cycle"] * cycles,
    }


def _pooling_pj(workload: Workload, technology: Technology) -> Float[Array, " layers"]:
    """An addition per element that a window visits, as wide as a sum of inputs [pJ]."""
    bits = operand_bits(workload)
    # a sum of products less the weight's part
    return pooled_elements(workload) * workload.timesteps * add_pj(bits.partial_sum - bits.weight + 1, technology)


def _neurons_pj(build: Build, work: Work, units: Array, workload: Workload, technology: Technology) -> Float[Array, " layers"]:
    """Updates or activations, encoding and early exit [pJ]."""
    slots = has_neurons(workload) * units * work.cycles / update_cycles(workload)
    updates = build.zeros.updates(slots, work.updates) * activation_pj(workload, technology)
    return updates + encoding_pj(workload, technology) + exit_pj(workload, technology)


def _zeros_pj(build: Build, work: Work, technology: Technology) -> Float[Array, " layers"]:
    """Comparing each operand that enters with 0; reading a tag per vector, and looking at it [pJ]."""
    compare = technology["compare_per_bit_pj"]
    tag = sram_pj_per_bit(build.memories.input_buffer_kb, technology) + compare
    return build.zeros.looks * compare * work.traffic.entering + build.zeros.finds * tag * work.vectors


def _clock_pj(build: Build, written: Array, cycles: Array, workload: Workload, technology: Technology) -> Float[Array, " layers"]:
    """Registers of the array and the tree that brings the clock to them [pJ]; neuron units' are in the price of an update."""
    width = element_bits(workload, build.zeros)
    reached = build.zeros.clocked_bits(build.grid.rows * build.grid.columns, cycles, width, written)
    return technology["register_clock_pj_per_bit"] * technology["clock_tree_factor"] * reached
