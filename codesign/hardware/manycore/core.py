"""What an event costs, whoever says it: the core that prices depend on, prices of everything that happens, and what two bases share."""

from typing import Final, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.hardware.parts.neuron import kept_words
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload

FETCHED_BITS: Final = 8
"""Synapse bits that a core fetches in the time of one synaptic event: memory words have a fixed width."""


class Core(NamedTuple):
    """The design parameters of a core that its prices depend on, and what keeps it in step with others.

    Attributes:
        further_words: words that each neuron keeps beside its states and constants, one number or `[layers]`.
        scheduler_bits: registers that tell which other cores have finished a step [bit].
    """

    neurons: Float[Array, ""]
    synapse_memory_kb: Float[Array, ""]
    message_bits: Float[Array, ""]
    clock_mhz: Float[Array, ""]
    supply_v: Float[Array, ""]
    further_words: ArrayLike = 0.0
    scheduler_bits: ArrayLike = 0.0


class Action(NamedTuple):
    """Energy [pJ] and time [ns] of one action, a scalar or one entry per layer."""

    pj: Float[Array, "..."]
    ns: Float[Array, "..."]


class EventPrices(eqx.Module):
    """Prices of everything that happens on the chip.

    Attributes:
        access: visit one mapped neuron in one step; a causal product is computed then, as earlier inputs count without a new one.
        update: added when the neuron has input.
        spike: added when it fires.
        synapse: one synaptic event, per layer.
        message: send one message to one destination core.
        receive: take one message in: it waits in a queue, and a table tells where its synapses are.
        east_west, north_south: move one message over one hop.
        barrier_tiles, barrier_ns: time of the barrier that ends a step, by active tiles (points of a piecewise linear curve).
        encode_pj: compare one input element with what decides on its spike, per layer.
        control_mw: of one core that waits.
        leakage_mw, area_um2: of one core.
        excess: natural logarithm of the clock asked for over the fastest possible; 0 for a legal one.
    """

    access: Action
    update: Action
    spike: Action
    synapse: Action
    message: Action
    receive: Action
    east_west: Action
    north_south: Action
    barrier_tiles: Float[Array, " points"]
    barrier_ns: Float[Array, " points"]
    encode_pj: Float[Array, " layers"]
    control_mw: Float[Array, ""]
    leakage_mw: Float[Array, ""]
    area_um2: Float[Array, ""]
    excess: Float[Array, ""]

    def barrier(self, tiles: ArrayLike) -> Float[Array, ""]:
        """Time of one barrier over `tiles` active tiles [ns]; beyond the last point the curve goes on with its last slope."""
        # a sum over the pieces: `jnp.interp` searches, which is slow under vmap
        widths, rises = jnp.diff(self.barrier_tiles), jnp.diff(self.barrier_ns)
        along = jnp.maximum((jnp.asarray(tiles) - self.barrier_tiles[:-1]) / widths, 0)
        ends = jnp.ones_like(along).at[-1].set(jnp.inf)  # only the last piece goes on
        return self.barrier_ns[0] + jnp.sum(rises * jnp.minimum(along, ends))


def payload_pj(workload: Workload, technology: Technology) -> Float[Array, " layers"]:
    """Multiplication that a graded spike adds to a synaptic event: the bits beyond the first."""
    return technology["int_mult_per_bit2_pj"] * workload.weight_bits * (workload.activation_bits - 1)


def length_bits(core: Core, workload: Workload) -> Float[Array, " layers"]:
    """Length of a message with its payload [bit]."""
    return core.message_bits + workload.activation_bits - 1


def encode_pj(workload: Workload, technology: Technology) -> Float[Array, " layers"]:
    """Comparison of one input element, as wide as the layer's state, with its register [pJ]."""
    return (technology["compare_per_bit_pj"] + technology["register_per_bit_pj"]) * workload.state_bits


def neuron_memory_kb(core: Core, workload: Workload, parameters: ArrayLike) -> Float[Array, ""]:
    """Memory of a core's neurons, large enough for every layer [kB].

    Args:
        core: the core.
        workload: gives states and their width.
        parameters: words that each neuron keeps beside its states, `[layers]`.
    """
    # the largest: any core may hold any layer. A word at least, in which currents gather
    words = jnp.maximum(kept_words(workload), 1) + core.further_words + parameters
    return core.neurons * jnp.max(workload.state_bits * words) / 8192


def router_um2(core: Core, technology: Technology) -> Float[Array, ""]:
    """Area of a core's router, in proportion to the width of its links, which carry the message of a binary spike at once."""
    return technology["router_area_um2"] * core.message_bits / technology["router_link_bits"]


def address_excess(core: Core, cores: Array) -> Float[Array, ""]:
    """Natural logarithm of the bits that name a neuron on one of `cores` cores over those of a message; at least 0."""
    needed = jnp.log2(jnp.maximum(cores * core.neurons, 1))
    return jnp.maximum(jnp.log(jnp.maximum(needed, 1) / core.message_bits), 0)
