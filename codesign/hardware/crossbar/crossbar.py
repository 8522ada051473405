"""Analog in-memory crossbars: weights as conductances, spikes or bits on the rows, converters on the columns.

A layer's `K x N` matrix is cut into arrays of `rows x columns` cells. One vector read drives the active rows of an array, and each
converter digitises the columns it serves one after another; shift-and-add units join bit slices, input digits and row tiles; digital
units hold the neurons. Energy follows the measured activity: rows without an event are not driven, tiles without an active row are not
converted, and traffic is a bitmap or address events, whichever is smaller.

What runs where: convolutions (any stride), dense and recurrent layers on arrays; groups side by side on an array's diagonal; layers
larger than an array on several, smaller ones on part of one, paying for all of its area; pooling and attention, whose operands are both
dynamic, on digital adders. A tile has arrays of one layer, and so of one shape; tiles lie on a grid whose pitch is the mean tile's.
What is charged and what is not: `codesign.hardware.crossbar.boundary`.

Corrected here against SpikeSim's model (`codesign.published`): energy and area of an array grow with its rows and columns and the area
constant is not used as an energy; latency follows mapping, converter sharing and duplication, and counts positions as energy does;
neuron state exists for every layer; each layer has its own kernel; drivers, network, programming and leakage exist; spikes, weight
bits and converter bits count; any order of layer sizes maps, including layers that are all smaller than one array.
"""

import dataclasses
from collections.abc import Mapping as Choices
from collections.abc import Sequence
from typing import ClassVar, Final

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.cost import Cost
from codesign.hardware.crossbar import activity as crossbar_activity
from codesign.hardware.crossbar import prices as crossbar_prices
from codesign.hardware.crossbar.area import areas_um2, leakage_mw
from codesign.hardware.crossbar.buffers import count_maps
from codesign.hardware.crossbar.cells.choice import cells_in
from codesign.hardware.crossbar.columns import AbstractColumns, DifferentialColumns, OffsetColumns
from codesign.hardware.crossbar.mapping import Design, Mapping, map_layers
from codesign.hardware.crossbar.ranges import GIVEN, RANGES, UNPRICED
from codesign.hardware.parameters.leaves import float_leaves, named_options, option
from codesign.hardware.parameters.per_layer import per_layer
from codesign.hardware.parameters.shares import mean_over, sharpened
from codesign.hardware.partial import AbstractPartialHardware
from codesign.hardware.parts.interconnect import AbstractInterconnect, HTree, Mesh, MixedInterconnect
from codesign.hardware.parts.memory import clock_excess
from codesign.numerics import safe_divide
from codesign.parameters.legal import LegalNames, LegalRange
from codesign.technology.sram import CELLS
from codesign.technology.technology import Technology
from codesign.workloads.workload import LayerWork, Workload

COMPONENTS: Final = (
    "array",
    "adc",
    "drivers",
    "decoders",
    "accumulate",
    "buffers",
    "interconnect",
    "neurons",
    "programming",
    "clock",
    "control",
    "off_chip",
    "leakage",
)
"""Names of what energy and area are attributed to, in the order of a cost."""
DEFAULTS: Final = {name: legal.default for name, legal in RANGES.items()}
"""Value of each parameter that is left out, in the units of the class."""
INFERENCES_PER_S: Final = 1.0  # assumed: programming is all that depends on it
ENCODINGS: Final = {"differential": DifferentialColumns(), "offset": OffsetColumns()}
"""How signed weights become columns, by name."""
INTERCONNECTS: Final = {"mesh": Mesh(), "htree": HTree()}
"""How tiles are joined, by name."""
NAMED: Final = {
    "memory": LegalNames(tuple(CELLS)),
    "encoding": LegalNames(tuple(ENCODINGS)),
    "interconnect": LegalNames(tuple(INTERCONNECTS)),
    "device": LegalNames((), searched=False),
}
"""What a crossbar chooses by name."""


class Crossbar(AbstractPartialHardware):
    """Crossbar tiles with shared converters, wires inside a tile and a network between tiles; layers run one after another.

    Parameters are scalars, or one value per layer of the workload or per layer that has weights.

    Attributes:
        rows, columns: cells of one array, of one layer's arrays where each has its own.
        adc_bits: converter resolution [bit].
        columns_per_adc: columns that share one converter, converted one after another.
        cell_bits: bits stored in one device.
        programming_sigma: conductance spread left after program-and-verify, as a share of Gmax.
        clock_mhz: digital clock and conversion rate [MHz].
        refresh_s: time from one programming to the next [s]. Devices are measured at its end, and programming is shared by the inferences
            in between.
        driver_bits: input bits applied at once; 1 is a spike driver, more a multi-level driver.
        arrays_per_tile: arrays that share a buffer and a place in the network.
        buffer_kb: input buffer of a tile [KB].
        bus_bits: width of the bus into each array [bit].
        duplication: copies of each layer's weights, working on different positions at once.
        channels_per_neuron: channels that share one neuron unit.
        adder_lanes: digital adders of a pooling or attention layer.
        encoding: how signed weights become columns: share of each option; a chip that is built has one 1.
        encodings: the options (static).
        encoding_names: their names.
        interconnect: how tiles are joined: share of each option, as `encoding`.
        interconnects: the options (static).
        interconnect_names: their names.
        inferences_per_s: how often the chip is asked (static): a matter of its use, and none of its design.
        memory: cell of the buffers, and class of the logic's transistors: share of each option, none for the technology's.
        memory_names: the options.
        adc_noise: noise of one conversion, as a share of the converter's step. It is priced by the effective bits that it leaves.
        adc_offset: spread of the converters' offsets, as a share of their step. They last with the chip.
        read_noise: noise of one reading of a device, as a share of its conductance; the technology's where none is given.
        stuck_on: share of the cells that are stuck at Gmax. As the next two, that of `device` where none is given.
        stuck_off: share of the cells that are stuck at Gmin.
        levels: conductances that a cell can be programmed to.
        device: the published device (`codesign.analog.device.DEVICES`) whose stuck cells and levels these are (static); None for cells
            that all work and take any level.
    """

    named: ClassVar[Choices[str, LegalNames]] = NAMED

    rows: Float[Array, "..."]
    columns: Float[Array, "..."]
    adc_bits: Float[Array, "..."]
    columns_per_adc: Float[Array, "..."]
    cell_bits: Float[Array, "..."]
    programming_sigma: Float[Array, "..."]
    clock_mhz: Float[Array, "..."]
    refresh_s: Float[Array, "..."]
    driver_bits: Float[Array, "..."]
    arrays_per_tile: Float[Array, "..."]
    buffer_kb: Float[Array, "..."]
    bus_bits: Float[Array, "..."]
    duplication: Float[Array, "..."]
    channels_per_neuron: Float[Array, "..."]
    adder_lanes: Float[Array, "..."]
    encoding: Float[Array, "*stack encodings"]
    # strategies choose what is traced, hence static and hashable
    encodings: tuple[AbstractColumns, ...] = eqx.field(static=True)
    encoding_names: tuple[str, ...] = eqx.field(static=True)
    interconnect: Float[Array, "*stack interconnects"]
    interconnects: tuple[AbstractInterconnect, ...] = eqx.field(static=True)
    interconnect_names: tuple[str, ...] = eqx.field(static=True)
    inferences_per_s: float = eqx.field(static=True)
    # None and no empty array: chips are stacked and mapped over
    memory: Float[Array, "*stack cells"] | None
    memory_names: tuple[str, ...] = eqx.field(static=True)
    # None: nothing of the kind is drawn, and programs without it are those of chips that know nothing of it
    adc_noise: Float[Array, "..."] | None = None
    adc_offset: Float[Array, "..."] | None = None
    read_noise: Float[Array, "..."] | None = None
    stuck_on: Float[Array, "..."] | None = None
    stuck_off: Float[Array, "..."] | None = None
    levels: Float[Array, "..."] | None = None
    device: str | None = eqx.field(static=True, default=None)

    @classmethod
    def of(
        cls,
        *,
        encoding: str | AbstractColumns | Sequence[str] = "differential",
        interconnect: str | AbstractInterconnect | Sequence[str] = "mesh",
        inferences_per_s: float = INFERENCES_PER_S,
        memory: str | Sequence[str] = (),
        device: str | None = None,
        **parameters: ArrayLike | Sequence[float],
    ) -> "Crossbar":
        """A crossbar from its parameters; those left out take the values of `DEFAULTS`.

        Args:
            encoding: how signed weights become columns: one, or the names of those that a search may choose from, as `memory`.
            interconnect: how tiles are joined, one or several as `encoding`.
            inferences_per_s: how often the chip is asked, above 0; never more often than one inference after another.
            memory: a memory cell, or those that a search may choose from, which begin with equal shares; none for the technology's own.
            device: a published device whose stuck cells and levels are taken where none are given; none for cells without faults.
            **parameters: numbers.

        Raises:
            ValueError: unknown parameter or option (the message gives the nearest), or a rate of inferences that is not above 0.
        """
        if not inferences_per_s > 0:
            raise ValueError(f"Crossbar.inferences_per_s must be above 0, got {inferences_per_s!r}")
        cells = (memory,) if isinstance(memory, str) else tuple(memory)
        encodings = named_options("encoding", ENCODINGS, encoding)
        interconnects = named_options("interconnect", INTERCONNECTS, interconnect)
        # those that are given, and no others; a wrong name is told among all
        wrong = bool(parameters.keys() - DEFAULTS.keys() - GIVEN.keys())
        given = {name: legal.default for name, legal in GIVEN.items() if name in parameters or wrong}
        return cls(
            # equal shares: nothing is chosen until a search or the user does
            memory=jnp.full(len(cells), 1 / len(cells), jnp.float32) if cells else None,
            memory_names=tuple(option("memory", {name: name for name in CELLS}, cell) for cell in cells),
            encoding=jnp.full(len(encodings), 1 / len(encodings), jnp.float32),
            encodings=tuple(encodings.values()),
            encoding_names=tuple(encodings),
            interconnect=jnp.full(len(interconnects), 1 / len(interconnects), jnp.float32),
            interconnects=tuple(interconnects.values()),
            interconnect_names=tuple(interconnects),
            inferences_per_s=float(inferences_per_s),
            device=device,
            **float_leaves("Crossbar", {**DEFAULTS, **given}, parameters),
        )

    @property
    def ranges(self) -> Choices[str, LegalRange]:
        """See `codesign.hardware.crossbar.ranges`."""
        return {**RANGES, **GIVEN}

    @property
    def choices(self) -> Choices[str, tuple[str, ...]]:
        """The encoding and how tiles are joined, and the memory cell where several are named."""
        cells = {"memory": self.memory_names} if self.memory_names else {}
        return {"encoding": self.encoding_names, "interconnect": self.interconnect_names, **cells}

    @property
    def limiting(self) -> frozenset[str]:
        """What sets the clock and what its buffers follow."""
        return frozenset({"clock_mhz", "bus_bits", "buffer_kb", "memory"})

    def inert_parameters(self, technology: Technology) -> Choices[str, str]:
        """Assumptions about devices and converters that nothing prices, and what the technology's cells decide."""
        return {**UNPRICED, **cells_in(technology).inert}

    def unsupported(self, layer: LayerWork) -> str | None:
        """None: every kind of layer runs."""
        return None

    def assigned(self, layers: Sequence[LayerWork], hardness: ArrayLike = 1.0) -> "Crossbar":
        """The chip with its encodings as sharp as its cost has them; itself where there is one."""
        if len(self.encodings) == 1:
            return self
        return dataclasses.replace(self, encoding=sharpened(self.encoding[None], hardness)[0])

    def alone(self) -> tuple["Crossbar", ...]:
        """The chip with each of its encodings and no other."""
        named = zip(self.encodings, self.encoding_names, strict=True)
        return tuple(dataclasses.replace(self, encoding=jnp.ones(1), encodings=(each,), encoding_names=(name,)) for each, name in named)

    def allocation(self, workload: Workload) -> Choices[str, Float[Array, " layers"]]:
        """Arrays of each layer, copies included."""
        return {"arrays": self.mapping(workload).arrays}

    def mapping(self, workload: Workload, hardness: ArrayLike = 1.0) -> Mapping:
        """Where every layer lies: tiles, arrays, copies, reads."""

        def mapped(columns: AbstractColumns) -> Mapping:
            return map_layers(self._design(columns, workload), workload, hardness)

        return mean_over(self.encodings, self.encoding, mapped, hardness)

    def cost(self, workload: Workload, technology: Technology, hardness: ArrayLike = 1.0) -> Cost:
        """Cost of one inference by layer and component; see `AbstractHardware.cost`."""
        # no `require`: every kind of layer runs
        return self.partial_cost(workload, technology, jnp.ones_like(workload.input_rate), hardness)

    def partial_cost(self, workload: Workload, technology: Technology, share: Float[Array, " layers"], hardness: ArrayLike = 1.0) -> Cost:
        """Cost when only a share of each layer is placed here; see `AbstractPartialHardware.partial_cost`."""
        technology.require_first_principles("Crossbar")
        technology = self._with_memory(technology, hardness)

        # whole costs are weighed: bits, columns and conversions of an encoding belong together
        def built(columns: AbstractColumns) -> Cost:
            return _cost_of(self._design(columns, workload, hardness), workload, technology, share, hardness)

        return mean_over(self.encodings, self.encoding, built, hardness)

    def _with_memory(self, technology: Technology, hardness: ArrayLike) -> Technology:
        # the technology's own cell where nothing is to choose
        if self.memory is None:
            return technology
        return technology.with_memory(self.memory_names, sharpened(self.memory[None], hardness)[0])

    def _design(self, columns: AbstractColumns, workload: Workload, hardness: ArrayLike = 1.0) -> Design:
        # DEFAULTS, chip and `Design` have the same names
        priced = [name for name in (*DEFAULTS, "adc_noise") if getattr(self, name) is not None]
        values = {name: per_layer(f"Crossbar.{name}", getattr(self, name), workload) for name in priced}
        # nothing to weigh: the mixture would be in every program for a factor of 1
        alone = len(self.interconnects) == 1
        joined = self.interconnects[0] if alone else MixedInterconnect(self.interconnects, sharpened(self.interconnect[None], hardness)[0])
        return Design(encoding=columns, interconnect=joined, inferences_per_s=self.inferences_per_s, **values)


def _cost_of(design: Design, workload: Workload, technology: Technology, share: Float[Array, " layers"], hardness: ArrayLike) -> Cost:
    """Cost of a design with one encoding; see `Crossbar.partial_cost`."""
    mapping = map_layers(design, workload, hardness)
    work = crossbar_activity.count(design, mapping, workload, hardness)
    maps = count_maps(design, mapping, work, workload, share, hardness)
    areas = areas_um2(design, mapping, workload, technology)
    # one memory for the potentials of all layers: its size sets the price of an access
    memory_kb = jnp.sum(share * crossbar_prices.state_kb(workload))
    # neurons sit outside the tiles. 1 um where nothing is placed: a root has no finite slope at 0
    inside = jnp.sum(share * sum(area for name, area in areas.items() if name != "neurons"))
    side = jnp.sqrt(safe_divide(inside, jnp.sum(share * mapping.tiles), 1.0))
    leaking = jnp.sum(share * leakage_mw(design, mapping, areas, side, workload, technology))
    areas["interconnect"] = areas["interconnect"] + design.interconnect.area_um2(mapping.tiles, side, technology)
    running = crossbar_prices.latency_ns(design, mapping, work, workload, technology, hardness)
    refreshing = crossbar_prices.refreshing(design, jnp.sum(share * running))
    latency = running + mapping.weighted * refreshing * crossbar_prices.programming_ns(design, technology)
    energy = crossbar_prices.energy_pj(design, mapping, work, maps, workload, memory_kb, side, running, technology, hardness)
    energy["programming"] = refreshing * crossbar_prices.programming_pj(design, mapping, technology)
    energy["leakage"] = leaking * latency  # mW ns = pJ
    nothing = jnp.zeros_like(latency)
    overflow = jnp.log(jnp.maximum(maps.overflow, 1)) if _is_closed(technology) else 0.0
    too_dense = jnp.max(jnp.log(jnp.maximum(design.cell_bits / cells_in(technology).most_bits, 1)))
    too_fast = jnp.max(clock_excess(design.clock_mhz, design.buffer_kb, technology, design.bus_bits))
    return Cost(
        workload.names,
        COMPONENTS,
        # what is only area has no energy, and the reverse
        jnp.stack([energy.get(name, nothing) + nothing for name in COMPONENTS], axis=1),
        latency,
        jnp.stack([jnp.sum(share * areas.get(name, nothing)) for name in COMPONENTS]),
        # 0 without arrays; clipped, as a full array may come out above 1 by a rounding
        jnp.clip(safe_divide(mapping.used_cells, mapping.arrays * design.rows * design.columns), 0, 1),
        jnp.maximum(jnp.maximum(too_fast, overflow), too_dense),
    )


def _is_closed(technology: Technology) -> bool:
    """Whether the chip has no memory beside it."""
    return technology.parts is not None and technology.parts.offchip == "none"
