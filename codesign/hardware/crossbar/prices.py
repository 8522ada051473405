"""Prices on crossbars: energy, time, area and leakage of the counted actions."""

from typing import Final

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.hardware.crossbar.activity import Activity, fetched_per_read
from codesign.hardware.crossbar.columns import mean_fill
from codesign.hardware.crossbar.converters import adc_area_um2, adc_energy_pj
from codesign.hardware.crossbar.mapping import Design, Mapping
from codesign.hardware.parameters.pieces import pieces
from codesign.hardware.parts.interconnect import wire_pj_per_bit
from codesign.hardware.parts.memory import logic_leakage_mw, sram_area_um2, sram_leakage_mw, sram_pj_per_bit
from codesign.hardware.parts.neuron import kept_words, moved_words, products_pj, unit_um2, update_cycles, update_pj
from codesign.numerics import smooth_maximum
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload

_PJ_PER_V2_S_NS: Final = 1e3  # V^2 * S * ns = nJ
_PJ_PER_FF_V2: Final = 1e-3  # fF V^2 = fJ


def pulses(design: Design, technology: Technology) -> Float[Array, "..."]:
    """Program-and-verify pulses per cell: `1 + (sigma_1 / sigma)^2` for the spread `sigma_1` of a single pulse.

    Averaging independent errors down from `sigma_1` takes `(sigma_1 / sigma)^2` corrections (analog.md, step 6).
    """
    # the 1 is the first pulse, which every cell takes
    return 1 + (technology["single_pulse_sigma"] / design.programming_sigma) ** 2


def vector_ns(design: Design, technology: Technology) -> Float[Array, "..."]:
    """Time to read and convert one vector [ns].

    All columns integrate over one read pulse into sample-and-hold circuits, and each converter then takes its columns one after
    another, as in ISAAC and PUMA (whose sample-and-hold takes 9.7 nW, left out).
    """
    return technology["read_time_ns"] + design.columns_per_adc * 1000 / design.clock_mhz


def array_pj(design: Design, mapping: Mapping, work: Activity, workload: Workload, t: Technology) -> Array:
    """Cell currents over the read pulse, by the conductances of the weights themselves, and the bit lines of converted columns."""
    low, high = 1 / t["off_resistance_ohm"], 1 / t["on_resistance_ohm"]
    fill = mean_fill(workload.weight_magnitude, mapping.columns_per_output / design.encoding.columns_per_slice, design.cell_bits)
    mean = design.encoding.mean_conductance(low, high, workload.weight_density, fill)
    pulse = t["read_voltage_v"] ** 2 * t["read_time_ns"] * _PJ_PER_V2_S_NS
    column_um = design.rows * t["cell_height_f"] * t["wire_half_pitch_um"]
    column = column_um * t["wire_capacitance_ff_per_um"] * t["read_voltage_v"] ** 2 * _PJ_PER_FF_V2
    return pulse * (work.cell_reads * mean + work.idle_cell_reads * low) + work.conversions * column


def adc_pj(design: Design, t: Technology) -> Array:
    """One conversion, with its column multiplexer."""
    # a converter keeps up with the clock: one conversion a cycle
    return adc_energy_pj(design.adc_bits, design.clock_mhz, t.node_nm) + t["mux_pj"]


def drivers_pj(design: Design, work: Activity, t: Technology) -> Array:
    """Row wires, and the drivers' power over the read pulse; a d-bit driver is 2^d - 1 unit drivers."""
    row_um = design.columns * t["cell_width_f"] * t["wire_half_pitch_um"]
    row = row_um * t["wire_capacitance_ff_per_um"] * t.supply_v**2 * _PJ_PER_FF_V2
    # mW ns = pJ
    return work.row_drives * (row + t["driver_power_mw"] * (2**design.driver_bits - 1) * t["read_time_ns"])


def accumulate_pj(design: Design, work: Activity, workload: Workload, t: Technology) -> Array:
    """Shift-and-add of every conversion (slices, digits and row tiles), and the digital operations of pooling and attention."""
    # wide enough for a code shifted over a weight's bits; growth over row tiles and digits is left out
    add = t["int_add_offset_pj"] + t["int_add_per_bit_pj"] * (design.adc_bits + workload.weight_bits)
    multiply = t["int_mult_per_bit2_pj"] * workload.activation_bits**2
    return (work.conversions + work.additions) * add + work.products * multiply


def interconnect_pj(design: Design, mapping: Mapping, work: Activity, workload: Workload, side_um: Array, t: Technology) -> Array:
    """Input maps between tiles; vectors to, and partial sums from, the arrays of a tile over half its side."""
    between = work.input_bits * design.interconnect.pj_per_bit(mapping.tiles, side_um, t)
    vectors = work.fetched_bits * mapping.column_tiles * mapping.weighted
    sums = work.conversions * (design.adc_bits + workload.weight_bits)
    return between + (vectors + sums) * wire_pj_per_bit(side_um / 2, t)


def state_kb(workload: Workload) -> Array:
    """States of each layer's neurons [KB]."""
    return _has_neurons(workload) * workload.static("neurons_out") * workload.state_bits * kept_words(workload) / 8192


def neurons_pj(workload: Workload, memory_kb: Array, t: Technology) -> Array:
    """Every neuron at every step: its update, and its states read and written between steps."""
    # one step at a time, each a batch of its own
    moved = workload.state_bits * moved_words(workload, workload.timesteps) * sram_pj_per_bit(memory_kb, t)
    updates = workload.timesteps * (update_pj(workload, t) + products_pj(workload, t))
    return _has_neurons(workload) * workload.static("neurons_out") * (updates + moved)


def refreshing(design: Design, inference_ns: Array) -> Array:
    """Programmings in the time of one inference; inferences follow each other without a pause."""
    # ns to s
    return 1e-9 * inference_ns / design.refresh_s


def programming_ns(design: Design, t: Technology) -> Array:
    """Time to program a layer [ns]: all arrays at once, only the rows of an array follow each other."""
    return design.rows * pulses(design, t) * (t["write_time_ns"] + vector_ns(design, t))


def programming_pj(design: Design, mapping: Mapping, t: Technology) -> Array:
    """Program-and-verify of all used cells, each pulse with a read and a conversion."""
    # targets are not known here: half way between the extremes
    mean = (1 / t["off_resistance_ohm"] + 1 / t["on_resistance_ohm"]) / 2
    write = t["write_voltage_v"] ** 2 * t["write_time_ns"] * mean * _PJ_PER_V2_S_NS
    read = t["read_voltage_v"] ** 2 * t["read_time_ns"] * mean * _PJ_PER_V2_S_NS
    return mapping.used_cells * pulses(design, t) * (write + read + adc_pj(design, t))


def energy_pj(
    design: Design, mapping: Mapping, work: Activity, workload: Workload, memory_kb: Array, side_um: Array, refreshing: Array, t: Technology
) -> list[Array]:
    """Dynamic energy of each component [pJ], in the order of `codesign.hardware.crossbar.crossbar.COMPONENTS`, leakage left out.

    `memory_kb` is the capacity of the memory that holds all neuron states, `side_um` the side of a tile, `refreshing` the share of a
    programming that an inference pays (the function of that name).
    """
    return [
        array_pj(design, mapping, work, workload, t),
        work.conversions * adc_pj(design, t),
        drivers_pj(design, work, t),
        accumulate_pj(design, work, workload, t),
        sram_pj_per_bit(design.buffer_kb, t) * (work.input_bits + work.fetched_bits),
        interconnect_pj(design, mapping, work, workload, side_um, t),
        neurons_pj(workload, memory_kb, t),
        refreshing * programming_pj(design, mapping, t),
    ]


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
    neurons = _has_neurons(workload) * workload.timesteps * rounds * update
    digital = (work.additions + work.products) / design.adder_lanes * cycle
    # a digital layer takes at least a cycle: without events it would take no time at all
    return mapping.weighted * analog + digital + (1 - mapping.weighted) * (neurons + cycle)


def area_um2(design: Design, mapping: Mapping, workload: Workload, t: Technology) -> list[Array]:
    """Area of each component by layer [um2], up to the neurons; programming and leakage occupy none."""
    cell = t["cell_width_f"] * t["cell_height_f"] * t["wire_half_pitch_um"] ** 2
    adcs = _converters(design, mapping)
    # lanes are not shared: each digital layer has its own, as each analog one has its arrays
    lanes = (1 - mapping.weighted) * design.adder_lanes
    return [
        mapping.arrays * design.rows * design.columns * cell,
        adcs * adc_area_um2(design.adc_bits, design.clock_mhz, t.node_nm),
        mapping.arrays * design.rows * t["driver_area_um2"] * (2**design.driver_bits - 1),
        (adcs + lanes) * t["shift_add_area_um2"],
        mapping.tiles * sram_area_um2(design.buffer_kb, t),
        design.interconnect.area_um2(mapping.tiles, t),
        _neuron_units_um2(design, mapping, workload, t) + sram_area_um2(state_kb(workload), t),
    ]


def leakage_mw(design: Design, mapping: Mapping, workload: Workload, t: Technology) -> Array:
    """Leakage power of each layer's share of the chip [mW]; all of it leaks while any layer runs."""
    memory = mapping.tiles * sram_leakage_mw(design.buffer_kb, t) + sram_leakage_mw(state_kb(workload), t)
    # a converter leaks as the adder behind it; its analog part, cells and drivers are left out
    adders = _converters(design, mapping) * t["adder_leakage_mw"]
    return memory + adders + logic_leakage_mw(_neuron_units_um2(design, mapping, workload, t), t)


def _converters(design: Design, mapping: Mapping) -> Array:
    # not rounded up: the last converter counts by the columns it serves
    return mapping.arrays * design.columns / design.columns_per_adc


def _neuron_units_um2(design: Design, mapping: Mapping, workload: Workload, t: Technology) -> Array:
    # units serve one layer each, and need be no larger than it asks
    units = _has_neurons(workload) * workload.static("channels_out") * mapping.copies / design.channels_per_neuron
    return units * unit_um2(workload, t)


def _has_neurons(workload: Workload) -> Array:
    """1 for layers whose outputs are neurons or activations, attention among them; 0 for pooling."""
    return jnp.asarray([layer.kind != "pool" for layer in workload], workload.input_rate.dtype)
