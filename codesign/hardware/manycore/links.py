"""Which cores of a many-core chip hear from which: pairs of a sending and a receiving core, by the layer that receives."""

import math
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from codesign.hardware.manycore.events import Events
from codesign.workloads.workload import Workload


class Links(NamedTuple):
    """Pairs of cores of which one sends events to the other.

    Attributes:
        pairs: into each layer; the chip's edge, which sends to the first one, counts as a core.
        of_a_core: into and out of one core of each layer.
    """

    pairs: Float[Array, " layers"]
    of_a_core: Float[Array, " layers"]


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
    window = [max(math.sqrt(layer.kernel_height * layer.kernel_width) / layer.stride, 1) for layer in workload]
    here, there = jnp.sqrt(events.pieces), jnp.sqrt(sent_from)
    # pieces within half a window of a border: one at least, if windows overlap at all
    half = jnp.asarray([(side - 1) / 2 for side in window], events.cores.dtype)
    beyond = jnp.where(half > 0, jnp.maximum(half * here / jnp.sqrt(workload.static("positions")), 1), 0)
    along = jnp.maximum(here / there, 1) + beyond * 2 * (jnp.minimum(here, there) - 1) / there
    by_channel = jnp.maximum(events.cores / events.pieces / workload.static("groups"), 1)
    reached = by_channel * jnp.minimum(along**2, events.pieces)
    pairs = senders * reached + recurrent * events.cores**2 + shortcut * events.cores
    leaving = jnp.concatenate([pairs[1:], jnp.zeros(1, pairs.dtype)])
    return Links(pairs, (pairs + leaving) / events.cores)
