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

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.cost import Cost
from codesign.hardware.base import AbstractHardware
from codesign.hardware.parameters.leaves import float_leaves, option
from codesign.hardware.parameters.pieces import pieces
from codesign.hardware.parameters.shares import sharpened
from codesign.hardware.parts.memory import sram_pj_per_bit
from codesign.hardware.parts.neuron import add_pj, update_cycles
from codesign.hardware.parts.supply import delay_factor, energy_factor, leakage_factor
from codesign.hardware.systolic.dataflow import (
    AbstractDataflow,
    Grid,
    InputStationary,
    OutputStationary,
    SpikeTailored,
    WeightStationary,
    products,
)
from codesign.hardware.systolic.prices import activation_pj, area_and_leakage, operation_pj
from codesign.hardware.systolic.traffic import (
    Memories,
    Traffic,
    count_traffic,
    has_neurons,
    is_pool,
    operand_bits,
    pooled_elements,
    second_density,
)
from codesign.hardware.systolic.zeros import AbstractZeros, Ungated, ZeroGating, ZeroSkipping
from codesign.numerics import safe_divide, smooth_maximum, smooth_minimum
from codesign.technology.technology import Technology
from codesign.workloads.workload import LayerWork, Workload

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


class Work(NamedTuple):
    """What one inference does on the array, per layer.

    Attributes:
        cycles: of the array, over all timesteps.
        products: multiply-accumulates, zeros included.
        streamed: share of them in vectors that take a cycle.
        updates: neuron updates, or activations.
        traffic: bits moved.
        registers: bits written per multiply-accumulate: those that move every cycle, and those that a zero operand leaves alone.
    """

    cycles: Float[Array, " layers"]
    products: Float[Array, " layers"]
    streamed: Float[Array, " layers"]
    updates: Float[Array, " layers"]
    traffic: Traffic
    registers: tuple[Float[Array, " layers"], Float[Array, " layers"]]


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
        dataflow: what stays in the array: share of each option, `[options]` for all layers alike or `[layers, options]`; a chip that is
            built has one 1 for each layer. What switching between dataflows adds to the array is not charged.
        dataflows: the options.
        dataflow_names: their names.
        zeros: what happens to zero operands.
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
    dataflow: Float[Array, "*layers options"]
    dataflows: tuple[AbstractDataflow, ...]
    dataflow_names: tuple[str, ...] = eqx.field(static=True)
    # a module without arrays: part of the tree structure, so static under jit
    zeros: AbstractZeros

    @classmethod
    def of(
        cls,
        *,
        dataflow: str | Sequence[str] = "weight_stationary",
        zeros: str | AbstractZeros = "gating",
        **parameters: ArrayLike | Sequence[float],
    ) -> "Systolic":
        """An array from its parameters; those left out take the values of `DEFAULTS`.

        Args:
            dataflow: the name of one, or those that a search may choose from, which begin with equal shares.
            zeros: what happens to zero operands.
            **parameters: numbers.

        Raises:
            ValueError: unknown parameter or option (the message gives the nearest).
        """
        names = (dataflow,) if isinstance(dataflow, str) else tuple(dataflow)
        return cls(
            # equal shares: nothing is chosen until a search or the user does
            dataflow=jnp.full(len(names), 1 / len(names), jnp.float32),
            dataflows=tuple(option("dataflow", DATAFLOWS, name) for name in names),
            dataflow_names=names,
            zeros=option("zeros", ZEROS, zeros),
            **float_leaves("Systolic", DEFAULTS, parameters),
        )

    @property
    def choices(self) -> Mapping[str, tuple[str, ...]]:
        """The dataflow."""
        return {"dataflow": self.dataflow_names}

    def unsupported(self, layer: LayerWork) -> str | None:
        """Every kind of layer runs."""
        return None

    def cycles(self, workload: Workload, hardness: ArrayLike = 1.0) -> Float[Array, " layers"]:
        """Cycles of the array over all timesteps; at hardness 1 and one step SCALE-Sim's closed forms, per group and head."""
        return self._work(workload, hardness).cycles

    def cost(self, workload: Workload, technology: Technology, hardness: ArrayLike = 1.0) -> Cost:
        """Cost of one inference; see `AbstractHardware.cost`."""
        technology.require_first_principles("Systolic")
        # not rounded up, as converters of a crossbar are not; smooth in both parameters
        work, units = self._work(workload, hardness), self.columns / self.columns_per_neuron_unit
        # a low supply slows the gates: the clock asked for may be out of reach
        clock_mhz = smooth_minimum(self.clock_mhz, technology["maximum_clock_mhz"] / delay_factor(self.supply_v, technology), hardness)
        on_chip_ns = smooth_maximum(work.cycles, work.updates * update_cycles(workload) / units, hardness) * 1000 / clock_mhz
        # bit / (Gbit/s) = ns
        latency = smooth_maximum(on_chip_ns, work.traffic.dram / self.dram_gbit_per_s, hardness)
        areas, power = area_and_leakage(self._grid(), units, self._memories(), workload, technology)
        leakage = power * leakage_factor(self.supply_v, technology) * latency
        slots = self.rows * self.columns * latency * clock_mhz / 1000
        return Cost(
            workload.names,
            COMPONENTS,
            jnp.stack([*self._energy(work, units, workload, technology), leakage], axis=1),
            latency,
            jnp.stack([*areas, *jnp.zeros((2,), latency.dtype)]),  # DRAM is another chip, leakage occupies none
            # the closed forms are a cycle short, so a small array may come out busy for more than all of it
            jnp.minimum(work.products * work.streamed / slots, 1),
        )

    def _work(self, workload: Workload, hardness: ArrayLike) -> Work:
        works = [self._work_in(dataflow, workload, hardness) for dataflow in self.dataflows]
        # nothing to weigh: the mixture would be in every program for a factor of 1
        if len(works) == 1:
            return works[0]
        shares = sharpened(jnp.broadcast_to(self.dataflow, (len(workload), len(works))), hardness)
        # counts are mixed and priced once; exact where one share is 1
        return jax.tree.map(lambda *parts: sum(shares[:, i] * part for i, part in enumerate(parts)), *works)

    def _work_in(self, dataflow: AbstractDataflow, workload: Workload, hardness: ArrayLike) -> Work:
        shape, timesteps = products(workload), workload.timesteps
        passes = dataflow.one_step(shape, self._grid(), hardness)
        streamed = self.zeros.streamed(workload.input_rate, passes.vector)
        together = dataflow.together(shape, timesteps)
        # `together` steps stream through a fold; groups and heads follow one another
        array = timesteps / together * jnp.sum(shape.repeats * passes.cycles(together, streamed), axis=0)
        pooling = timesteps * pieces(pooled_elements(workload), self.columns, hardness)
        each = shape.repeats * shape.positions * shape.fan_in * shape.outputs * timesteps
        done = jnp.sum(each, 0)
        return Work(
            cycles=jnp.where(is_pool(workload), pooling, array),
            products=done,
            # pooling multiplies nothing
            streamed=safe_divide(jnp.sum(each * streamed, 0), done),
            updates=has_neurons(workload) * workload.static("neurons_out") * timesteps,
            traffic=count_traffic(self._memories(), dataflow, workload, shape, passes, hardness),
            registers=dataflow.register_bits(operand_bits(workload)),
        )

    def _energy(self, work: Work, units: Array, workload: Workload, technology: Technology) -> list[Float[Array, " layers"]]:
        """Energy of every component but leakage [pJ]."""
        scale, traffic, computes = energy_factor(self.supply_v, technology), work.traffic, has_neurons(workload)
        slots = computes * self.rows * self.columns * work.cycles
        # zeros of both operands as if independent
        operations = self.zeros.operations(slots, work.products, workload.input_rate * second_density(workload))
        clocked = self.zeros.clocked(slots, work.products, work.streamed)
        moving, held = work.registers
        updates = self.zeros.updates(computes * units * work.cycles / update_cycles(workload), work.updates)
        pooling = pooled_elements(workload) * workload.timesteps * add_pj(workload.activation_bits, technology)

        def sram(moved: Array, capacity_kb: Array) -> Array:
            return scale * moved * sram_pj_per_bit(capacity_kb, technology)

        return [
            scale * (operations * operation_pj(workload, technology) + pooling),
            scale * technology["register_per_bit_pj"] * (clocked * moving + operations * held),
            sram(traffic.scratchpads, self.scratchpad_kb),
            sram(traffic.input_buffer, self.input_buffer_kb),
            sram(traffic.weight_buffer, self.weight_buffer_kb),
            sram(traffic.output_buffer, self.output_buffer_kb),
            scale * updates * activation_pj(workload, technology),
            traffic.dram * technology["offchip_pj_per_bit"],  # a chip of its own: the array's supply does not reach it
        ]

    def _grid(self) -> Grid:
        return Grid(self.rows, self.columns)

    def _memories(self) -> Memories:
        return Memories(self.scratchpad_kb, self.input_buffer_kb, self.weight_buffer_kb, self.output_buffer_kb)
