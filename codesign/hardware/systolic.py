"""Systolic arrays: a grid of processing elements between three buffers and a DRAM, for ANN, spiking and mixed layers.

Layers run one after another, all timesteps of a layer before the next. Within a layer, loads and stores overlap the arithmetic
(double buffering), so its time is the longest of array, neuron units and DRAM. Where the unfinished sums of a fold outgrow the output
buffer, the map is cut into parts and the weights are read once per part; the array's closed-form cycles assume that these loads hide.

Corrected here against SATA's model (`codesign.published`; reference/models.md, section 3): buffer energy is charged per transferred
bit of the operand's precision and not 32 bytes per byte; all of a buffer leaks; dynamic energy does not depend on the clock; the
activation function is charged per output and not per multiply-accumulate; membrane potentials are read and written every step
unless the dataflow keeps them; inputs are read again in every step; padding counts in cycles as in operations; without gating
every unit switches every cycle, with gating only operations with non-zero operands do; pooling, attention, grouped and recurrent
layers count.
"""

from typing import Final, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.cost import Cost
from codesign.hardware.base import AbstractHardware
from codesign.hardware.leaves import float_leaves, option
from codesign.hardware.memory import sram_area_um2, sram_leakage_mw, sram_pj_per_bit
from codesign.hardware.neuron import (
    AbstractNeuron,
    ContinuousSynapse,
    IntegrateAndFire,
    LeakyIntegrateAndFire,
    add_pj,
    neuron_area_um2,
)
from codesign.hardware.pieces import pieces
from codesign.hardware.supply import delay_factor, energy_factor, leakage_factor
from codesign.hardware.systolic_dataflow import (
    AbstractDataflow,
    Bits,
    Grid,
    InputStationary,
    OutputStationary,
    Pass,
    Products,
    SpikeTailored,
    WeightStationary,
    products,
)
from codesign.hardware.systolic_zeros import AbstractZeros, Ungated, ZeroGating, ZeroSkipping
from codesign.numerics import smooth_maximum, smooth_minimum
from codesign.technology import Technology
from codesign.workload import LayerWork, Workload

COMPONENTS: Final = (
    "compute",
    "registers",
    "scratchpads",
    "input_buffer",
    "weight_buffer",
    "output_buffer",
    "neurons",
    "dram",
    "leakage",
)
DEFAULTS: Final = {
    "rows": 32.0,
    "columns": 32.0,
    "scratchpad_kb": 0.0625,
    "input_buffer_kb": 64.0,
    "weight_buffer_kb": 144.0,
    "output_buffer_kb": 64.0,
    "columns_per_neuron_unit": 1.0,
    "clock_mhz": 400.0,
    "supply_v": 0.9,
    "dram_gbit_per_s": 102.4,
}
DATAFLOWS: Final = {
    "weight_stationary": WeightStationary(),
    "output_stationary": OutputStationary(),
    "input_stationary": InputStationary(),
    "spike_tailored": SpikeTailored(),
}
ZEROS: Final = {"ungated": Ungated(), "gating": ZeroGating(), "skipping": ZeroSkipping()}
NEURONS: Final = {"if": IntegrateAndFire(), "lif": LeakyIntegrateAndFire(), "continuous_synapse": ContinuousSynapse()}


class Traffic(NamedTuple):
    """Bits moved in one inference, per layer, at the ports of each memory."""

    scratchpads: Float[Array, " layers"]
    input_buffer: Float[Array, " layers"]
    weight_buffer: Float[Array, " layers"]
    output_buffer: Float[Array, " layers"]
    dram: Float[Array, " layers"]


class Systolic(AbstractHardware):
    """A systolic array.

    Multiply-accumulate for ANN layers, AND-accumulate for binary spikes; a graded spike multiplies with the bits beyond its first;
    `workload.spiking` between 0 and 1 mixes both.

    Attributes:
        rows, columns: processing elements.
        scratchpad_kb: scratchpad of one processing element [kB].
        input_buffer_kb, weight_buffer_kb, output_buffer_kb: global buffers [kB]; the last holds partial sums and potentials.
        columns_per_neuron_unit: columns of the array that share one neuron unit.
        clock_mhz: clock [MHz], bounded by what the supply allows.
        supply_v: supply voltage [V].
        dram_gbit_per_s: DRAM bandwidth [Gbit/s].
        dataflow: what stays in the array.
        zeros: what happens to zero operands.
        neuron: neuron model.
    """

    rows: Float[Array, ""]
    columns: Float[Array, ""]
    scratchpad_kb: Float[Array, ""]
    input_buffer_kb: Float[Array, ""]
    weight_buffer_kb: Float[Array, ""]
    output_buffer_kb: Float[Array, ""]
    columns_per_neuron_unit: Float[Array, ""]
    clock_mhz: Float[Array, ""]
    supply_v: Float[Array, ""]
    dram_gbit_per_s: Float[Array, ""]
    dataflow: AbstractDataflow
    zeros: AbstractZeros
    neuron: AbstractNeuron

    @classmethod
    def of(
        cls,
        *,
        dataflow: str | AbstractDataflow = "weight_stationary",
        zeros: str | AbstractZeros = "gating",
        neuron: str | AbstractNeuron = "lif",
        **parameters: ArrayLike,
    ) -> "Systolic":
        """An array from its parameters; those left out take the values of `DEFAULTS`.

        Raises:
            ValueError: unknown parameter or option (the message gives the nearest).
        """
        return cls(
            dataflow=option("dataflow", DATAFLOWS, dataflow),
            zeros=option("zeros", ZEROS, zeros),
            neuron=option("neuron", NEURONS, neuron),
            **float_leaves("Systolic", DEFAULTS, parameters),
        )

    def unsupported(self, layer: LayerWork) -> str | None:
        """Every kind of layer runs."""
        return None

    def cycles(self, workload: Workload, hardness: ArrayLike = 1.0) -> Float[Array, " layers"]:
        """Cycles of the array over all timesteps; at hardness 1 and one step SCALE-Sim's closed forms, per group and head."""
        shape = products(workload)
        passes = self.dataflow.one_step(shape, Grid(self.rows, self.columns), hardness)
        return self._cycles(workload, shape, passes, self.zeros.streamed(workload.input_rate, passes.vector), hardness)

    def cost(self, workload: Workload, technology: Technology, hardness: ArrayLike = 1.0) -> Cost:
        """Cost of one inference; see `AbstractHardware.cost`."""
        shape, bits = products(workload), _bits(workload)
        passes = self.dataflow.one_step(shape, Grid(self.rows, self.columns), hardness)
        streamed = self.zeros.streamed(workload.input_rate, passes.vector)
        cycles = self._cycles(workload, shape, passes, streamed, hardness)
        traffic = self._traffic(workload, shape, passes, bits, hardness)
        updates = _has_neurons(workload) * workload.static("neurons_out") * workload.timesteps
        units = self.columns / self.columns_per_neuron_unit
        clock_mhz = smooth_minimum(self.clock_mhz, technology["maximum_clock_mhz"] / delay_factor(self.supply_v, technology), hardness)
        on_chip_ns = smooth_maximum(cycles, updates / units, hardness) * 1000 / clock_mhz
        latency = smooth_maximum(on_chip_ns, traffic.dram / self.dram_gbit_per_s, hardness)
        energy = self._energy(workload, technology, bits, shape, streamed, cycles, updates, traffic)
        area, leakage = self._area_and_leakage(workload, technology, bits)
        done = jnp.sum(shape.repeats * shape.positions * shape.fan_in * shape.outputs * streamed, 0) * workload.timesteps
        return Cost(
            workload.names,
            COMPONENTS,
            jnp.stack([*energy, leakage * latency], axis=1),
            latency,
            area,
            jnp.minimum(done / (self.rows * self.columns * latency * clock_mhz / 1000), 1),
        )

    def _cycles(self, workload: Workload, shape: Products, passes: Pass, streamed: Array, hardness: ArrayLike) -> Float[Array, " layers"]:
        together = self.dataflow.together(shape, workload.timesteps)
        batches = workload.timesteps / together
        array = batches * jnp.sum(shape.repeats * passes.cycles(together, streamed), axis=0)
        pooling = workload.timesteps * pieces(_pooled(workload), self.columns, hardness)
        return jnp.where(_is_pool(workload), pooling, array)

    def _position_tiles(self, passes: Pass, bits: Bits, together: Array, hardness: ArrayLike) -> Float[Array, " layers"]:
        """Parts that the output map is cut into so that its unfinished sums fit the output buffer; each reads all weights again."""
        alive = jnp.max(passes.partial_sums, 0) * bits.partial_sum * together
        unfinished = jnp.minimum(jnp.max(passes.partial_rounds, 0), 1)
        return 1 + (pieces(alive, self.output_buffer_kb * 8192, hardness) - 1) * unfinished

    def _traffic(self, workload: Workload, shape: Products, passes: Pass, bits: Bits, hardness: ArrayLike) -> Traffic:
        """Bits at the ports of the memories; what does not fit a buffer is moved from and to DRAM instead."""
        timesteps, static = workload.timesteps, workload.static
        together = self.dataflow.together(shape, timesteps)
        batches = timesteps / together
        weights_kept, membranes_kept = self.dataflow.kept(shape, passes, bits, self.scratchpad_kb * 8192)
        stored = static("has_weights")

        def total(per_product: Array) -> Array:
            return jnp.sum(shape.repeats * per_product, axis=0)

        # operands; attention has no stored weights, its second operand is an activation
        weight_rounds = jnp.where(stored > 0, 1 + (batches - 1) * (1 - weights_kept), timesteps)
        weight_rounds = weight_rounds * self._position_tiles(passes, bits, together, hardness)
        weight_width = jnp.where(stored > 0, bits.weight, bits.activation)
        weight_bits = total(shape.fan_in * shape.outputs * passes.weight_passes) * weight_width * weight_rounds
        pooled = jnp.where(_is_pool(workload), _pooled(workload), 0)
        input_bits = (total(shape.positions * shape.fan_in * passes.input_passes) + pooled) * bits.activation * timesteps
        # results
        sums = 2 * total(shape.positions * shape.outputs * passes.partial_rounds) * bits.partial_sum * timesteps
        membrane_rounds = 2 * jnp.maximum(batches - 1, 0) * (1 - membranes_kept)
        potentials = _has_neurons(workload) * workload.spiking * static("neurons_out") * bits.state * self.neuron.states
        potentials_spilled = _missing(self.output_buffer_kb, potentials)
        # maps between layers, held for all timesteps
        map_in = static("neurons_in") * bits.activation
        width_out = jnp.concatenate([bits.activation[1:], bits.activation[-1:]])
        map_out = static("neurons_out") * width_out * timesteps
        first, last = _ends(workload)
        inputs_missing = _missing(self.input_buffer_kb, map_in * timesteps)
        loaded = map_in * timesteps * (first + (1 - first) * inputs_missing)
        again = map_in * timesteps * _missing(self.input_buffer_kb, map_in * together) * (jnp.max(passes.input_passes, 0) - 1)
        stored_out = map_out * (last + (1 - last) * _missing(self.input_buffer_kb, map_out))
        # weights from DRAM: once, and again in every round as far as they do not fit
        whole = static("weights") * bits.weight
        rounds = weight_rounds * passes.weight_passes[0]
        weights_loaded = whole * (1 + jnp.maximum(rounds - 1, 0) * _missing(self.weight_buffer_kb, whole))
        spilled = potentials * membrane_rounds * potentials_spilled
        return Traffic(
            scratchpads=total(self.dataflow.stationary_bits(shape, bits, timesteps)),
            input_buffer=input_bits + map_in * timesteps + again,
            weight_buffer=weight_bits + weights_loaded,
            output_buffer=sums + potentials * membrane_rounds + map_out,
            dram=loaded + again + stored_out + weights_loaded + spilled,
        )

    def _energy(
        self,
        workload: Workload,
        technology: Technology,
        bits: Bits,
        shape: Products,
        streamed: Array,
        cycles: Array,
        updates: Array,
        traffic: Traffic,
    ) -> list[Float[Array, " layers"]]:
        """Energy of every component but leakage [pJ]."""
        scale = energy_factor(self.supply_v, technology)
        slots = jnp.where(_is_pool(workload), 0, self.rows * self.columns * cycles)
        macs = jnp.sum(shape.repeats * shape.positions * shape.fan_in * shape.outputs, 0) * workload.timesteps
        share = jnp.sum(shape.repeats * shape.positions * shape.fan_in * shape.outputs * streamed, 0) * workload.timesteps
        operations = self.zeros.operations(slots, macs, workload.input_rate * _second_operand(workload))
        clocked = self.zeros.clocked(slots, macs, share / jnp.maximum(macs, 1))
        moving, held = self.dataflow.register_bits(bits)
        pooling = jnp.where(_is_pool(workload), _pooled(workload), 0) * workload.timesteps * add_pj(bits.activation, technology)
        unit_slots = _has_neurons(workload) * self.columns / self.columns_per_neuron_unit * cycles
        neurons = self.zeros.updates(unit_slots, updates) * self._activation_pj(workload, bits, technology)

        def sram(moved: Array, capacity_kb: Array) -> Array:
            return scale * moved * sram_pj_per_bit(capacity_kb, technology)

        return [
            scale * (operations * _operation_pj(workload, bits, technology) + pooling),
            scale * technology["register_per_bit_pj"] * (clocked * moving + operations * held),
            sram(traffic.scratchpads, self.scratchpad_kb),
            sram(traffic.input_buffer, self.input_buffer_kb),
            sram(traffic.weight_buffer, self.weight_buffer_kb),
            sram(traffic.output_buffer, self.output_buffer_kb),
            scale * neurons,
            traffic.dram * technology["dram_pj_per_bit"],
        ]

    def _activation_pj(self, workload: Workload, bits: Bits, technology: Technology) -> Float[Array, " layers"]:
        """One neuron update, or one ANN output: rescale by a multiplication, compare for the ReLU."""
        rescale = technology["int_mult_per_bit2_pj"] * bits.partial_sum**2 + technology["compare_per_bit_pj"] * bits.partial_sum
        update = self.neuron.update_pj(bits.state, technology)
        return workload.spiking * update + (1 - workload.spiking) * rescale

    def _area_and_leakage(
        self, workload: Workload, technology: Technology, bits: Bits
    ) -> tuple[Float[Array, " components"], Float[Array, ""]]:
        """Area by component [um2] and leakage power [mW]; every unit is wide enough for the widest layer."""
        elements = self.rows * self.columns
        products_bits = bits.weight * (bits.activation - workload.spiking)
        adder = technology["int_add_area_per_bit_um2"] * jnp.max(bits.partial_sum)
        compute = elements * (technology["int_mult_area_per_bit2_um2"] * jnp.max(products_bits) + adder)
        width = jnp.max(bits.weight) + jnp.max(bits.activation) + jnp.max(bits.partial_sum)
        registers = elements * technology["register_area_per_bit_um2"] * width
        units = self.columns / self.columns_per_neuron_unit
        neurons = units * neuron_area_um2(jnp.max(bits.state), self.neuron.states, technology)
        memories = (
            elements * self.scratchpad_kb,
            self.input_buffer_kb,
            self.weight_buffer_kb,
            self.output_buffer_kb,
        )
        logic = compute + registers + neurons
        leakage = technology["logic_leakage_mw_per_um2"] * logic + sram_leakage_mw(sum(memories), technology)
        zero = jnp.zeros_like(compute)
        area = [compute, registers, *(sram_area_um2(kb, technology) for kb in memories), neurons, zero, zero]
        return jnp.stack(area), leakage * leakage_factor(self.supply_v, technology)


def _bits(workload: Workload) -> Bits:
    """Operand widths; a partial sum of K products grows by log2 K bits."""
    fan_in = jnp.log2(jnp.maximum(workload.static("fan_in"), 1))
    return Bits(
        workload.weight_bits,
        workload.activation_bits,
        workload.weight_bits + workload.activation_bits - 1 + fan_in,
        workload.state_bits,
    )


def _operation_pj(workload: Workload, bits: Bits, technology: Technology) -> Float[Array, " layers"]:
    """One multiply-accumulate or AND-accumulate."""
    multiply, gate = technology["int_mult_per_bit2_pj"], technology["and_per_bit_pj"]
    spike = gate * bits.weight + multiply * bits.weight * (bits.activation - 1)
    product = workload.spiking * spike + (1 - workload.spiking) * multiply * bits.weight * bits.activation
    return product + add_pj(bits.partial_sum, technology)


def _second_operand(workload: Workload) -> Float[Array, " layers"]:
    """Non-zero share of the second operand: weights, or activations again in attention."""
    attention = np.asarray([layer.kind == "attention" for layer in workload])
    return jnp.where(attention, workload.input_rate, workload.weight_density)


def _missing(capacity_kb: Array, needed_bits: Array) -> Float[Array, " layers"]:
    """Share that does not fit."""
    return 1 - jnp.minimum(capacity_kb * 8192 / jnp.maximum(needed_bits, 1), 1)


def _is_pool(workload: Workload) -> np.ndarray:
    return np.asarray([layer.kind == "pool" for layer in workload])


def _has_neurons(workload: Workload) -> Float[Array, " layers"]:
    return jnp.asarray(~_is_pool(workload), workload.input_rate.dtype)


def _pooled(workload: Workload) -> Float[Array, " layers"]:
    """Elements that pooling windows visit in one step."""
    return workload.static("neurons_out") * workload.static("fan_in")


def _ends(workload: Workload) -> tuple[Float[Array, " layers"], Float[Array, " layers"]]:
    """Masks of the first and the last layer."""
    mask = jnp.zeros(len(workload), workload.input_rate.dtype)
    return mask.at[0].set(1), mask.at[-1].set(1)
