"""Loihi by SANA-FE: energy and time of an event-driven mesh of neuron cores at 14 nm.

Constants of SANA-FE's Loihi architecture (SLAM-Lab/SANA-FE, arch/loihi.yaml, snapshot 8951ab0), which its authors calibrated against the
chip. Davies et al. (IEEE Micro 2018) print other numbers (23.6 pJ per synaptic operation, 81 / 52 pJ per active / inactive neuron); those
are pre-silicon simulations and are not used. One time step costs, per neuron, an access (and an update where it has input, and a spike
where it fires), per spike and destination core a message and its hops, and per synapse that a spike reaches an event.

A step takes as long as its slowest core, plus the network, plus a barrier whose time grows with the tiles in use. The equations of a step
are the simulator's; how `Loihi` spreads a workload over cores is ours, because the simulator takes a placement as input: neurons fill
cores of 1024 in order, cores fill tiles of 4 in order, and a message travels a third of the width and of the height of the tiles of its
layer (the mean distance of two points on a line, taken along each side).
"""

from typing import Final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.cost import Cost
from codesign.hardware.base import AbstractHardware
from codesign.numerics import quotient, safe_divide, smooth_ceil, smooth_maximum
from codesign.published.leaves import leaf
from codesign.published.shapes import weighted
from codesign.technology.technology import Technology
from codesign.workloads.workload import LayerWork, Workload

# pJ
NEURON_ACCESS_PJ: Final = 51.2
NEURON_UPDATE_PJ: Final = 21.6  # beyond the access: 72.8 pJ in all
SPIKE_PJ: Final = 69.3
MESSAGE_PJ: Final = 111.0
HOP_EAST_WEST_PJ: Final = 3.0
HOP_NORTH_SOUTH_PJ: Final = 4.2
SYNAPSE_PJ: Final = {"dense": 35.5, "sparse": 33.6, "conv": 24.0}
# ns
NEURON_ACCESS_NS: Final = 6.0
NEURON_UPDATE_NS: Final = 3.7
SPIKE_NS: Final = 30.0
MESSAGE_OUT_NS: Final = 5.1
MESSAGE_IN_NS: Final = 16.0
HOP_EAST_WEST_NS: Final = 4.1
HOP_NORTH_SOUTH_NS: Final = 6.5
SYNAPSE_NS: Final = {"dense": 3.8, "sparse": 4.7, "conv": 3.1}
BARRIER_TILES: Final = (1.0, 2.0, 4.0, 29.0)
BARRIER_NS: Final = (600.0, 1000.0, 1400.0, 1800.0)
CORES_PER_TILE: Final = 4
MESH_WIDTH: Final = 8  # 32 tiles, 8 by 4
COMPONENTS: Final = ("neurons", "messages", "hops", "synapses")


def neuron_energy(accesses: ArrayLike, updates: ArrayLike, spikes: ArrayLike) -> Float[Array, "..."]:
    """Energy of neurons in one step [pJ]: all are accessed, those with input are updated, those that fire spike."""
    return NEURON_ACCESS_PJ * jnp.asarray(accesses) + NEURON_UPDATE_PJ * jnp.asarray(updates) + SPIKE_PJ * jnp.asarray(spikes)


def hop_energy(east_west: ArrayLike, north_south: ArrayLike) -> Float[Array, "..."]:
    """Energy of a message on its way [pJ]."""
    return HOP_EAST_WEST_PJ * jnp.asarray(east_west) + HOP_NORTH_SOUTH_PJ * jnp.asarray(north_south)


def message_energy(messages: ArrayLike, east_west: ArrayLike, north_south: ArrayLike) -> Float[Array, "..."]:
    """Energy of messages (one per spike and destination core) and of their hops [pJ]."""
    return jnp.asarray(messages) * (MESSAGE_PJ + hop_energy(east_west, north_south))


def synapse_energy(events: ArrayLike, kind: str) -> Float[Array, "..."]:
    """Energy of synaptic events; `kind` is `dense`, `sparse` or `conv` [pJ]."""
    return SYNAPSE_PJ[kind] * jnp.asarray(events)


def spike_energy(fan_out: ArrayLike, east_west: ArrayLike, north_south: ArrayLike, kind: str = "dense") -> Float[Array, "..."]:
    """Energy that one firing neuron causes in a step with one destination core [pJ]: itself, message, hops, synapses."""
    return neuron_energy(1, 1, 1) + message_energy(1, east_west, north_south) + synapse_energy(fan_out, kind)


def barrier_ns(tiles: ArrayLike) -> Float[Array, "..."]:
    """Time of the barrier at the end of a step by tiles in use, between the tabulated numbers on a line [ns]."""
    # beyond the last point it stays there, unlike `ManyCore`, whose curve goes on
    return jnp.interp(jnp.asarray(tiles), jnp.asarray(BARRIER_TILES), jnp.asarray(BARRIER_NS))


class Loihi(AbstractHardware):
    """An event-driven mesh with SANA-FE's Loihi constants: `technology` is ignored, and so are bits and the area (0).

    All layers work at once on their own cores: a step lasts as long as the slowest core of any layer, and that time is shown at the layer
    that causes it in proportion to each layer's own. Layers that do not spike are costed as if their inputs were events.

    Attributes:
        neurons_per_core: compartments of a core.
    """

    neurons_per_core: Float[Array, "..."] = eqx.field(default=1024.0, converter=leaf)

    def unsupported(self, layer: LayerWork) -> str | None:
        """Attention: synapses are stored."""
        return "Loihi stores its synapses" if layer.kind == "attention" else None

    def cost(self, workload: Workload, technology: Technology, hardness: ArrayLike = 1.0) -> Cost:
        """Cost of one inference of as many steps as the longest layer has."""
        self.require(workload)
        dtype = workload.input_rate.dtype
        counted = jnp.asarray(weighted(workload), dtype)
        kinds = ["conv" if layer.kind == "conv" else "dense" for layer in workload]
        synapse_pj, synapse_ns = (jnp.asarray([table[kind] for kind in kinds], dtype) for table in (SYNAPSE_PJ, SYNAPSE_NS))
        neurons = counted * workload.static("neurons_out")
        spikes_in = counted * workload.static("neurons_in") * workload.input_rate
        events = counted * workload.static("macs") * workload.input_rate
        # inputs as if independent
        updated = neurons * (1 - jnp.power(jnp.maximum(1 - workload.input_rate, 0), jnp.maximum(workload.static("fan_in"), 1)))
        fired = neurons * workload.output_rate
        cores = smooth_ceil(quotient(neurons, self.neurons_per_core), hardness)
        # a convolution's spike reaches the cores that hold its window, all other layers' the whole layer
        window = jnp.asarray([_window_share(layer) for layer in workload], dtype)
        reached = jnp.maximum(1, cores * window) * counted
        tiles = smooth_ceil(cores / CORES_PER_TILE, hardness)
        east_west = jnp.minimum(tiles, MESH_WIDTH) / 3
        north_south = smooth_ceil(tiles / MESH_WIDTH, hardness) / 3
        messages = spikes_in * reached
        sent = _sent(workload, messages, fired)
        steps = workload.timesteps
        energy = [
            neuron_energy(neurons, updated, fired),
            MESSAGE_PJ * messages,
            messages * hop_energy(east_west, north_south),
            synapse_pj * events,
        ]
        # layers without weights have no core
        per_core = safe_divide(1.0, cores)
        busy = per_core * (
            NEURON_ACCESS_NS * neurons
            + NEURON_UPDATE_NS * updated
            + SPIKE_NS * fired
            + MESSAGE_OUT_NS * sent
            + MESSAGE_IN_NS * messages
            + synapse_ns * events
        )
        network = HOP_EAST_WEST_NS * east_west + HOP_NORTH_SOUTH_NS * north_south
        slowest = busy[0] + network[0] * counted[0]
        # two at a time: p-norms of one p may be nested, so the order of the layers does not matter
        for index in range(1, len(workload)):
            slowest = smooth_maximum(slowest, busy[index] + network[index] * counted[index], hardness)
        # the table has the default precision, the workload may have another
        step_ns = slowest + barrier_ns(jnp.maximum(jnp.sum(tiles), 1)).astype(dtype)
        share = safe_divide(busy, jnp.sum(busy), 1 / len(workload))
        return Cost(
            layers=workload.names,
            components=COMPONENTS,
            # each layer for its own steps, all of them in the time of the longest
            energy_pj=steps[:, None] * jnp.stack(energy, axis=-1),
            latency_ns=share * jnp.max(steps) * step_ns,
            area_um2=jnp.zeros(len(COMPONENTS), dtype),
            utilisation=jnp.minimum(safe_divide(neurons, cores * self.neurons_per_core), 1),
        )


def _sent(workload: Workload, messages: Array, fired: Array) -> Float[Array, " layers"]:
    """Messages that a layer sends in a step: those that the next layer with weights receives; the last one's spikes leave the chip."""
    counted = weighted(workload)
    following = [next((j for j in range(i + 1, len(workload)) if counted[j]), None) for i in range(len(workload))]
    return jnp.stack([fired[i] if j is None else counted[i] * messages[j] for i, j in enumerate(following)])


def _window_share(layer: LayerWork) -> float:
    """Share of a layer's output positions that one input reaches."""
    if layer.kind != "conv":
        return 1.0
    rows, columns = (-(-kernel // layer.stride) for kernel in (layer.kernel_height, layer.kernel_width))
    return float(np.minimum(rows * columns / layer.positions, 1))
