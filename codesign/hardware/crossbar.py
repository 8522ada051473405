"""Analog in-memory crossbars: weights as conductances, spikes or bits on the rows, converters on the columns.

A layer's `K x N` matrix is cut into tiles of `rows x columns` cells. One vector read drives the active rows of a tile, and each of its
converters digitises the columns it serves one after another; shift-and-add units join bit slices, input bits and row tiles; digital
units hold the neurons. Energy follows the measured activity: rows without an event are not driven, tiles without an active row are not
converted, and traffic is coded as a bitmap or as address events, whichever is smaller.

Corrected here against SpikeSim's model (`codesign.published`): array energy and area grow with the array; latency follows the mapping and
counts positions; neuron state exists for every layer; drivers, programming, leakage, input rate, weight bits and converter bits count;
dense, strided, grouped and pooling layers map, and so do layers smaller than one array.
"""

import difflib
from typing import Any, Final, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.cost import Cost
from codesign.hardware.base import AbstractHardware
from codesign.hardware.columns import AbstractColumns, DifferentialColumns
from codesign.hardware.converters import adc_area_um2, adc_energy_pj
from codesign.hardware.memory import sram_area_um2, sram_leakage_mw, sram_pj_per_bit
from codesign.numerics import safe_divide, smooth_ceil, smooth_maximum, smooth_minimum
from codesign.technology import Technology
from codesign.workload import LayerWork, Workload

COMPONENTS: Final = ("array", "adc", "drivers", "accumulate", "buffers", "interconnect", "neurons", "programming", "leakage")
_PJ_PER_V2_S_NS: Final = 1e3  # V^2 * S * ns = nJ
_PJ_PER_FF_V2: Final = 1e-3


class Mapping(NamedTuple):
    """How each layer lies on the arrays; one entry per layer, 0 where a layer stores no weights."""

    slices: Array
    columns_per_output: Array
    blocks: Array
    row_tiles: Array
    column_tiles: Array
    arrays: Array
    tiles: Array
    active_rows: Array
    used_cells: Array
    digits: Array
    reads: Array
    weighted: Array


class Crossbar(AbstractHardware):
    """Crossbar tiles with shared converters, an H-tree inside a tile and a mesh between tiles; layers run one after another.

    Parameters are scalars or one value per layer of the workload (or per layer that has weights).

    Attributes:
        rows, columns: cells of one array.
        adc_bits: converter resolution [bit].
        columns_per_adc: columns that share one converter, converted one after another.
        cell_bits: bits stored in one device.
        programming_sigma: conductance spread left after program-and-verify, as a share of Gmax.
        clock_mhz: digital clock and conversion rate [MHz].
        inferences_per_programming: inferences over which one programming is amortised (drift makes refreshing necessary).
        driver_bits: input bits applied at once; 1 is a spike driver, more a multi-level driver.
        arrays_per_tile: arrays that share a buffer and a router.
        buffer_kb: input buffer of a tile [KB].
        bus_bits: width of the bus into each array [bit].
        duplication: copies of each layer's weights, working on different positions at once.
        channels_per_neuron: channels that share one neuron unit.
        adder_lanes: digital adders for pooling and attention, and for reductions outside the arrays.
        encoding: how signed weights become columns (static).
    """

    rows: Float[Array, "..."]
    columns: Float[Array, "..."]
    adc_bits: Float[Array, "..."]
    columns_per_adc: Float[Array, "..."]
    cell_bits: Float[Array, "..."]
    programming_sigma: Float[Array, "..."]
    clock_mhz: Float[Array, "..."]
    inferences_per_programming: Float[Array, "..."]
    driver_bits: Float[Array, "..."]
    arrays_per_tile: Float[Array, "..."]
    buffer_kb: Float[Array, "..."]
    bus_bits: Float[Array, "..."]
    duplication: Float[Array, "..."]
    channels_per_neuron: Float[Array, "..."]
    adder_lanes: Float[Array, "..."]
    encoding: AbstractColumns = eqx.field(static=True)

    @classmethod
    def of(cls, *, encoding: AbstractColumns = DifferentialColumns(), **parameters: ArrayLike) -> "Crossbar":  # noqa: B008
        """A crossbar from its parameters; those left out take the defaults of `DEFAULTS`.

        Raises:
            ValueError: unknown parameter (the message gives the nearest).
        """
        for name in parameters:
            if name not in DEFAULTS:
                near = difflib.get_close_matches(name, DEFAULTS, 1, 0)[0]
                raise ValueError(f"Crossbar has no parameter {name!r} (did you mean {near!r}?)")
        values: dict[str, Any] = {name: jnp.asarray(value, jnp.float32) for name, value in {**DEFAULTS, **parameters}.items()}
        return cls(encoding=encoding, **values)

    def unsupported(self, layer: LayerWork) -> str | None:
        """Every kind runs: stored weights on arrays, pooling and attention (both operands dynamic) on the tiles' digital adders."""
        return None

    def mapping(self, workload: Workload, hardness: ArrayLike = 1.0) -> Mapping:
        """Tiles, copies and reads of every layer."""
        chip = self._per_layer(workload)
        weighted = workload.static("has_weights")
        groups, fan_in = workload.static("groups"), workload.static("fan_in")
        outputs = workload.static("channels_out") / groups
        slices = jnp.maximum(smooth_ceil(self.encoding.stored_bits(workload.weight_bits) / chip.cell_bits, hardness), 0.25)
        per_output = slices * self.encoding.columns_per_slice
        # groups share no inputs: several blocks lie on the diagonal of one array
        fit = jnp.minimum(chip.rows / fan_in, chip.columns / (outputs * per_output))
        blocks = -smooth_ceil(-jnp.clip(fit, 1, groups), hardness)
        row_tiles = smooth_ceil(fan_in * blocks / chip.rows, hardness)
        column_tiles = smooth_ceil(outputs * per_output * blocks / chip.columns, hardness)
        copies = jnp.clip(chip.duplication, 1, workload.static("positions"))
        bands = row_tiles * smooth_ceil(groups / blocks, hardness)
        arrays = weighted * bands * column_tiles * copies
        digits = smooth_ceil(workload.activation_bits / chip.driver_bits, hardness)
        return Mapping(
            slices,
            per_output,
            blocks,
            row_tiles,
            column_tiles,
            arrays,
            smooth_ceil(arrays / chip.arrays_per_tile, hardness),
            fan_in * blocks / row_tiles,
            weighted * fan_in * outputs * groups * per_output * copies,
            digits,
            weighted * workload.timesteps * workload.static("positions") * digits * bands,
            weighted,
        )

    def cost(self, workload: Workload, technology: Technology, hardness: ArrayLike = 1.0) -> Cost:
        """Cost of one inference by layer and component; see `AbstractHardware.cost`."""
        chip, mapping = self._per_layer(workload), self.mapping(workload, hardness)
        work = _activity(chip, mapping, workload, hardness)
        area = _area(chip, mapping, workload, technology)
        tile_side = jnp.sqrt(safe_divide(jnp.sum(area[:, : COMPONENTS.index("neurons")]), jnp.sum(mapping.tiles), 1.0))
        latency = _latency(chip, mapping, work, workload, technology, hardness)
        dynamic = _dynamic_energy(self.encoding, chip, mapping, work, workload, technology, tile_side)
        leakage = jnp.sum(_leakage_mw(chip, mapping, workload, technology)) * latency
        used = safe_divide(mapping.used_cells, mapping.arrays * chip.rows * chip.columns)
        return Cost(
            workload.names,
            COMPONENTS,
            jnp.stack([*dynamic, leakage], axis=1),
            latency,
            jnp.sum(area, axis=0),
            jnp.clip(used, 0, 1),
        )

    def _per_layer(self, workload: Workload) -> "Crossbar":
        """The same chip with every parameter spread over the layers."""
        values = {name: _spread(name, getattr(self, name), workload) for name in DEFAULTS}
        return Crossbar(encoding=self.encoding, **values)


DEFAULTS: Final = {
    "rows": 128,
    "columns": 128,
    "adc_bits": 6,
    "columns_per_adc": 8,
    "cell_bits": 2,
    "programming_sigma": 0.03,
    "clock_mhz": 200,
    "inferences_per_programming": 1000,
    "driver_bits": 1,
    "arrays_per_tile": 8,
    "buffer_kb": 16,
    "bus_bits": 64,
    "duplication": 1,
    "channels_per_neuron": 1,
    "adder_lanes": 128,
}


def _spread(name: str, value: Array, workload: Workload) -> Array:
    layers = len(workload)
    if value.ndim == 0 or value.shape == (layers,):
        return jnp.broadcast_to(value, (layers,))
    weighted = [i for i, layer in enumerate(workload) if layer.has_weights]
    if value.shape == (len(weighted),):
        # a layer without weights takes the value of the weighted layer before it
        index = [max(sum(w <= i for w in weighted) - 1, 0) for i in range(layers)]
        return value[jnp.asarray(index)]
    raise ValueError(f"Crossbar.{name} has shape {value.shape}; the workload has {layers} layers, {len(weighted)} with weights")


class _Activity(NamedTuple):
    """What happens in one inference, per layer."""

    row_share: Array  # of the rows of a tile driven in one vector read
    conversions: Array
    row_drives: Array
    cell_reads: Array
    idle_cell_reads: Array
    input_bits: Array  # coded input map, all steps
    fetched_bits: Array  # the same, after unfolding into vectors
    additions: Array  # of pooling and attention
    products: Array  # of attention


def _activity(chip: Crossbar, mapping: Mapping, workload: Workload, hardness: ArrayLike) -> _Activity:
    rate = jnp.clip(workload.input_rate, 0, 1)
    bits = workload.activation_bits
    # a non-zero uniform b-bit number has a non-zero d-bit digit with probability 2^b (1 - 2^-d) / (2^b - 1); 1 for binary spikes
    digit = jnp.minimum(2**bits * (1 - 2**-chip.driver_bits) / (2**bits - 1), 1)
    row_share = rate * digit
    idle = jnp.exp(mapping.active_rows * jnp.log1p(-jnp.minimum(row_share, 1 - 1e-6)))
    groups, positions = workload.static("groups"), workload.static("positions")
    outputs = workload.static("channels_out") / groups * mapping.columns_per_output
    driven = mapping.reads * row_share * mapping.active_rows  # rows, over all bands
    address = jnp.log2(workload.static("neurons_in") + 1)
    coded = smooth_minimum(bits, rate * (bits + address), hardness)
    steps = workload.timesteps
    is_pool = jnp.asarray([float(layer.kind == "pool") for layer in workload], rate.dtype)
    is_attention = jnp.asarray([float(layer.kind == "attention") for layer in workload], rate.dtype)
    unfolded = positions * workload.static("fan_in") * groups
    products = is_attention * workload.static("macs") * steps * rate
    return _Activity(
        row_share,
        mapping.reads * outputs * mapping.blocks * (1 - idle),
        driven * mapping.column_tiles,
        driven * outputs,
        driven * outputs * (mapping.blocks - 1),
        steps * workload.static("neurons_in") * coded,
        steps * unfolded * coded,
        is_pool * unfolded * steps * rate + products,
        products,
    )


def _dynamic_energy(
    encoding: AbstractColumns,
    chip: Crossbar,
    mapping: Mapping,
    work: _Activity,
    workload: Workload,
    technology: Technology,
    tile_side: Array,
) -> tuple[Array, ...]:
    """Energy [pJ] per layer of each component but leakage, in the order of `COMPONENTS`."""
    t = technology
    low, high = 1 / t["off_resistance_ohm"], 1 / t["on_resistance_ohm"]
    pulse = t["read_voltage_v"] ** 2 * t["read_time_ns"] * _PJ_PER_V2_S_NS
    mean = encoding.mean_conductance(low, high, workload.weight_density)
    array = pulse * (work.cell_reads * mean + work.idle_cell_reads * low)

    adc_pj = adc_energy_pj(chip.adc_bits, chip.clock_mhz, t.node_nm)
    adc = work.conversions * encoding.conversions_per_column * adc_pj

    cell_um = t["cell_width_f"] * t.node_nm * 1e-3
    wire_pj = chip.columns * cell_um * t["wire_capacitance_ff_per_um"] * t.supply_v**2 * _PJ_PER_FF_V2
    levels = 2**chip.driver_bits - 1
    drivers = work.row_drives * (wire_pj + t["driver_power_mw"] * levels * _vector_time(chip, t))

    sum_bits = chip.adc_bits + workload.weight_bits
    add_pj = t["int_add_offset_pj"] + t["int_add_per_bit_pj"] * sum_bits
    multiply_pj = t["int_mult_per_bit2_pj"] * workload.activation_bits**2
    converted = work.conversions * encoding.conversions_per_column
    accumulate = (converted + work.additions) * add_pj + work.products * multiply_pj

    buffer_pj = sram_pj_per_bit(chip.buffer_kb, t)
    buffers = buffer_pj * (work.input_bits + work.fetched_bits)

    tree_pj = 0.5 * tile_side * t["wire_capacitance_ff_per_um"] * t.supply_v**2 * _PJ_PER_FF_V2
    # mean distance in a square of tiles, at least one hop; the inner maximum keeps the root's gradient finite without tiles
    hops = jnp.maximum(2 / 3 * jnp.sqrt(jnp.maximum(mapping.tiles, 1)), 1)
    tree_bits = work.fetched_bits * mapping.column_tiles * mapping.weighted + converted * sum_bits
    interconnect = work.input_bits * hops * t["hop_pj_per_bit"] + tree_bits * tree_pj

    updates = workload.static("neurons_out") * workload.timesteps
    state_kb = jnp.sum(workload.spiking * workload.static("neurons_out") * workload.state_bits) / 8192
    update_pj = t["lif_per_bit_pj"] * workload.state_bits + 2 * workload.state_bits * sram_pj_per_bit(state_kb, t)
    relu_pj = t["int_add_offset_pj"] + t["int_add_per_bit_pj"] * workload.state_bits
    neurons = mapping.weighted * updates * (workload.spiking * update_pj + (1 - workload.spiking) * relu_pj)

    pulses = _pulses(chip, t)
    write = t["write_voltage_v"] ** 2 * t["write_time_ns"] * _PJ_PER_V2_S_NS * (low + high) / 2
    verify = pulse * (low + high) / 2 + adc_pj
    programming = mapping.used_cells * pulses * (write + verify) / chip.inferences_per_programming
    return array, adc, drivers, accumulate, buffers, interconnect, neurons, programming


def _pulses(chip: Crossbar, technology: Technology) -> Array:
    """Program-and-verify pulses per cell: averaging down from the spread of one pulse costs `(sigma_1 / sigma)^2` of them, after one."""
    return 1 + (technology["single_pulse_sigma"] / chip.programming_sigma) ** 2


def _vector_time(chip: Crossbar, technology: Technology) -> Array:
    """Time to read and convert one vector [ns]: the columns of a converter one after another."""
    return chip.columns_per_adc * (1000 / chip.clock_mhz + technology["read_time_ns"])


def _latency(chip: Crossbar, mapping: Mapping, work: _Activity, workload: Workload, technology: Technology, hardness: ArrayLike) -> Array:
    """Time of each layer [ns]: a pipeline of load, read and neuron stages over the positions, plus its filling at every step."""
    cycle = 1000 / chip.clock_mhz
    copies = jnp.clip(chip.duplication, 1, workload.static("positions"))
    read = mapping.digits * _vector_time(chip, technology)
    per_read = safe_divide(work.fetched_bits, workload.timesteps * workload.static("positions") * mapping.row_tiles)
    load = per_read / chip.bus_bits * cycle
    neuron = chip.channels_per_neuron * cycle
    stage = smooth_maximum(smooth_maximum(read, load, hardness), neuron, hardness)
    rounds = smooth_ceil(workload.static("positions") / copies, hardness)
    arrays = mapping.weighted * workload.timesteps * (rounds * stage + load + neuron)
    digital = (work.additions + work.products) / chip.adder_lanes * cycle
    step = chip.rows * _pulses(chip, technology) * (technology["write_time_ns"] + _vector_time(chip, technology))
    return arrays + digital + mapping.weighted * (step / chip.inferences_per_programming) + cycle * (1 - mapping.weighted)


def _area(chip: Crossbar, mapping: Mapping, workload: Workload, technology: Technology) -> Array:
    """Area [um2] by layer and component."""
    t = technology
    cell = t["cell_width_f"] * t["cell_height_f"] * (t.node_nm * 1e-3) ** 2
    converters = mapping.arrays * chip.columns / chip.columns_per_adc
    outputs = workload.static("channels_out") * mapping.weighted
    state_kb = workload.spiking * workload.static("neurons_out") * workload.state_bits / 8192 * mapping.weighted
    zero = jnp.zeros_like(mapping.arrays)
    return jnp.stack(
        [
            mapping.arrays * chip.rows * chip.columns * cell,
            converters * adc_area_um2(chip.adc_bits, chip.clock_mhz, t.node_nm),
            mapping.arrays * chip.rows * t["driver_area_um2"] * (2**chip.driver_bits - 1),
            (converters + (1 - mapping.weighted) * chip.adder_lanes) * t["shift_add_area_um2"],
            mapping.tiles * sram_area_um2(chip.buffer_kb, t),
            mapping.tiles * t["router_area_um2"],
            outputs / chip.channels_per_neuron * t["lif_area_um2"] * workload.state_bits / 16 + sram_area_um2(state_kb, t),
            zero,
            zero,
        ],
        axis=1,
    )


def _leakage_mw(chip: Crossbar, mapping: Mapping, workload: Workload, technology: Technology) -> Array:
    """Leakage power [mW] of each layer's share of the chip; all of it leaks while any layer runs."""
    converters = mapping.arrays * chip.columns / chip.columns_per_adc
    units = workload.static("channels_out") * mapping.weighted / chip.channels_per_neuron
    state_kb = workload.spiking * workload.static("neurons_out") * workload.state_bits / 8192 * mapping.weighted
    return (
        sram_leakage_mw(mapping.tiles * chip.buffer_kb + state_kb, technology)
        + converters * technology["adder_leakage_mw"]
        + units * technology["lif_leakage_mw"]
    )
