"""Analog in-memory crossbars: weights as conductances, spikes or bits on the rows, converters on the columns.

A layer's `K x N` matrix is cut into arrays of `rows x columns` cells. One vector read drives the active rows of an array, and each
converter digitises the columns it serves one after another; shift-and-add units join bit slices, input digits and row tiles; digital
units hold the neurons. Energy follows the measured activity: rows without an event are not driven, tiles without an active row are not
converted, and traffic is a bitmap or address events, whichever is smaller.

What runs where: convolutions (any stride), dense and recurrent layers on arrays; groups side by side on an array's diagonal; layers
larger than an array on several, smaller ones on part of one, paying for all of its area; pooling and attention, whose operands are both
dynamic, on digital adders. A residual addition is one more input of a neuron and is not charged apart.

Corrected here against SpikeSim's model (`codesign.published`): energy and area of an array grow with its rows and columns and the area
constant is not used as an energy; latency follows mapping, converter sharing and duplication, and counts positions as energy does;
neuron state exists for every layer; each layer has its own kernel; drivers, network, programming and leakage exist; spikes, weight
bits and converter bits count; any order of layer sizes maps, including layers that are all smaller than one array.
"""

from collections.abc import Sequence
from typing import Final

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.cost import Cost
from codesign.hardware.crossbar import activity as crossbar_activity
from codesign.hardware.crossbar import prices as crossbar_prices
from codesign.hardware.crossbar.columns import AbstractColumns, DifferentialColumns, OffsetColumns
from codesign.hardware.crossbar.mapping import Design, Mapping, map_layers
from codesign.hardware.parameters.leaves import float_leaves, option
from codesign.hardware.parameters.per_layer import per_layer
from codesign.hardware.partial import AbstractPartialHardware
from codesign.hardware.parts.interconnect import AbstractInterconnect, HTree, Mesh
from codesign.numerics import safe_divide
from codesign.technology.technology import Technology
from codesign.workloads.workload import LayerWork, Workload

COMPONENTS: Final = ("array", "adc", "drivers", "accumulate", "buffers", "interconnect", "neurons", "programming", "leakage")
DEFAULTS: Final = {
    "rows": 128,
    "columns": 128,
    "adc_bits": 6,
    "columns_per_adc": 8,
    "cell_bits": 2,
    "programming_sigma": 0.03,
    "clock_mhz": 200,
    "refresh_s": 86400,
    "driver_bits": 1,
    "arrays_per_tile": 8,
    "buffer_kb": 16,
    "bus_bits": 64,
    "duplication": 1,
    "channels_per_neuron": 1,
    "adder_lanes": 128,
}
ENCODINGS: Final = {"differential": DifferentialColumns(), "offset": OffsetColumns()}
INTERCONNECTS: Final = {"mesh": Mesh(), "htree": HTree()}


class Crossbar(AbstractPartialHardware):
    """Crossbar tiles with shared converters, wires inside a tile and a network between tiles; layers run one after another.

    Parameters are scalars, or one value per layer of the workload or per layer that has weights.

    Attributes:
        rows, columns: cells of one array.
        adc_bits: converter resolution [bit].
        columns_per_adc: columns that share one converter, converted one after another.
        cell_bits: bits stored in one device.
        programming_sigma: conductance spread left after program-and-verify, as a share of Gmax.
        clock_mhz: digital clock and conversion rate [MHz].
        refresh_s: time from one programming to the next [s]. Devices are measured at its end, and programming is shared by the inferences
            in between, taken to follow each other without a pause: a chip that rests pays more for each of them than is charged.
        driver_bits: input bits applied at once; 1 is a spike driver, more a multi-level driver.
        arrays_per_tile: arrays that share a buffer and a place in the network.
        buffer_kb: input buffer of a tile [KB].
        bus_bits: width of the bus into each array [bit].
        duplication: copies of each layer's weights, working on different positions at once.
        channels_per_neuron: channels that share one neuron unit.
        adder_lanes: digital adders of a pooling or attention layer.
        encoding: how signed weights become columns (static).
        interconnect: how tiles are joined (static).
    """

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
    # strategies choose what is traced, hence static and hashable
    encoding: AbstractColumns = eqx.field(static=True)
    interconnect: AbstractInterconnect = eqx.field(static=True)

    @classmethod
    def of(
        cls,
        *,
        encoding: str | AbstractColumns = "differential",
        interconnect: str | AbstractInterconnect = "mesh",
        **parameters: ArrayLike | Sequence[float],
    ) -> "Crossbar":
        """A crossbar from its parameters; those left out take the values of `DEFAULTS`.

        Raises:
            ValueError: unknown parameter or option (the message gives the nearest).
        """
        return cls(
            encoding=option("encoding", ENCODINGS, encoding),
            interconnect=option("interconnect", INTERCONNECTS, interconnect),
            **float_leaves("Crossbar", DEFAULTS, parameters),
        )

    def unsupported(self, layer: LayerWork) -> str | None:
        """None: every kind of layer runs."""
        return None

    def mapping(self, workload: Workload, hardness: ArrayLike = 1.0) -> Mapping:
        """Where every layer lies: tiles, arrays, copies, reads."""
        return map_layers(self._design(workload), workload, hardness)

    def cost(self, workload: Workload, technology: Technology, hardness: ArrayLike = 1.0) -> Cost:
        """Cost of one inference by layer and component; see `AbstractHardware.cost`."""
        # no `require`: every kind of layer runs
        return self.partial_cost(workload, technology, jnp.ones_like(workload.input_rate), hardness)

    def partial_cost(self, workload: Workload, technology: Technology, share: Float[Array, " layers"], hardness: ArrayLike = 1.0) -> Cost:
        """Cost when only a share of each layer is placed here; see `AbstractPartialHardware.partial_cost`."""
        technology.require_first_principles("Crossbar")
        design = self._design(workload)
        mapping = map_layers(design, workload, hardness)
        work = crossbar_activity.count(design, mapping, workload, hardness)
        areas = [share * area for area in crossbar_prices.area_um2(design, mapping, workload, technology)]
        leaking = jnp.sum(share * crossbar_prices.leakage_mw(design, mapping, workload, technology))
        # one memory for the potentials of all layers: its size sets the price of an access
        memory_kb = jnp.sum(share * crossbar_prices.state_kb(workload))
        # neurons (the last area) sit outside the tiles. 1 um where nothing is placed: a root has no finite slope at 0
        side = jnp.sqrt(safe_divide(sum(jnp.sum(area) for area in areas[:-1]), jnp.sum(share * mapping.tiles), 1.0))
        running = crossbar_prices.latency_ns(design, mapping, work, workload, technology, hardness)
        refreshing = crossbar_prices.refreshing(design, jnp.sum(share * running))
        latency = running + mapping.weighted * refreshing * crossbar_prices.programming_ns(design, technology)
        dynamic = crossbar_prices.energy_pj(design, mapping, work, workload, memory_kb, side, refreshing, technology)
        return Cost(
            workload.names,
            COMPONENTS,
            # mW ns = pJ
            jnp.stack([energy + jnp.zeros_like(latency) for energy in (*dynamic, leaking * latency)], axis=1),
            latency,
            jnp.stack([*(jnp.sum(area) for area in areas), *jnp.zeros((2,), latency.dtype)]),
            # 0 without arrays; clipped, as a full array may come out above 1 by a rounding
            jnp.clip(safe_divide(mapping.used_cells, mapping.arrays * design.rows * design.columns), 0, 1),
        )

    def _design(self, workload: Workload) -> Design:
        # DEFAULTS, chip and `Design` have the same names
        values = {name: per_layer(f"Crossbar.{name}", getattr(self, name), workload) for name in DEFAULTS}
        return Design(encoding=self.encoding, interconnect=self.interconnect, **values)
