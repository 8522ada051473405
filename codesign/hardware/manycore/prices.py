"""What an event costs on a many-core chip.

The technology decides. A file with measured event energies (`loihi_14nm`: SANA-FE's calibration) is used as it is: such numbers
carry everything the silicon spends around an event. Any other file prices an event from first principles: reads and writes of the
core's memories, additions, registers and router links, which is a core that does nothing but its arithmetic and its memory.
"""

from typing import Final, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.hardware.parts.memory import sram_area_um2, sram_leakage_mw, sram_pj_per_bit
from codesign.hardware.parts.neuron import add_pj, kept_words, products, products_pj, unit_um2, update_cycles, update_pj, visited_words
from codesign.hardware.parts.supply import delay_factor, energy_factor, leakage_factor
from codesign.numerics import smooth_minimum
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload

FETCHED_BITS: Final = 8
"""Synapse bits that a core fetches in the time of one synaptic event: memory words have a fixed width."""


class Core(NamedTuple):
    """The design parameters of a core that its prices depend on."""

    neurons: Float[Array, ""]
    synapse_memory_kb: Float[Array, ""]
    message_bits: Float[Array, ""]
    clock_mhz: Float[Array, ""]
    supply_v: Float[Array, ""]


class Action(NamedTuple):
    """Energy [pJ] and time [ns] of one action, a scalar or one entry per layer."""

    pj: Float[Array, "..."]
    ns: Float[Array, "..."]


class EventPrices(eqx.Module):
    """Prices of everything that happens on the chip.

    Attributes:
        access: visit one mapped neuron in one step; a causal product is computed then, as earlier inputs count without a new one.
        update: added when the neuron has input.
        spike: added when it fires.
        synapse: one synaptic event, per layer.
        message: send one message to one destination core.
        receive: take one message in.
        east_west, north_south: move one message over one hop.
        barrier_tiles, barrier_ns: time of the barrier that ends a step, by active tiles (points of a piecewise linear curve).
        leakage_mw, area_um2: of one core.
    """

    access: Action
    update: Action
    spike: Action
    synapse: Action
    message: Action
    receive: Action
    east_west: Action
    north_south: Action
    barrier_tiles: Float[Array, " points"]
    barrier_ns: Float[Array, " points"]
    leakage_mw: Float[Array, ""]
    area_um2: Float[Array, ""]

    def barrier(self, tiles: ArrayLike) -> Float[Array, ""]:
        """Time of one barrier over `tiles` active tiles [ns]; beyond the last point the curve goes on with its last slope."""
        # a sum over the pieces: `jnp.interp` searches, which is slow under vmap
        widths, rises = jnp.diff(self.barrier_tiles), jnp.diff(self.barrier_ns)
        along = jnp.maximum((jnp.asarray(tiles) - self.barrier_tiles[:-1]) / widths, 0)
        ends = jnp.ones_like(along).at[-1].set(jnp.inf)  # only the last piece goes on
        return self.barrier_ns[0] + jnp.sum(rises * jnp.minimum(along, ends))


def event_prices(
    core: Core, workload: Workload, synapse: str, stored_bits: Array, technology: Technology, hardness: ArrayLike
) -> EventPrices:
    """Prices under a technology: measured ones where it has them, else from memories and arithmetic.

    Args:
        core: the core.
        workload: gives weight, payload and state bits.
        synapse: the format of a dense layer's synapses, `dense` or `sparse`; convolution and pooling share their weights.
        stored_bits: bits of one stored synapse, `[layers]`.
        technology: prices.
        hardness: see `AbstractHardware.cost`.
    """
    # names are static, so this is decided while tracing
    if "neuron_access" in technology.values:
        return _measured(core, workload, synapse, stored_bits, technology)
    return _synthesised(core, workload, stored_bits, technology, hardness)


def _payload_pj(workload: Workload, technology: Technology) -> Float[Array, " layers"]:
    """Multiplication that a graded spike adds to a synaptic event: the bits beyond the first."""
    return technology["int_mult_per_bit2_pj"] * workload.weight_bits * (workload.activation_bits - 1)


def _message_size(core: Core, workload: Workload) -> Float[Array, " layers"]:
    """Length of a message with its payload, in messages of a binary spike: energies and times of messages grow by it."""
    return 1 + (workload.activation_bits - 1) / core.message_bits


def _measured(core: Core, workload: Workload, synapse: str, stored_bits: Array, technology: Technology) -> EventPrices:
    """SANA-FE's calibration of Loihi, its event times taken as those of 8-bit synapses.

    A graded spike makes messages longer and adds a multiplication (Loihi 1 has none). Access and update are those of the chip's own
    neuron, current-based with adaptation, whatever a layer has of it; an input that a causal product keeps takes a visit and a
    multiplication.
    """
    energy, delay = energy_factor(core.supply_v, technology), delay_factor(core.supply_v, technology)
    # a pooling window is a kernel of equal weights, stored once
    formats = [synapse if layer.kind in ("dense", "recurrent") else "conv" for layer in workload]

    def action(name: str) -> Action:
        return Action(energy * technology[name], delay * technology[f"{name}_time"])

    # the calibrated message carries no payload
    size = _message_size(core, workload)

    def message(name: str) -> Action:
        return Action(energy * technology[name] * size, delay * technology[f"{name}_time"] * size)

    event_pj = jnp.stack([technology[f"synapse_{name}"] for name in formats]) + _payload_pj(workload, technology)
    event_ns = jnp.stack([technology[f"synapse_{name}_time"] for name in formats])
    # the constant is Loihi's core without its SRAM, which is added in the sizes of this one
    memories_kb = (core.synapse_memory_kb, _neuron_memory_kb(core, workload))
    area = technology["core_area_um2"] + sum(sram_area_um2(kb, technology) for kb in memories_kb)
    sent = message("message")
    visit, visits = action("neuron_access"), update_cycles(workload)
    multiply_pj = products(workload) * technology["int_mult_per_bit2_pj"] * workload.weight_bits * workload.state_bits
    return EventPrices(
        access=Action(visit.pj * visits + energy * multiply_pj, visit.ns * visits),
        update=action("neuron_update"),
        spike=action("neuron_spike"),
        synapse=Action(energy * event_pj, delay * event_ns * stored_bits / FETCHED_BITS),
        message=sent,
        # the calibration knows a time for it and no energy
        receive=Action(jnp.zeros_like(sent.pj), delay * technology["receive_time"] * size),
        east_west=message("hop_east_west"),
        north_south=message("hop_north_south"),
        barrier_tiles=jnp.asarray([1.0, 2.0, 4.0, 29.0], energy.dtype),
        barrier_ns=delay * jnp.stack([technology[f"barrier_{tiles}_tiles"] for tiles in (1, 2, 4, 29)]),
        leakage_mw=technology["leakage_mw_per_um2"] * area * leakage_factor(core.supply_v, technology),
        area_um2=area,
    )


def _neuron_memory_kb(core: Core, workload: Workload) -> Float[Array, ""]:
    """Memory of a core's neuron states, large enough for every layer [kB]."""
    # the largest: any core may hold any layer. A word at least, in which currents gather
    return core.neurons * jnp.max(workload.state_bits * jnp.maximum(kept_words(workload), 1)) / 8192


def _synthesised(core: Core, workload: Workload, stored_bits: Array, technology: Technology, hardness: ArrayLike) -> EventPrices:
    """A core of three memories (neuron states, synapses, axon table), one adder and one neuron unit.

    Every event takes a clock cycle, a synapse one per 8 bits, a message one per length of a binary spike's.
    """
    energy, delay = energy_factor(core.supply_v, technology), delay_factor(core.supply_v, technology)
    fastest = technology["maximum_clock_mhz"] / delay
    # MHz to ns
    cycle = 1000 / smooth_minimum(core.clock_mhz, fastest, hardness)
    neuron_kb, axon_kb = _neuron_memory_kb(core, workload), core.neurons * core.message_bits / 8192
    state_pj = workload.state_bits * sram_pj_per_bit(neuron_kb, technology)
    weight_pj = stored_bits * sram_pj_per_bit(core.synapse_memory_kb, technology)
    size = _message_size(core, workload)
    bits = core.message_bits * size
    # a potential is read and written for every event: no registers gather the events of a row
    accumulate_pj = 2 * state_pj + add_pj(workload.state_bits, technology) + _payload_pj(workload, technology)
    axon_pj = core.message_bits * sram_pj_per_bit(axon_kb, technology)
    register_pj = technology["register_per_bit_pj"] * bits
    read, written = visited_words(workload)
    hop_pj = technology["hop_pj_per_bit"] * bits
    memories_kb = (neuron_kb, axon_kb, core.synapse_memory_kb)
    area = sum(sram_area_um2(kb, technology) for kb in memories_kb)
    leakage = sum(sram_leakage_mw(kb, technology) for kb in memories_kb) * leakage_factor(core.supply_v, technology)

    def action(picojoules: Array) -> Action:
        return Action(energy * picojoules, cycle)

    def message(picojoules: Array) -> Action:
        return Action(energy * picojoules, cycle * size)

    first, further = technology["barrier_first_tile_ns"], technology["barrier_per_tile_ns"]
    return EventPrices(
        access=Action(energy * (read * state_pj + products_pj(workload, technology)), cycle * update_cycles(workload)),
        update=action(written * state_pj + update_pj(workload, technology)),
        spike=action(register_pj),
        synapse=Action(energy * (weight_pj + accumulate_pj), cycle * stored_bits / FETCHED_BITS),
        message=message(axon_pj + register_pj),
        receive=message(register_pj),
        east_west=message(hop_pj),
        north_south=message(hop_pj),
        # a straight line: one piece, which goes on
        barrier_tiles=jnp.asarray([1.0, 2.0], energy.dtype),
        barrier_ns=delay * (first + further * jnp.asarray([0.0, 1.0], energy.dtype)),
        leakage_mw=leakage,
        area_um2=area + technology["router_area_um2"] + _logic_um2(workload, technology),
    )


def _logic_um2(workload: Workload, technology: Technology) -> Float[Array, ""]:
    """Area of one neuron unit and one multiplier for the payload, large enough for every layer."""
    product = jnp.max(workload.weight_bits * (workload.activation_bits - 1)) * technology["int_mult_area_per_bit2_um2"]
    return jnp.max(unit_um2(workload, technology)) + product
