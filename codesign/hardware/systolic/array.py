"""Systolic arrays: a grid of processing elements between three buffers and a memory off the chip, for ANN, spiking and mixed layers.

Layers run one after another, all timesteps of a layer before the next. Within a layer, loads and stores overlap the arithmetic
(input and weight buffer are double), so its time is the longest of array, neuron units and off-chip traffic. Where the unfinished sums
of a fold outgrow the output buffer, the map is cut into parts and the weights are read once per part; the array's closed-form cycles
assume that these loads hide.

Corrected here against SATA's model (`codesign.published`; reference/models.md, section 3): buffer energy is charged per transferred
bit of the operand's precision and not 32 bytes per byte; all of a buffer leaks; dynamic energy does not depend on the clock; the
activation function is charged per output and not per multiply-accumulate; membrane potentials are read and written every step
unless the dataflow keeps them; inputs are read again in every step; padding counts in cycles as in operations; without gating
every unit switches every cycle, with gating only operations with non-zero operands do; pooling, attention, grouped and recurrent
layers count.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.cost import Cost
from codesign.hardware.base import AbstractHardware
from codesign.hardware.parameters.leaves import float_leaves, option
from codesign.hardware.parameters.shares import sharpened
from codesign.hardware.parts.neuron import update_cycles
from codesign.hardware.parts.supply import energy_factor, leakage_factor
from codesign.hardware.systolic.dataflow import (
    AbstractDataflow,
    Grid,
    InputStationary,
    OutputStationary,
    SpikeTailored,
    WeightStationary,
)
from codesign.hardware.systolic.energy import dynamic_pj
from codesign.hardware.systolic.limits import is_closed, maximum_mhz, over_capacity
from codesign.hardware.systolic.mixed import MixedZeros
from codesign.hardware.systolic.prices import areas_um2, leakage_mw
from codesign.hardware.systolic.ranges import RANGES
from codesign.hardware.systolic.traffic import Memories, Traffic
from codesign.hardware.systolic.work import Build, mixed_work
from codesign.hardware.systolic.zeros import AbstractZeros, Ungated, ZeroGating, ZeroSkipping
from codesign.numerics import smooth_maximum, smooth_minimum
from codesign.parameters.legal import LegalNames, LegalRange
from codesign.technology.sram import CELL_USE
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
    "zeros",
    "clock",
    "control",
    "off_chip",
    "leakage",
)
"""Names of what energy and area are attributed to, in the order of a cost."""
DEFAULTS: Final = {name: legal.default for name, legal in RANGES.items()}
"""Value of each parameter that is left out, in the units of the class."""
DATAFLOWS: Final = {
    "weight_stationary": WeightStationary(),
    "output_stationary": OutputStationary(),
    "input_stationary": InputStationary(),
    "spike_tailored": SpikeTailored(),
}
"""What stays in the array, by name."""
_ROUNDING: Final = 1 - 1e-6  # what asks for all that there is asks for no more
ZEROS: Final = {"ungated": Ungated(), "gating": ZeroGating(), "skipping": ZeroSkipping()}
"""What happens to zero operands, by name."""
NAMED: Final = {
    "dataflow": LegalNames(tuple(DATAFLOWS), per_layer=True),
    "memory": LegalNames(tuple(CELL_USE)),
    "zeros": LegalNames(tuple(ZEROS)),
}
"""What an array chooses by name."""


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
        offchip_gbit_per_s: bandwidth of the memory off the chip [Gbit/s], or of a closed chip's own border.
        dataflow: what stays in the array: share of each option, `[options]` for all layers alike or `[layers, options]`; a chip that is
            built has one 1 for each layer. What switching between dataflows adds to the array is not charged.
        dataflows: the options.
        dataflow_names: their names.
        memory: cell of the buffers and scratchpads, and class of the logic's transistors: share of each option, none for the technology's.
        memory_names: the options.
        zeros: what happens to zero operands: share of each option; a chip that is built has one 1.
        treatments: the options.
        zeros_names: their names.
    """

    named: ClassVar[Mapping[str, LegalNames]] = NAMED

    rows: Float[Array, ""]
    columns: Float[Array, ""]
    scratchpad_kb: Float[Array, ""]
    input_buffer_kb: Float[Array, ""]
    weight_buffer_kb: Float[Array, ""]
    output_buffer_kb: Float[Array, ""]
    columns_per_neuron_unit: Float[Array, ""]
    clock_mhz: Float[Array, ""]
    supply_v: Float[Array, ""]
    offchip_gbit_per_s: Float[Array, ""]
    dataflow: Float[Array, "*layers options"]
    dataflows: tuple[AbstractDataflow, ...]
    dataflow_names: tuple[str, ...] = eqx.field(static=True)
    memory: Float[Array, " cells"]
    memory_names: tuple[str, ...] = eqx.field(static=True)
    zeros: Float[Array, " treatments"]
    treatments: tuple[AbstractZeros, ...]
    zeros_names: tuple[str, ...] = eqx.field(static=True)

    @classmethod
    def of(
        cls,
        *,
        dataflow: str | Sequence[str] = "weight_stationary",
        memory: str | Sequence[str] = (),
        zeros: str | Sequence[str] = "gating",
        **parameters: ArrayLike | Sequence[float],
    ) -> "Systolic":
        """An array from its parameters; those left out take the values of `DEFAULTS`.

        Args:
            dataflow: the name of one, or those that a search may choose from, which begin with equal shares.
            memory: memory cells to choose from, as `dataflow`; none for the technology's own.
            zeros: what happens to zero operands, one or several as `dataflow`.
            **parameters: numbers.

        Raises:
            ValueError: unknown parameter or option (the message gives the nearest).
        """
        names = (dataflow,) if isinstance(dataflow, str) else tuple(dataflow)
        cells = (memory,) if isinstance(memory, str) else tuple(memory)
        treatments = (zeros,) if isinstance(zeros, str) else tuple(zeros)
        return cls(
            # equal shares: nothing is chosen until a search or the user does
            dataflow=jnp.full(len(names), 1 / len(names), jnp.float32),
            memory=jnp.full(len(cells), 1 / max(len(cells), 1), jnp.float32),
            memory_names=tuple(option("memory", CELL_USE, cell) and cell for cell in cells),
            dataflows=tuple(option("dataflow", DATAFLOWS, name) for name in names),
            dataflow_names=names,
            zeros=jnp.full(len(treatments), 1 / len(treatments), jnp.float32),
            treatments=tuple(option("zeros", ZEROS, name) for name in treatments),
            zeros_names=treatments,
            **float_leaves("Systolic", DEFAULTS, parameters),
        )

    @property
    def ranges(self) -> Mapping[str, LegalRange]:
        """See `codesign.hardware.systolic.ranges`."""
        return RANGES

    @property
    def choices(self) -> Mapping[str, tuple[str, ...]]:
        """The dataflow and what happens to zeros, and the memory cell where several are named."""
        cells = {"memory": self.memory_names} if self.memory_names else {}
        return {"dataflow": self.dataflow_names, "zeros": self.zeros_names, **cells}

    @property
    def limiting(self) -> frozenset[str]:
        """What sets the clock and what its memories follow; what a closed chip holds."""
        buffers = {"scratchpad_kb", "input_buffer_kb", "weight_buffer_kb", "output_buffer_kb"}
        return frozenset({"clock_mhz", "supply_v", "memory"} | buffers)

    def inert_parameters(self, technology: Technology) -> Mapping[str, str]:
        """Without a memory beside the chip nothing is paid for a link to one."""
        return (
            {"offchip_gbit_per_s": f"means nothing under {technology.name!r}, which has no memory off the chip"}
            if is_closed(technology)
            else {}
        )

    def unsupported(self, layer: LayerWork) -> str | None:
        """Every kind of layer runs."""
        return None

    def cycles(self, workload: Workload, hardness: ArrayLike = 1.0) -> Float[Array, " layers"]:
        """Cycles of the array over all timesteps; at hardness 1 and one step SCALE-Sim's closed forms, per group and head."""
        return mixed_work(self.dataflows, self.dataflow, self._build(False, hardness), workload, hardness).cycles

    def traffic(self, workload: Workload, hardness: ArrayLike = 1.0) -> Traffic:
        """Bits that one inference moves at the ports of each memory, on a chip with a memory beside it."""
        return mixed_work(self.dataflows, self.dataflow, self._build(False, hardness), workload, hardness).traffic

    def cost(self, workload: Workload, technology: Technology, hardness: ArrayLike = 1.0) -> Cost:
        """Cost of one inference; see `AbstractHardware.cost`."""
        technology.require_first_principles("Systolic")
        technology = self._with_memory(technology, hardness)
        build = self._build(is_closed(technology), hardness)
        work = mixed_work(self.dataflows, self.dataflow, build, workload, hardness)
        # not rounded up, as converters of a crossbar are not; smooth in both parameters
        units = self.columns / self.columns_per_neuron_unit
        fastest_mhz = maximum_mhz(build.memories, self.supply_v, technology)
        # nothing is gained beyond what gates and memories follow
        clock_mhz = smooth_minimum(self.clock_mhz, fastest_mhz, hardness)
        on_chip_ns = smooth_maximum(work.cycles, work.updates * update_cycles(workload) / units, hardness) * 1000 / clock_mhz
        # bit / (Gbit/s) = ns
        latency = smooth_maximum(on_chip_ns, work.traffic.off_chip / self.offchip_gbit_per_s, hardness)
        cycles = latency * clock_mhz / 1000
        scale = energy_factor(self.supply_v, technology)
        energy = {name: scale * pj for name, pj in dynamic_pj(build, work, units, cycles, workload, technology).items()}
        areas = areas_um2(build, units, workload, technology)
        energy["leakage"] = leakage_mw(build, areas, technology) * leakage_factor(self.supply_v, technology) * latency
        # a chip of its own: the array's supply does not reach it
        background_mw = technology["offchip_background_mw_per_gbit_per_s"] * self.offchip_gbit_per_s
        energy["off_chip"] = work.traffic.off_chip * technology["offchip_pj_per_bit"] + background_mw * latency
        areas["off_chip"] = technology["offchip_interface_um2_per_gbit_per_s"] * self.offchip_gbit_per_s
        asked = jnp.maximum(self.clock_mhz / fastest_mhz, over_capacity(build.memories, workload) if build.closed else 0)
        return Cost(
            workload.names,
            COMPONENTS,
            jnp.stack([energy[name] for name in COMPONENTS], axis=1),
            latency,
            # clock, control and leakage occupy none
            jnp.stack([areas.get(name, jnp.zeros_like(self.rows)) for name in COMPONENTS]),
            # the closed forms are a cycle short, so a small array may come out busy for more than all of it
            jnp.minimum(work.products * work.streamed / (self.rows * self.columns * cycles), 1),
            jnp.log(jnp.maximum(asked * _ROUNDING, 1)),
        )

    def _build(self, closed: bool, hardness: ArrayLike) -> Build:
        memories = Memories(self.scratchpad_kb, self.input_buffer_kb, self.weight_buffer_kb, self.output_buffer_kb)
        # nothing to weigh: the mixture would be in every program for a factor of 1
        alone = len(self.treatments) == 1
        zeros = self.treatments[0] if alone else MixedZeros(self.treatments, sharpened(self.zeros[None], hardness)[0])
        return Build(Grid(self.rows, self.columns), memories, zeros, closed)

    def _with_memory(self, technology: Technology, hardness: ArrayLike) -> Technology:
        # the technology's own cell where nothing is to choose
        if not self.memory_names:
            return technology
        return technology.with_memory(self.memory_names, sharpened(self.memory[None], hardness)[0])
