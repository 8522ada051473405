"""What happens on a many-core chip in one step: cores, messages and synaptic events, by layer, whatever they cost."""

import math
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.hardware.manycore.core import Core
from codesign.hardware.manycore.synapses import AbstractSynapses
from codesign.hardware.parameters.pieces import pieces
from codesign.hardware.parts.activity import share_with_any
from codesign.workloads.workload import Workload


class Events(NamedTuple):
    """What happens in one step, per layer.

    Attributes:
        cores: cores that hold the layer.
        pieces: that the layer's map is cut into, each of them then by channels.
        neuron_cores, full_cores: the layer's neurons, and whatever of it is scarcest, over what one core can hold; at least one.
        neurons: mapped neurons.
        updated: neurons with at least one input.
        spikes_in: events into the layer.
        spikes_out: events out of it.
        messages: events into the layer times the cores that each is sent to, with those of shortcuts.
        destinations: cores that an event into the layer is sent to.
        synaptic: synaptic events, with those of shortcuts.
    """

    cores: Float[Array, " layers"]
    pieces: Float[Array, " layers"]
    neuron_cores: Float[Array, " layers"]
    full_cores: Float[Array, " layers"]
    neurons: Float[Array, " layers"]
    updated: Float[Array, " layers"]
    spikes_in: Float[Array, " layers"]
    spikes_out: Float[Array, " layers"]
    messages: Float[Array, " layers"]
    destinations: Float[Array, " layers"]
    synaptic: Float[Array, " layers"]


def count_events(core: Core, synapses: AbstractSynapses, workload: Workload, hardness: ArrayLike = 1.0) -> Events:
    """Events of one step; `hardness` as in `AbstractHardware.cost`."""
    static, rate = workload.static, workload.input_rate
    neurons = static("neurons_out")
    kept = _of_matrices(workload, synapses.stored_share(workload.weight_density), jnp.ones_like(rate))
    stored_kb = static("weights") * kept * stored_bits(core, synapses, workload) / 8192
    for_synapses = pieces(stored_kb, core.synapse_memory_kb, hardness)
    cores = jnp.maximum(pieces(neurons, core.neurons, hardness), for_synapses)
    # a missing synapse wakes nobody
    fan_in = static("fan_in") * kept
    # not rounded up: times are divided by this, which gives those of a full core (`_core_time`)
    neuron_cores = jnp.maximum(neurons / core.neurons, 1)
    by_channel = jnp.clip(jnp.maximum(for_synapses, cores / static("positions")), 1, cores)
    destinations = _destinations(workload, cores, by_channel)
    # a shortcut's map is as busy as the one it joins; each of its events has one synapse
    shortcuts = static("residual_inputs") * workload.output_rate
    return Events(
        cores=cores,
        pieces=cores / by_channel,
        neuron_cores=neuron_cores,
        full_cores=jnp.maximum(neuron_cores, stored_kb / core.synapse_memory_kb),
        neurons=neurons,
        updated=neurons * share_with_any(rate, fan_in),
        spikes_in=rate * static("neurons_in"),
        spikes_out=workload.output_rate * neurons,
        messages=rate * static("neurons_in") * destinations + shortcuts,
        destinations=destinations,
        synaptic=rate * _synapses(workload) * kept + shortcuts,
    )


def stored_bits(core: Core, synapses: AbstractSynapses, workload: Workload) -> Float[Array, " layers"]:
    """Bits of one stored synapse of each layer."""
    return _of_matrices(workload, synapses.stored_bits(workload.weight_bits, core.neurons), workload.weight_bits)


def _of_matrices(workload: Workload, matrix: Array, otherwise: Array) -> Float[Array, " layers"]:
    """`matrix` where a layer is a full matrix (dense, recurrent), `otherwise` where it shares a kernel."""
    return jnp.where(np.asarray([layer.kind in ("dense", "recurrent") for layer in workload]), matrix, otherwise)


def _synapses(workload: Workload) -> Float[Array, " layers"]:
    """Connections of each layer: its multiply-accumulates, and the windows of a pooling layer."""
    # pooling has no multiply-accumulates, but its spikes are added all the same
    connections = [layer.neurons_out * layer.fan_in if layer.kind == "pool" else layer.macs for layer in workload]
    return jnp.asarray(np.asarray(connections, float), workload.input_rate.dtype)


def _destinations(workload: Workload, cores: Array, by_channel: Array) -> Float[Array, " layers"]:
    """Cores that one input event reaches.

    A layer that outgrows one core's synapses, or whose pixel outgrows one core's neurons, is cut by channels, and every event goes to
    every cut (of its own group). Otherwise its map is cut into near-square pieces, and an event reaches the pieces that its window
    overlaps: `(1 + (window - 1) / side)^2` on average.
    """
    positions, groups = workload.static("positions"), workload.static("groups")
    areas = cores / by_channel
    # along a side, one input lies in kernel / stride windows
    window = [max(math.sqrt(layer.kernel_height * layer.kernel_width) / layer.stride, 1) for layer in workload]
    overlap = (1 + (jnp.asarray(window, cores.dtype) - 1) * jnp.sqrt(areas / positions)) ** 2
    # cuts of other groups hold no synapse of the event
    return jnp.maximum(by_channel / groups, 1) * jnp.minimum(overlap, areas)
