"""What keeps the cores of a many-core chip in step: a barrier for all of them, or each core's knowledge of its neighbours.

Without a barrier a core begins its next step as soon as every core that sends to it has finished that step, and every core that it
sends to has finished the one before the last (Chen et al., arXiv 2407.20947: a scheduler in each core watches the cores that it depends
on, which are known when the network is mapped). Cores run ahead of each other by one step at most, so results are the same.

The paper's abstract and introduction are what could be read of it, so what a scheduler takes is assumed here, and paid in prices that
events have anyway: a token to each neighbour in every step, as long as a spike's message; a bit in every message that tells odd
from even steps; a word more per neuron, in which the sums of a step gather while the one before is worked on; a register per neighbour
and parity. Cores stay clocked while they wait, as they do at a barrier. Nothing is clockless: no handshakes within a core are charged.
"""

import abc
from typing import ClassVar, Final, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.hardware.manycore.core import Core, EventPrices
from codesign.hardware.manycore.events import Links
from codesign.numerics import safe_log, smooth_maximum, straight_through
from codesign.workloads.workload import Workload

LEAST_NS: Final = 1e-15  # of a step: less is nothing placed at all, and its reciprocal squared is still a float32
TIE: Final = 1e-5  # of the longest time, far above the rounding of float32: layers this near to it set the pace together


class Busy(NamedTuple):
    """What takes time in one step [ns].

    Attributes:
        halves: of the fullest core of each layer: its neurons and its synapses.
        flight: of a message into each layer.
        share: of each layer that is placed here.
        barrier: of a barrier over all cores in use.
    """

    halves: Float[Array, "2 layers"]
    flight: Float[Array, " layers"]
    share: Float[Array, " layers"]
    barrier: Float[Array, ""]


class Timing(NamedTuple):
    """Time of an inference by layer, which sums to all of it, and of one step of the layer that sets the pace [ns]."""

    latency: Float[Array, " layers"]
    step: Float[Array, ""]


class AbstractSynchronisation(eqx.Module):
    """A way to keep the cores in step."""

    @abc.abstractmethod
    def built(self, core: Core, links: Links) -> Core:
        """The core with what this takes of it."""

    @abc.abstractmethod
    def messages(self, spikes: Array, links: Links) -> Float[Array, " layers"]:
        """Messages into each layer in one step, those that carry spikes among them."""

    @abc.abstractmethod
    def halves(self, spikes: Array, links: Links, prices: EventPrices) -> Float[Array, "2 layers"]:
        """How long the neurons and the synapses of each layer's fullest core are busy in one step, given that for spikes alone [ns]."""

    @abc.abstractmethod
    def timing(self, busy: Busy, workload: Workload, hardness: ArrayLike) -> Timing:
        """How long an inference takes; `hardness` as in `AbstractHardware.cost`."""


class Barrier(AbstractSynchronisation):
    """All cores wait for the slowest one and for a barrier, step by step (Loihi)."""

    name: ClassVar[str] = "barrier"

    def built(self, core: Core, links: Links) -> Core:
        """As it is: signals of the barrier have no sourced energy or area."""
        return core

    def messages(self, spikes: Array, links: Links) -> Float[Array, " layers"]:
        """No others."""
        return spikes

    def halves(self, spikes: Array, links: Links, prices: EventPrices) -> Float[Array, "2 layers"]:
        """No longer."""
        return spikes

    def timing(self, busy: Busy, workload: Workload, hardness: ArrayLike) -> Timing:
        """All layers work in the same step, and a spike needs one step per layer: (timesteps + layers - 1) steps.

        All layers are taken to work in all of them, as where neurons are visited whatever they receive.
        """
        # weighed: what is placed elsewhere must not set the pace here
        pace, setters = _slowest(busy.share * (busy.halves + busy.flight), hardness)
        step = pace + busy.barrier
        # one step more for every further layer that a spike has to cross
        return Timing((jnp.max(workload.timesteps) + jnp.maximum(jnp.sum(busy.share) - 1, 0)) * step * setters, step)


class Asynchronous(AbstractSynchronisation):
    """Each core waits for its neighbours alone."""

    name: ClassVar[str] = "asynchronous"

    def built(self, core: Core, links: Links) -> Core:
        """A bit of parity in each message, a word more per neuron, and a register per neighbour and parity."""
        # all cores are alike
        return core._replace(message_bits=core.message_bits + 1, further_words=1.0, scheduler_bits=2 * jnp.max(links.of_a_core))

    def messages(self, spikes: Array, links: Links) -> Float[Array, " layers"]:
        """A token along every link when a step's events are all sent, and one back when they have been worked on."""
        return spikes + 2 * links.pairs

    def halves(self, spikes: Array, links: Links, prices: EventPrices) -> Float[Array, "2 layers"]:
        """A core sends a token to each neighbour, and receives one."""
        return spikes + links.of_a_core * jnp.stack([prices.message.ns, prices.receive.ns])

    def timing(self, busy: Busy, workload: Workload, hardness: ArrayLike) -> Timing:
        """A pipeline of layers: the first step passes each at its own speed, all others come at the slowest layer's.

        Exact for cores that take the same time in every step (max-plus algebra; Baccelli et al., *Synchronization and Linearity*, 1992);
        where times differ from step to step, a barrier loses more than this says, and so does a pipeline of few places.
        """
        first = busy.share * (smooth_maximum(busy.halves[0], busy.halves[1], hardness) + busy.flight)
        each = busy.share * (busy.halves + busy.flight)
        others, setters = _slowest(jnp.maximum(workload.timesteps - 1, 0) * each, hardness)
        return Timing(first + others * setters, _slowest(each, hardness)[0])


SYNCHRONISATIONS: Final = {"barrier": Barrier(), "asynchronous": Asynchronous()}
"""Ways to keep cores in step, by name."""


def _slowest(times: Float[Array, "2 layers"], hardness: ArrayLike) -> tuple[Float[Array, ""], Float[Array, " layers"]]:
    """The slowest half core's time, and each layer's share in setting it (shares sum to 1; a p-norm below hardness 1)."""
    hardness = jnp.asarray(hardness, times.dtype)
    soft_range = hardness < 1
    # as `numerics.smooth_maximum`, but over both halves of all layers at once
    power = 4 / jnp.where(soft_range, 1 - hardness, 1)
    # neither the norm nor the shares depend on what times are scaled by: no gradient of it
    longest = jnp.maximum(jnp.max(jax.lax.stop_gradient(times)), LEAST_NS)
    logs = power * safe_log(times / longest)
    # layers that tie share the pace; not `==`: a compiler may compute the times once for the maximum and once more, rounded otherwise,
    # here, for which the maximum's own gradient would be 0 / 0
    tied = (times >= longest * (1 - TIE)).astype(times.dtype)
    even = tied / jnp.maximum(jnp.sum(tied), 1)
    soft = longest * jnp.exp(jax.nn.logsumexp(logs) / power)
    shares = jnp.where(soft_range, jax.nn.softmax(logs, axis=(0, 1)), even)
    return jnp.where(soft_range, soft, straight_through(longest, jnp.sum(even * times))), jnp.sum(shares, axis=0)
