"""Prices on crossbars: energy and time of the counted actions."""

from typing import Final

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.hardware.crossbar.accumulation import accumulate_pj, clocked_bits, code_bits, partial_sums, sum_bits
from codesign.hardware.crossbar.activity import Activity, fetched_per_read
from codesign.hardware.crossbar.buffers import Maps, buffers_pj, off_chip_pj
from codesign.hardware.crossbar.cells.choice import cells_in
from codesign.hardware.crossbar.columns import mean_fill
from codesign.hardware.crossbar.converters import adc_energy_pj, effective_bits
from codesign.hardware.crossbar.mapping import Design, Mapping
from codesign.hardware.crossbar.periphery import decoders_pj, drivers_pj
from codesign.hardware.parameters.pieces import pieces
from codesign.hardware.parts.interconnect import wire_pj_per_bit
from codesign.hardware.parts.memory import sram_pj_per_bit
from codesign.hardware.parts.neuron import kept_words, moved_words, products_pj, update_cycles, update_pj
from codesign.numerics import smooth_maximum
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload

_PJ_PER_V2_S_NS: Final = 1e3  # V^2 * S * ns = nJ
_PJ_PER_FF_V2: Final = 1e-3  # fF V^2 = fJ


def vector_ns(design: Design, technology: Technology) -> Float[Array, "..."]:
    """Time to read and convert one vector [ns].

    All columns integrate over one read pulse into sample-and-hold circuits, and each converter then takes its columns one after
    another, as in ISAAC and PUMA.
    """
    return technology["read_time_ns"] + design.columns_per_adc * 1000 / design.clock_mhz


def array_pj(design: Design, mapping: Mapping, work: Activity, workload: Workload, t: Technology) -> Array:
    """Cell currents or charges of a read, by the weights themselves, and the bit lines of converted columns."""
    cells = cells_in(t)
    (low, high), volt = cells.conductances(t), cells.read_voltage_v(t)
    fill = mean_fill(workload.weight_magnitude, mapping.columns_per_output / design.encoding.columns_per_slice, design.cell_bits)
    mean = design.encoding.mean_conductance(low, high, workload.weight_density, fill)
    pulse = volt**2 * t["read_time_ns"] * _PJ_PER_V2_S_NS
    column_um = design.rows * t["cell_height_f"] * t["wire_half_pitch_um"]
    column = column_um * t["wire_capacitance_ff_per_um"] * volt**2 * _PJ_PER_FF_V2
    # both bit lines of a pair, which is one conversion
    lines = work.conversions / design.encoding.conversions_per_column
    return pulse * (work.cell_reads * mean + work.idle_cell_reads * low) + lines * column


def adc_pj(design: Design, t: Technology) -> Array:
    """One conversion."""
    # a converter keeps up with the clock: one conversion a cycle
    return adc_energy_pj(effective_bits(design.adc_bits, design.adc_noise), design.clock_mhz, t)


def interconnect_pj(
    design: Design, mapping: Mapping, work: Activity, maps: Maps, side_um: Array, t: Technology, hardness: ArrayLike
) -> Array:
    """Maps, and sums of outputs whose rows lie in several tiles, between tiles; vectors and joined codes over half a tile's side."""
    sums = partial_sums(design, mapping, work)
    # tiles that the rows of one output lie in: all but one send a sum
    tall = pieces(mapping.row_tiles, design.arrays_per_tile, hardness)
    crossing = sums / mapping.row_tiles * (tall - 1) * sum_bits(design, mapping)
    between = (maps.arriving + crossing) * design.interconnect.pj_per_bit(mapping.tiles, side_um, t)
    vectors = work.fetched_bits * mapping.column_tiles * mapping.weighted
    return between + (vectors + sums * code_bits(design, mapping)) * wire_pj_per_bit(side_um / 2, t)


def state_kb(workload: Workload) -> Array:
    """States of each layer's neurons [KB]."""
    return has_neurons(workload) * workload.static("neurons_out") * workload.state_bits * kept_words(workload) / 8192


def neurons_pj(workload: Workload, memory_kb: Array, t: Technology) -> Array:
    """Every neuron at every step: its update, and its states read and written between steps."""
    # one step at a time, each a batch of its own
    moved = workload.state_bits * moved_words(workload, workload.timesteps) * sram_pj_per_bit(memory_kb, t)
    updates = workload.timesteps * (update_pj(workload, t) + products_pj(workload, t))
    return has_neurons(workload) * workload.static("neurons_out") * (updates + moved)


def refreshing(design: Design, inference_ns: Array) -> Array:
    """Programmings for each inference; one inference begins when the last has ended, at the earliest."""
    # ns to s
    return jnp.maximum(1e-9 * inference_ns, 1 / design.inferences_per_s) / design.refresh_s


def programming_ns(design: Design, t: Technology) -> Array:
    """Time to program a layer [ns]: all arrays at once, only the rows of an array follow each other."""
    return design.rows * cells_in(t).write_ns(design, vector_ns(design, t), t)


def programming_pj(design: Design, mapping: Mapping, t: Technology) -> Array:
    """Writing of all used cells; where a read verifies it, each is selected and converted."""
    select = t["row_decoder_pj"] + t["mux_decoder_pj"] + t["mux_pj"]
    return cells_in(t).write_pj(mapping.used_cells, design, adc_pj(design, t) + select, t)


def clock_pj(design: Design, mapping: Mapping, latency_ns: Array, t: Technology) -> Array:
    """Registers and clock tree of a layer's tiles, every cycle that the layer runs; the others are gated."""
    cycles = latency_ns * design.clock_mhz / 1000
    return cycles * clocked_bits(design, mapping) * t["register_clock_pj_per_bit"] * t["clock_tree_factor"]


def energy_pj(
    design: Design,
    mapping: Mapping,
    work: Activity,
    maps: Maps,
    workload: Workload,
    memory_kb: Array,
    side_um: Array,
    latency_ns: Array,
    t: Technology,
    hardness: ArrayLike,
) -> dict[str, Array]:
    """Dynamic energy by component [pJ], programming and leakage left out.

    `memory_kb` is the capacity of the memory that holds all neuron states, `side_um` the side of a tile, `latency_ns` that
    of each layer without programming.
    """
    control = mapping.tiles * t["core_control_pj_per_cycle"] * latency_ns * design.clock_mhz / 1000
    return {
        "array": array_pj(design, mapping, work, workload, t),
        "adc": work.conversions * adc_pj(design, t),
        "drivers": drivers_pj(design, work, t),
        "decoders": decoders_pj(design, work, vector_ns(design, t), t),
        "accumulate": accumulate_pj(design, mapping, work, workload, t),
        "buffers": buffers_pj(design, maps, t),
        "interconnect": interconnect_pj(design, mapping, work, maps, side_um, t, hardness),
        "neurons": neurons_pj(workload, memory_kb, t),
        "clock": clock_pj(design, mapping, latency_ns, t),
        "control": control,
        "off_chip": off_chip_pj(maps, t),
    }


def latency_ns(design: Design, mapping: Mapping, work: Activity, workload: Workload, t: Technology, hardness: ArrayLike) -> Array:
    """Time of each layer [ns].

    Over the positions a pipeline of three stages runs at its slowest: load a vector, read its digits, update neurons; its filling
    is paid at every step. Digital layers add on their lanes, and the neurons of attention come after. Programming comes on
    top (`programming_ns`).
    """
    cycle = 1000 / design.clock_mhz
    load = fetched_per_read(mapping, work, workload) / design.bus_bits * cycle
    read = mapping.digits * vector_ns(design, t)
    # the channels of a unit take turns
    update = design.channels_per_neuron * update_cycles(workload) * cycle
    stage = smooth_maximum(smooth_maximum(read, load, hardness), update, hardness)
    rounds = pieces(workload.static("positions"), mapping.copies, hardness)
    # `rounds` has the read of the first vector: loading it and updating the last are what is left to pay
    analog = workload.timesteps * (rounds * stage + load + update)
    neurons = has_neurons(workload) * workload.timesteps * rounds * update
    digital = (work.additions + work.products) / design.adder_lanes * cycle
    # a digital layer takes at least a cycle: without events it would take no time at all
    return mapping.weighted * analog + digital + (1 - mapping.weighted) * (neurons + cycle)


def has_neurons(workload: Workload) -> Array:
    """1 for layers whose outputs are neurons or activations, attention among them; 0 for pooling."""
    return jnp.asarray([layer.kind != "pool" for layer in workload], workload.input_rate.dtype)
