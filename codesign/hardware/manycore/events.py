"""What happens on a many-core chip in one step: cores, links between them, messages and synaptic events, by layer, whatever they cost."""

import math
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.hardware.manycore.core import Core
from codesign.hardware.manycore.synapses import AbstractSynapses
from codesign.hardware.manycore.updates import AbstractUpdates
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
        visited: neurons that a core looks at.
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
    visited: Float[Array, " layers"]
    updated: Float[Array, " layers"]
    spikes_in: Float[Array, " layers"]
    spikes_out: Float[Array, " layers"]
    messages: Float[Array, " layers"]
    destinations: Float[Array, " layers"]
    synaptic: Float[Array, " layers"]


class Links(NamedTuple):
    """Pairs of cores of which one sends events to the other.

    Attributes:
        pairs: into each layer; the chip's edge, which sends to the first one, counts as a core.
        of_a_core: into and out of one core of each layer.
    """

    pairs: Float[Array, " layers"]
    of_a_core: Float[Array, " layers"]


def count_events(core: Core, synapses: AbstractSynapses, updates: AbstractUpdates, workload: Workload, hardness: ArrayLike = 1.0) -> Events:
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
    updated, fired = neurons * share_with_any(rate, fan_in), workload.output_rate * neurons
    return Events(
        cores=cores,
        pieces=cores / by_channel,
        neuron_cores=neuron_cores,
        full_cores=jnp.maximum(neuron_cores, stored_kb / core.synapse_memory_kb),
        neurons=neurons,
        visited=updates.visited(neurons, updated, fired, workload),
        updated=updated,
        spikes_in=rate * static("neurons_in"),
        spikes_out=fired,
        messages=rate * static("neurons_in") * destinations + shortcuts,
        destinations=destinations,
        synaptic=rate * _synapses(workload) * kept + shortcuts,
    )


def stored_bits(core: Core, synapses: AbstractSynapses, workload: Workload) -> Float[Array, " layers"]:
    """Bits of one stored synapse of each layer."""
    return _of_matrices(workload, synapses.stored_bits(workload.weight_bits, core.neurons), workload.weight_bits)


def links_of(events: Events, workload: Workload) -> Links:
    """Links of a network whose layers are cut as `events` says.

    A core sends to every cut of the channels (of its own group), and there to the pieces of the map that it shares or that lie within
    half a window of it. Borders of near-square pieces coincide: with `n` pieces along a side and `m` of the sender's, a piece covers
    `max(n / m, 1)`, and has on average `2 (min(n, m) - 1) / m` borders with another. A recurrent layer's cores hear from each other,
    a shortcut adds a link to each core.
    """
    recurrent = np.asarray([layer.kind == "recurrent" for layer in workload], float)
    shortcut = np.asarray([layer.residual_inputs > 0 for layer in workload], float)
    one = jnp.ones(1, events.cores.dtype)
    senders = jnp.concatenate([one, events.cores[:-1]])
    sent_from = jnp.concatenate([one, events.pieces[:-1]])
    here, there = jnp.sqrt(events.pieces), jnp.sqrt(sent_from)
    # pieces within half a window of a border: one at least, if windows overlap at all
    half = (_windows(workload) - 1) / 2
    beyond = jnp.where(half > 0, jnp.maximum(half * here / jnp.sqrt(workload.static("positions")), 1), 0)
    along = jnp.maximum(here / there, 1) + beyond * 2 * (jnp.minimum(here, there) - 1) / there
    by_channel = jnp.maximum(events.cores / events.pieces / workload.static("groups"), 1)
    reached = by_channel * jnp.minimum(along**2, events.pieces)
    pairs = senders * reached + recurrent * events.cores**2 + shortcut * events.cores
    leaving = jnp.concatenate([pairs[1:], jnp.zeros(1, pairs.dtype)])
    return Links(pairs, (pairs + leaving) / events.cores)


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
    overlap = (1 + (_windows(workload) - 1) * jnp.sqrt(areas / positions)) ** 2
    # cuts of other groups hold no synapse of the event
    return jnp.maximum(by_channel / groups, 1) * jnp.minimum(overlap, areas)


def _windows(workload: Workload) -> Float[Array, " layers"]:
    """Windows along a side that one input lies in: kernel over stride."""
    sides = [max(math.sqrt(layer.kernel_height * layer.kernel_width) / layer.stride, 1) for layer in workload]
    return jnp.asarray(np.asarray(sides), workload.input_rate.dtype)
