"""Event-driven many-core chips: cores with their own neurons and synapses, joined by a mesh that carries spikes.

Every step each core visits its neurons, sends a message per spike and destination core, and, at the same time, adds a weight for
every synaptic event; a barrier ends the step. All layers work in the same step, so a spike needs one step per layer and the slowest
core sets the pace, by its neurons or by its synapses.
An ANN layer runs as one step of graded spikes: only non-zero activations travel.

Sources: Davies et al., IEEE Micro 2018 (Loihi); SANA-FE (SLAM-Lab), whose energy equation this family reproduces under its
constants. Different from SANA-FE: layers are placed by their statistics and not neuron by neuron, layers do not share a core,
supply, message length, memory sizes and leakage count, and the inputs of the first layer are messages too.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.cost import Cost
from codesign.hardware.manycore.placement import AbstractPlacement, SnakePlacement
from codesign.hardware.manycore.prices import Core, EventPrices, event_prices
from codesign.hardware.manycore.synapses import AbstractSynapses, DenseSynapses, SparseSynapses
from codesign.hardware.parameters.leaves import float_leaves, option
from codesign.hardware.parameters.pieces import pieces
from codesign.hardware.partial import AbstractPartialHardware
from codesign.hardware.parts.activity import share_with_any
from codesign.numerics import held_between, safe_log
from codesign.technology.technology import Technology
from codesign.workloads.workload import LayerWork, Workload

COMPONENTS: Final = ("neuron", "synapse", "message", "hop", "leakage", "cores")
LEAST_NS: Final = 1e-15  # of a step: less is nothing placed at all, and its reciprocal squared is still a float32
TIE: Final = 1e-5  # of the longest time, far above the rounding of float32: layers this near to it set the pace together
DEFAULTS: Final = {
    "neurons_per_core": 1024.0,
    "synapse_memory_kb": 128.0,
    "message_bits": 32.0,
    "clock_mhz": 200.0,
    "supply_v": 0.75,
}
SYNAPSES: Final = {"dense": DenseSynapses(), "sparse": SparseSynapses()}


class Events(NamedTuple):
    """What happens in one step, per layer.

    Attributes:
        cores: cores that hold the layer.
        neuron_cores, full_cores: the layer's neurons, and whatever of it is scarcest, over what one core can hold; at least one.
        neurons: mapped neurons.
        updated: neurons with at least one input.
        spikes_in: events into the layer.
        spikes_out: events out of it.
        destinations: cores that an event into the layer is sent to.
        synaptic: synaptic events.
    """

    cores: Float[Array, " layers"]
    neuron_cores: Float[Array, " layers"]
    full_cores: Float[Array, " layers"]
    neurons: Float[Array, " layers"]
    updated: Float[Array, " layers"]
    spikes_in: Float[Array, " layers"]
    spikes_out: Float[Array, " layers"]
    destinations: Float[Array, " layers"]
    synaptic: Float[Array, " layers"]


class ManyCore(AbstractPartialHardware):
    """A mesh of event-driven cores.

    `Cost.latency_ns` is attributed to the layers that set the pace of a step: it sums to the time of one inference,
    (timesteps + layers - 1) steps. Energy is that of `timesteps` steps per layer, as in a stream of inferences.

    Attributes:
        neurons_per_core: neurons that one core holds.
        synapse_memory_kb: synapse memory of one core [kB].
        message_bits: length of the message of a binary spike [bit]; a payload adds to it.
        clock_mhz: event rate of a core [MHz], where the technology has no measured event times; bounded by the supply.
        supply_v: supply voltage [V].
        synapses: format of dense and recurrent layers.
        placement: where the layers sit on the mesh.
    """

    neurons_per_core: Float[Array, ""]
    synapse_memory_kb: Float[Array, ""]
    message_bits: Float[Array, ""]
    clock_mhz: Float[Array, ""]
    supply_v: Float[Array, ""]
    synapses: AbstractSynapses
    placement: AbstractPlacement

    @classmethod
    def of(
        cls,
        *,
        synapses: str | AbstractSynapses = "dense",
        placement: AbstractPlacement | None = None,
        **parameters: ArrayLike | Sequence[float],
    ) -> "ManyCore":
        """A chip from its parameters; those left out are Loihi's (`DEFAULTS`).

        Raises:
            ValueError: unknown parameter or option (the message gives the nearest).
        """
        return cls(
            synapses=option("synapses", SYNAPSES, synapses),
            placement=SnakePlacement() if placement is None else placement,
            **float_leaves("ManyCore", DEFAULTS, parameters),
        )

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
        prices = event_prices(self._core(), workload, self.synapses.name, self._stored_bits(workload), technology, hardness)
        events = self.events(workload, hardness)
        hops = self.placement.hops(events.cores, workload)
        messages = events.spikes_in * events.destinations
        held = jnp.sum(share * events.cores)
        flight = hops.east_west * prices.east_west.ns + hops.north_south * prices.north_south.ns
        # weighed: what is placed elsewhere must not set the pace here
        pace, setters = _pace(share * (_core_times(events, messages, prices) + flight), hardness)
        step = pace + prices.barrier(held / self.placement.cores_per_tile)
        # one step more for every further layer that a spike has to cross
        latency = (jnp.max(workload.timesteps) + jnp.maximum(jnp.sum(share) - 1, 0)) * step * setters
        per_step = [
            events.neurons * prices.access.pj + events.updated * prices.update.pj + events.spikes_out * prices.spike.pj,
            events.synaptic * prices.synapse.pj,
            messages * prices.message.pj,
            messages * (hops.east_west * prices.east_west.pj + hops.north_south * prices.north_south.pj),
        ]
        # mW ns = pJ
        leakage = prices.leakage_mw * held * latency
        return Cost(
            workload.names,
            COMPONENTS,
            jnp.stack([*(workload.timesteps * energy for energy in per_step), leakage, jnp.zeros_like(latency)], axis=1),
            latency,
            # area is that of whole cores and does not split by event
            jnp.zeros(len(COMPONENTS), held.dtype).at[-1].set(prices.area_um2 * held),
            # a part of the step's own time, to rounding
            held_between(share * events.synaptic / events.full_cores * prices.synapse.ns / step, 0, 1),
        )

    def events(self, workload: Workload, hardness: ArrayLike = 1.0) -> Events:
        """Cores, messages and synaptic events of one step."""
        static, rate = workload.static, workload.input_rate
        neurons = static("neurons_out")
        kept = _of_matrices(workload, self.synapses.stored_share(workload.weight_density), jnp.ones_like(rate))
        stored_kb = static("weights") * kept * self._stored_bits(workload) / 8192
        for_synapses = pieces(stored_kb, self.synapse_memory_kb, hardness)
        cores = jnp.maximum(pieces(neurons, self.neurons_per_core, hardness), for_synapses)
        # a missing synapse wakes nobody
        fan_in = static("fan_in") * kept
        # not rounded up: times are divided by this, which gives those of a full core (`_core_time`)
        neuron_cores = jnp.maximum(neurons / self.neurons_per_core, 1)
        return Events(
            cores=cores,
            neuron_cores=neuron_cores,
            full_cores=jnp.maximum(neuron_cores, stored_kb / self.synapse_memory_kb),
            neurons=neurons,
            updated=neurons * share_with_any(rate, fan_in),
            spikes_in=rate * static("neurons_in"),
            spikes_out=workload.output_rate * neurons,
            destinations=_destinations(workload, cores, for_synapses),
            synaptic=rate * _synapses(workload) * kept,
        )

    def _core(self) -> Core:
        return Core(self.neurons_per_core, self.synapse_memory_kb, self.message_bits, self.clock_mhz, self.supply_v)

    def _stored_bits(self, workload: Workload) -> Float[Array, " layers"]:
        """Bits of one stored synapse of each layer."""
        return _of_matrices(workload, self.synapses.stored_bits(workload.weight_bits, self.neurons_per_core), workload.weight_bits)


def _of_matrices(workload: Workload, matrix: Array, otherwise: Array) -> Float[Array, " layers"]:
    """`matrix` where a layer is a full matrix (dense, recurrent), `otherwise` where it shares a kernel."""
    return jnp.where(np.asarray([layer.kind in ("dense", "recurrent") for layer in workload]), matrix, otherwise)


def _synapses(workload: Workload) -> Float[Array, " layers"]:
    """Connections of each layer: its multiply-accumulates, and the windows of a pooling layer."""
    # pooling has no multiply-accumulates, but its spikes are added all the same
    connections = [layer.neurons_out * layer.fan_in if layer.kind == "pool" else layer.macs for layer in workload]
    return jnp.asarray(np.asarray(connections, float), workload.input_rate.dtype)


def _destinations(workload: Workload, cores: Array, for_synapses: Array) -> Float[Array, " layers"]:
    """Cores that one input event reaches.

    A layer that outgrows one core's synapses, or whose pixel outgrows one core's neurons, is cut by channels, and every event goes to
    every cut (of its own group). Otherwise its map is cut into near-square pieces, and an event reaches the pieces that its window
    overlaps: `(1 + (window - 1) / side)^2` on average.
    """
    positions, groups = workload.static("positions"), workload.static("groups")
    by_channel = jnp.clip(jnp.maximum(for_synapses, cores / positions), 1, cores)
    areas = cores / by_channel
    # along a side, one input lies in kernel / stride windows
    window = [max(math.sqrt(layer.kernel_height * layer.kernel_width) / layer.stride, 1) for layer in workload]
    overlap = (1 + (jnp.asarray(window, cores.dtype) - 1) * jnp.sqrt(areas / positions)) ** 2
    # cuts of other groups hold no synapse of the event
    return jnp.maximum(by_channel / groups, 1) * jnp.minimum(overlap, areas)


def _core_times(events: Events, messages: Array, prices: EventPrices) -> Float[Array, "2 layers"]:
    """Time that either half of the slowest core of each layer is busy in a step [ns].

    The first half visits, updates and fires neurons and sends their spikes, the second receives messages and integrates their synaptic
    events. They work at once: a message is integrated while later neurons are still visited (SANA-FE's model of Loihi).

    It is a full core: the one that is left over holds less. So cores that only their memory calls for do not make a step faster.
    """
    # a layer sends what the next one receives, as long as that is; the last one's spikes leave the chip, one message each
    sending_ns = jnp.concatenate([messages[1:] * prices.message.ns[1:], events.spikes_out[-1:] * prices.message.ns[-1:]])
    neuron_side = (
        (events.neurons, prices.access),
        (events.updated, prices.update),
        (events.spikes_out, prices.spike),
    )
    neurons = sum((count * action.ns for count, action in neuron_side), sending_ns) / events.neuron_cores
    synapses = messages / events.cores * prices.receive.ns + events.synaptic / events.full_cores * prices.synapse.ns
    return jnp.stack([neurons, synapses])


def _pace(times: Float[Array, "2 layers"], hardness: ArrayLike) -> tuple[Float[Array, ""], Float[Array, " layers"]]:
    """The slowest half core's time, and each layer's share in setting it (shares sum to 1; a p-norm below hardness 1)."""
    hardness = jnp.asarray(hardness, times.dtype)
    soft_range = hardness < 1
    # as `numerics.smooth_maximum`, but over both halves of all layers at once
    power = 4 / jnp.where(soft_range, 1 - hardness, 1)
    longest = jnp.maximum(jnp.max(times), LEAST_NS)
    # neither the norm nor the shares depend on what times are scaled by: no gradient of it
    scale = jax.lax.stop_gradient(longest)
    logs = power * safe_log(times / scale)
    # layers that tie share the pace; not `==`: a compiler may compute the times once for the maximum and once more, rounded otherwise, here
    slowest = (times >= longest * (1 - TIE)).astype(times.dtype)
    soft = scale * jnp.exp(jax.nn.logsumexp(logs) / power)
    shares = jnp.where(soft_range, jax.nn.softmax(logs, axis=(0, 1)), slowest / jnp.maximum(jnp.sum(slowest), 1))
    return jnp.where(soft_range, soft, longest), jnp.sum(shares, axis=0)
