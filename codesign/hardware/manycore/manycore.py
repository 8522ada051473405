"""Event-driven many-core chips: cores with their own neurons and synapses, joined by a mesh that carries spikes.

Every step each core visits its neurons (`updates`), sends a message per spike and destination core, and, at the same time, adds a
weight for every synaptic event. Under a barrier all layers work in the same step, so a spike needs one step per layer and the slowest
core sets the pace, by its neurons or by its synapses; without one each core waits for its neighbours alone (`synchronisation`).
An ANN layer runs as one step of graded spikes: only non-zero activations travel.

Sources: Davies et al., IEEE Micro 2018 (Loihi); SANA-FE (SLAM-Lab), whose energy equation this family reproduces under its
constants. Different from SANA-FE: layers are placed by their statistics and not neuron by neuron, layers do not share a core,
supply, message length, memory sizes and leakage count, and the inputs of the first layer and the outputs of the last are messages too.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.cost import Cost
from codesign.hardware.manycore.core import Core, EventPrices, address_excess
from codesign.hardware.manycore.events import Events, count_events, links_of, stored_bits
from codesign.hardware.manycore.placement import AbstractPlacement, Hops, SnakePlacement
from codesign.hardware.manycore.prices import event_prices, has_measured_events
from codesign.hardware.manycore.ranges import RANGES
from codesign.hardware.manycore.synapses import AbstractSynapses, DenseSynapses, SparseSynapses
from codesign.hardware.manycore.synchronisation import SYNCHRONISATIONS, AbstractSynchronisation, Busy
from codesign.hardware.manycore.updates import UPDATES, AbstractUpdates
from codesign.hardware.parameters.leaves import float_leaves, named_options, option
from codesign.hardware.parameters.shares import sharpened, weighed
from codesign.hardware.partial import AbstractPartialHardware
from codesign.numerics import held_between
from codesign.parameters.legal import LegalNames, LegalRange
from codesign.technology.sram import CELLS
from codesign.technology.technology import Technology
from codesign.workloads.workload import LayerWork, Workload

COMPONENTS: Final = ("neuron", "synapse", "message", "hop", "control", "leakage", "cores")
"""Names of what energy and area are attributed to, in the order of a cost."""
DEFAULTS: Final = {name: legal.default for name, legal in RANGES.items()}
"""Value of each parameter that is left out, in the units of the class."""
SYNAPSES: Final = {"dense": DenseSynapses(), "sparse": SparseSynapses()}
"""Formats of dense and recurrent layers, by name."""
NAMED: Final = {
    "memory": LegalNames(tuple(CELLS)),
    "synchronisation": LegalNames(tuple(SYNCHRONISATIONS)),
    "synapses": LegalNames(tuple(SYNAPSES)),
    "updates": LegalNames(tuple(UPDATES)),
}
"""What cores choose by name."""


class _Rules(NamedTuple):
    """How cores work, once it is chosen."""

    way: AbstractSynchronisation
    synapses: AbstractSynapses
    updates: AbstractUpdates


class ManyCore(AbstractPartialHardware):
    """A mesh of event-driven cores.

    `Cost.latency_ns` is attributed to the layers that set the pace of a step: it sums to the time of one inference, under a barrier
    (timesteps + layers - 1) steps. Energy is that of `timesteps` steps per layer, as in a stream of inferences.

    Attributes:
        neurons_per_core: neurons that one core holds.
        synapse_memory_kb: synapse memory of one core [kB].
        message_bits: length of the message of a binary spike, and width of the links [bit]; a payload adds to the length.
        clock_mhz: event rate of a core [MHz], where the technology has no measured event times; illegal above what the slowest memory
            follows at this supply.
        supply_v: supply voltage [V].
        memory: memory cell: share of each option, `[options]`; a chip that is built has one 1. Without options the technology's own.
        memory_names: the options.
        synchronisation: what keeps the cores in step: share of each option, as `memory`. Without options a barrier.
        synchronisation_names: the options.
        synapses: format of dense and recurrent layers: share of each option; a chip that is built has one 1.
        formats: the options.
        synapses_names: their names.
        updates: which neurons a core visits in a step: share of each option, as `synapses`.
        visits: the options.
        updates_names: their names.
        placement: where the layers sit on the mesh.
    """

    named: ClassVar[Mapping[str, LegalNames]] = NAMED

    neurons_per_core: Float[Array, ""]
    synapse_memory_kb: Float[Array, ""]
    message_bits: Float[Array, ""]
    clock_mhz: Float[Array, ""]
    supply_v: Float[Array, ""]
    memory: Float[Array, " options"]
    memory_names: tuple[str, ...] = eqx.field(static=True)
    synchronisation: Float[Array, " ways"]
    synchronisation_names: tuple[str, ...] = eqx.field(static=True)
    synapses: Float[Array, " formats"]
    formats: tuple[AbstractSynapses, ...]
    synapses_names: tuple[str, ...] = eqx.field(static=True)
    updates: Float[Array, " visits"]
    visits: tuple[AbstractUpdates, ...]
    updates_names: tuple[str, ...] = eqx.field(static=True)
    placement: AbstractPlacement

    @classmethod
    def of(
        cls,
        *,
        memory: str | Sequence[str] = (),
        synchronisation: str | Sequence[str] = (),
        synapses: str | AbstractSynapses | Sequence[str] = "dense",
        updates: str | AbstractUpdates | Sequence[str] = "every_step",
        placement: AbstractPlacement | None = None,
        **parameters: ArrayLike | Sequence[float],
    ) -> "ManyCore":
        """A chip from its parameters; those left out are Loihi's (`DEFAULTS`).

        Args:
            memory: the name of a memory cell, or those that a search may choose from, which begin with equal shares.
            synchronisation: `barrier` or `asynchronous`, or both, as `memory`.
            synapses: format of dense and recurrent layers, `dense` or `sparse`, or both, as `memory`.
            updates: `every_step`, or `on_events` for neurons that may wait for input, in layers without a bias; or both, as `memory`.
            placement: where the layers sit on the mesh.
            **parameters: numbers.

        Raises:
            ValueError: unknown parameter or option (the message gives the nearest).
        """
        names, ways = ((given,) if isinstance(given, str) else tuple(given) for given in (memory, synchronisation))
        for name in names:
            option("memory", CELLS, name)
        for name in ways:
            option("synchronisation", SYNCHRONISATIONS, name)
        formats, visits = named_options("synapses", SYNAPSES, synapses), named_options("updates", UPDATES, updates)
        return cls(
            # equal shares: nothing is chosen until a search or the user does
            memory=jnp.full(len(names), 1 / max(len(names), 1), jnp.float32),
            memory_names=names,
            synchronisation=jnp.full(len(ways), 1 / max(len(ways), 1), jnp.float32),
            synchronisation_names=ways,
            synapses=jnp.full(len(formats), 1 / len(formats), jnp.float32),
            formats=tuple(formats.values()),
            synapses_names=tuple(formats),
            updates=jnp.full(len(visits), 1 / len(visits), jnp.float32),
            visits=tuple(visits.values()),
            updates_names=tuple(visits),
            placement=SnakePlacement() if placement is None else placement,
            **float_leaves("ManyCore", DEFAULTS, parameters),
        )

    @property
    def ranges(self) -> Mapping[str, LegalRange]:
        """See `codesign.hardware.manycore.ranges`."""
        return RANGES

    @property
    def choices(self) -> Mapping[str, tuple[str, ...]]:
        """Synapses and visits, and the memory cell and what keeps cores in step where they are named."""
        named = {"memory": self.memory_names, "synchronisation": self.synchronisation_names}
        always = {"synapses": self.synapses_names, "updates": self.updates_names}
        return {**{name: options for name, options in named.items() if options}, **always}

    @property
    def limiting(self) -> frozenset[str]:
        """What sets the clock and what its memories follow, and the message; neurons take the least of a core's memory."""
        return frozenset({"clock_mhz", "supply_v", "message_bits", "synapse_memory_kb", "memory", "synchronisation"})

    def inert_parameters(self, technology: Technology) -> Mapping[str, str]:
        """Measured events have their own time and memory."""
        if not has_measured_events(technology):
            return {}
        why = f"means nothing under {technology.name!r}, whose events are measured on a chip"
        return {"clock_mhz": f"{why}, times included", "memory": f"{why}, memories included"}

    def unsupported(self, layer: LayerWork) -> str | None:
        """Attention has no stored weights that an event could select."""
        if layer.kind == "attention":
            return "both operands of attention are dynamic, an event-driven core adds stored weights"
        return None

    def cost(self, workload: Workload, technology: Technology, hardness: ArrayLike = 1.0) -> Cost:
        """Cost of one inference with the whole network on this chip; see `AbstractHardware.cost`.

        Raises:
            UnsupportedLayerError: the workload has an attention layer.
        """
        # `partial_cost` does not ask: a hybrid chip has replaced what cannot run
        self.require(workload)
        return self.partial_cost(workload, technology, jnp.ones_like(workload.input_rate), hardness)

    def partial_cost(self, workload: Workload, technology: Technology, share: Float[Array, " layers"], hardness: ArrayLike = 1.0) -> Cost:
        """Cost when only a share of each layer is placed here."""
        if self.memory_names:
            technology = technology.with_memory(self.memory_names, sharpened(self.memory[None], hardness)[0])
        found = [(part, self._ruled(rules, workload, technology, share, hardness)) for part, rules in self._open(hardness)]
        # nothing to weigh: the mixture would be in every program for a factor of 1
        return found[0][1] if len(found) == 1 else weighed(*zip(*found, strict=True))

    def _open(self, hardness: ArrayLike) -> Iterator[tuple[ArrayLike, _Rules]]:
        """Every combination of what is left open, with its share; a barrier where nothing is said."""
        ways = tuple(SYNCHRONISATIONS[name] for name in self.synchronisation_names or ("barrier",))
        chosen = zip((ways, self.formats, self.visits), (self.synchronisation, self.synapses, self.updates), strict=True)
        axes = [_shares(options, shares, hardness) for options, shares in chosen]
        for (a, way), (b, synapses), (c, updates) in itertools.product(*axes):
            yield a * b * c, _Rules(way, synapses, updates)

    def _ruled(
        self, rules: _Rules, workload: Workload, technology: Technology, share: Float[Array, " layers"], hardness: ArrayLike
    ) -> Cost:
        way, synapses, updates = rules
        events = count_events(self._core(), synapses, updates, workload, hardness)
        links = links_of(events, workload)
        core = updates.built(way.built(self._core(), links), workload)
        prices = event_prices(core, workload, synapses.name, stored_bits(core, synapses, workload), technology, hardness)
        prices = updates.priced(prices, core, workload, technology)
        hops = self.placement.hops(events.cores, workload)
        held = jnp.sum(share * events.cores)
        flight = hops.east_west * prices.east_west.ns + hops.north_south * prices.north_south.ns
        barrier = prices.barrier(held / self.placement.cores_per_tile)
        latency, step = way.timing(Busy(way.halves(_core_times(events, prices), links, prices), flight, share, barrier), workload, hardness)
        energies = _energies(events, way.messages(events.messages, links), hops, workload, prices)
        # mW ns = pJ
        waiting = [power * held * latency for power in (prices.control_mw, prices.leakage_mw)]
        return Cost(
            workload.names,
            COMPONENTS,
            jnp.stack([*energies, *waiting, jnp.zeros_like(latency)], axis=1),
            latency,
            # area is that of whole cores and does not split by event
            jnp.zeros(len(COMPONENTS), held.dtype).at[-1].set(prices.area_um2 * held),
            # a part of the step's own time, to rounding
            held_between(share * events.synaptic / events.full_cores * prices.synapse.ns / step, 0, 1),
            jnp.maximum(prices.excess, address_excess(self._core(), held)),
        )

    def allocation(self, workload: Workload) -> Mapping[str, Float[Array, " layers"]]:
        """Cores of each layer."""
        return {"cores": self.events(workload).cores}

    def events(self, workload: Workload, hardness: ArrayLike = 1.0) -> Events:
        """Cores, messages and synaptic events of one step."""
        counted = [(part, count_events(self._core(), *rules[1:], workload, hardness)) for part, rules in self._open(hardness)]
        return counted[0][1] if len(counted) == 1 else weighed(*zip(*counted, strict=True))

    def _core(self) -> Core:
        return Core(self.neurons_per_core, self.synapse_memory_kb, self.message_bits, self.clock_mhz, self.supply_v)


def _shares(options: Sequence[Any], shares: Float[Array, " options"], hardness: ArrayLike) -> list[tuple[Any, Any]]:
    """Options with their shares; the only one has all, whatever is said."""
    return [(1.0, options[0])] if len(options) == 1 else [*zip(sharpened(shares[None], hardness)[0], options, strict=True)]


def _energies(events: Events, messages: Array, hops: Hops, workload: Workload, prices: EventPrices) -> list[Float[Array, " layers"]]:
    """Energy of neurons, synapses, messages and hops in one inference [pJ]."""
    # what the last layer answers leaves the chip
    last = jnp.zeros_like(events.spikes_out).at[-1].set(events.spikes_out[-1])
    neurons = events.visited * prices.access.pj + events.updated * prices.update.pj + events.spikes_out * prices.spike.pj
    flight = hops.east_west * prices.east_west.pj + hops.north_south * prices.north_south.pj
    leaving = hops.leaving[0] * prices.east_west.pj + hops.leaving[1] * prices.north_south.pj
    per_step = [
        neurons + workload.encoded * workload.static("encoded_inputs") * prices.encode_pj,
        events.synaptic * prices.synapse.pj,
        messages * (prices.message.pj + prices.receive.pj) + last * prices.message.pj,
        messages * flight + last * leaving,
    ]
    energies = [workload.timesteps * energy for energy in per_step]
    # to ask whether to stop is to visit the layer's neurons once more
    energies[0] += workload.exit_checks * events.neurons * prices.access.pj
    return energies


def _core_times(events: Events, prices: EventPrices) -> Float[Array, "2 layers"]:
    """Time that either half of the slowest core of each layer is busy in a step [ns].

    The first half visits, updates and fires neurons and sends their spikes, the second receives messages and integrates their synaptic
    events. They work at once: a message is integrated while later neurons are still visited (SANA-FE's model of Loihi).

    It is a full core: the one that is left over holds less. So cores that only their memory calls for do not make a step faster.
    """
    # a layer sends what the next one receives, as long as that is; the last one's spikes leave the chip, one message each
    messages = events.messages
    sending_ns = jnp.concatenate([messages[1:] * prices.message.ns[1:], events.spikes_out[-1:] * prices.message.ns[-1:]])
    neuron_side = (
        (events.visited, prices.access),
        (events.updated, prices.update),
        (events.spikes_out, prices.spike),
    )
    neurons = sum((count * action.ns for count, action in neuron_side), sending_ns) / events.neuron_cores
    synapses = messages / events.cores * prices.receive.ns + events.synaptic / events.full_cores * prices.synapse.ns
    return jnp.stack([neurons, synapses])
