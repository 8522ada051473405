"""Prices of events from first principles: memories, arithmetic, registers with their clock, control and router links.

The core is a fixed-function one, as ODIN, ReckOn, Tianjic and TrueNorth are: no instructions are fetched. Its neurons (states and
parameters) share a memory, its synapses have one, and three more are as large as the axon table: the table of destinations, the table
that says where an incoming axon's synapses are, and the queue in which a message waits. One unit updates neurons while one adder
integrates synaptic events, led from synapse to synapse by a sequencer. The registers of each half are clocked with its events; the
control unit is clocked throughout a step.
"""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.hardware.manycore.core import (
    FETCHED_BITS,
    Action,
    Core,
    EventPrices,
    encode_pj,
    length_bits,
    neuron_memory_kb,
    payload_pj,
    router_um2,
)
from codesign.hardware.parts.memory import logic_leakage_mw, sram_area_um2, sram_leakage_mw, sram_maximum_mhz, sram_pj_per_bit
from codesign.hardware.parts.neuron import (
    add_pj,
    parameter_words,
    products_pj,
    register_bits,
    unit_um2,
    update_cycles,
    update_pj,
    visited_words,
)
from codesign.hardware.parts.supply import delay_factor, energy_factor, leakage_factor
from codesign.numerics import smooth_minimum
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload


def synthesised(core: Core, workload: Workload, stored_bits: Array, technology: Technology, hardness: ArrayLike) -> EventPrices:
    """Prices of a core that is built from the technology's parts.

    Every event takes a clock cycle, a synapse one per 8 bits, a message one per length of a binary spike's.
    """
    energy, delay = energy_factor(core.supply_v, technology), delay_factor(core.supply_v, technology)
    parameters, (read, written) = parameter_words(workload), visited_words(workload)
    # read at a visit, and written where there was input
    read, written = read + core.further_words, written + core.further_words
    table_kb = core.neurons * core.message_bits / 8192
    memories_kb = jnp.stack([neuron_memory_kb(core, workload, parameters), core.synapse_memory_kb, table_kb])
    neuron_pj, synapse_pj, table_pj = sram_pj_per_bit(memories_kb, technology)
    # the slowest memory takes an access a cycle
    fastest = jnp.minimum(technology["maximum_clock_mhz"], jnp.min(sram_maximum_mhz(memories_kb, technology))) / delay
    clock_mhz = smooth_minimum(core.clock_mhz, fastest, hardness)
    cycle = 1000 / clock_mhz  # MHz to ns
    state_pj, bits = workload.state_bits * neuron_pj, length_bits(core, workload)
    entry_pj = core.message_bits * table_pj
    clock_pj = technology["register_clock_pj_per_bit"] * technology["clock_tree_factor"]
    register_pj = technology["register_per_bit_pj"] + clock_pj
    # a potential is read and written for every event: no registers gather the events of a row
    accumulate_pj = 2 * state_pj + add_pj(workload.state_bits, technology) + payload_pj(workload, technology)
    steps_pj = technology["loop_buffer_pj"] + add_pj(_address_bits(core), technology)
    pass_pj = steps_pj + register_pj * _synapse_bits(core, workload, stored_bits)
    hop_pj = (technology["hop_pj_per_bit"] + register_pj + technology["mux_per_bit_pj"]) * bits
    areas = sram_area_um2(memories_kb, technology)
    logic_um2 = router_um2(core, technology) + _logic_um2(core, workload, stored_bits, technology)
    leakage = _whole(sram_leakage_mw(memories_kb, technology)) + logic_leakage_mw(logic_um2, technology)

    def action(picojoules: Array, cycles: ArrayLike = 1.0) -> Action:
        return Action(energy * picojoules, cycle * cycles)

    pieces = bits / core.message_bits
    first, further = technology["barrier_first_tile_ns"], technology["barrier_per_tile_ns"]
    visit_pj = (read + parameters) * state_pj + clock_pj * register_bits(workload) + products_pj(workload, technology)
    return EventPrices(
        access=action(visit_pj, update_cycles(workload)),
        update=action(written * state_pj + update_pj(workload, technology)),
        spike=action(technology["event_capture_pj"]),
        synapse=action(stored_bits * synapse_pj + accumulate_pj + pass_pj, stored_bits / FETCHED_BITS),
        message=action(entry_pj + register_pj * bits, pieces),
        # written into the queue and read from it
        receive=action(entry_pj + (2 * table_pj + register_pj) * bits, pieces),
        east_west=action(hop_pj, pieces),
        north_south=action(hop_pj, pieces),
        # a straight line: one piece, which goes on
        barrier_tiles=jnp.asarray([1.0, 2.0], energy.dtype),
        barrier_ns=delay * (first + further * jnp.asarray([0.0, 1.0], energy.dtype)),
        encode_pj=energy * encode_pj(workload, technology),
        # pJ / ns = mW
        control_mw=energy * technology["core_control_pj_per_cycle"] / cycle,
        leakage_mw=leakage * leakage_factor(core.supply_v, technology),
        area_um2=_whole(areas) + logic_um2,
        excess=jnp.maximum(jnp.log(core.clock_mhz / fastest), 0),
    )


def _whole(each: Float[Array, "3"]) -> Float[Array, ""]:
    """Sum over a core's memories: neurons, synapses, and three as large as the axon table."""
    return each[0] + each[1] + 3 * each[2]


def _synapse_bits(core: Core, workload: Workload, stored_bits: Array) -> Float[Array, " layers"]:
    """Registers that a synaptic event passes [bit]: the synapse, the neuron's address, the potential before and after."""
    return stored_bits + _address_bits(core) + 2 * workload.state_bits


def _address_bits(core: Core) -> Float[Array, ""]:
    """Address of a neuron in its core, counted up from synapse to synapse [bit]."""
    return jnp.log2(jnp.maximum(core.neurons, 2))


def _logic_um2(core: Core, workload: Workload, stored_bits: Array, technology: Technology) -> Float[Array, ""]:
    """Area of the neuron unit, the adders, the multiplier of the payload and the registers before them, large enough for every layer."""
    product = jnp.max(workload.weight_bits * (workload.activation_bits - 1)) * technology["int_mult_area_per_bit2_um2"]
    adder = (jnp.max(workload.state_bits) + _address_bits(core)) * technology["int_add_area_per_bit_um2"]
    # one message that is sent and one that is received
    registers = jnp.max(_synapse_bits(core, workload, stored_bits)) + 2 * jnp.max(length_bits(core, workload)) + core.scheduler_bits
    return jnp.max(unit_um2(workload, technology)) + product + adder + registers * technology["register_area_per_bit_um2"]
