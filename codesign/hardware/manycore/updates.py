"""Which neurons a core visits in a step: all of them, or those that an event has reached.

A neuron below its threshold that only decays cannot fire without input, so it may wait: what it has lost meanwhile is one
multiplication with a power of its decay (lazy updates; SNE keeps the time of the last one, Di Mauro et al., DATE 2022, recalled).
That holds for integrate-and-fire and leaky neurons and for their scores. Neurons with a current or an adaptation change on their own,
and layers that do not spike answer in their one step: these are visited always, whatever is chosen.

Marks are paid: a flag beside each potential, read and written with it at every event; a queue of marked neurons, as long as a core has
neurons; the step of the last visit and a multiplication where there is a decay.
"""

import abc
from typing import ClassVar, Final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from codesign.hardware.manycore.core import Action, Core, EventPrices, neuron_memory_kb
from codesign.hardware.parts.memory import sram_area_um2, sram_pj_per_bit
from codesign.hardware.parts.neuron import NEURONS
from codesign.hardware.parts.supply import energy_factor
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload

_WAITING: Final = frozenset({"if", "lif", "integrator", "leaky_integrator"})
"""Neurons that nothing but an event brings to their threshold."""


class AbstractUpdates(eqx.Module):
    """A rule for visits."""

    @abc.abstractmethod
    def visited(self, neurons: Array, updated: Array, fired: Array, workload: Workload) -> Float[Array, " layers"]:
        """Neurons visited in a step, of all, those with input and those that fire, `[layers]` each."""

    @abc.abstractmethod
    def built(self, core: Core, workload: Workload) -> Core:
        """The core with what marks take of its neurons' memory."""

    @abc.abstractmethod
    def priced(self, prices: EventPrices, core: Core, workload: Workload, technology: Technology) -> EventPrices:
        """Prices with those of marks."""


class EveryStep(AbstractUpdates):
    """All neurons in every step."""

    name: ClassVar[str] = "every_step"

    def visited(self, neurons: Array, updated: Array, fired: Array, workload: Workload) -> Float[Array, " layers"]:
        """All."""
        return neurons

    def built(self, core: Core, workload: Workload) -> Core:
        """As it is."""
        return core

    def priced(self, prices: EventPrices, core: Core, workload: Workload, technology: Technology) -> EventPrices:
        """As they are."""
        return prices


class OnEvents(AbstractUpdates):
    """Neurons with input, and those that fired in the last step: what a reset leaves may be above the threshold.

    Exact for layers without a bias, which would be an input in every step, and without chance in their firing.
    """

    name: ClassVar[str] = "on_events"

    def visited(self, neurons: Array, updated: Array, fired: Array, workload: Workload) -> Float[Array, " layers"]:
        """Either of both, as if independent."""
        waiting = _waiting(workload)
        return (1 - waiting) * neurons + waiting * (updated + fired - updated * fired / neurons)

    def built(self, core: Core, workload: Workload) -> Core:
        """A flag, and where there is a decay the step of the last visit."""
        bits = _waiting(workload) * (1 + _decays(workload) * jnp.log2(jnp.maximum(workload.timesteps, 2)))
        return core._replace(further_words=core.further_words + bits / workload.state_bits)

    def priced(self, prices: EventPrices, core: Core, workload: Workload, technology: Technology) -> EventPrices:
        """A queue's entry and a multiplication per visit, two accesses to a flag per event; a queue and a multiplier per core."""
        energy, waiting, decays = energy_factor(core.supply_v, technology), _waiting(workload), _decays(workload)
        entry_bits = jnp.log2(jnp.maximum(core.neurons, 2))
        queue_kb = core.neurons * entry_bits / 8192
        decay_pj = decays * technology["int_mult_per_bit2_pj"] * workload.state_bits**2
        visit_pj = waiting * energy * (2 * entry_bits * sram_pj_per_bit(queue_kb, technology) + decay_pj)
        flag_pj = waiting * energy * 2 * sram_pj_per_bit(neuron_memory_kb(core, workload, 0), technology)
        multiplier_um2 = jnp.max(waiting * decays * workload.state_bits**2) * technology["int_mult_area_per_bit2_um2"]
        further = sram_area_um2(queue_kb, technology) + multiplier_um2
        return eqx.tree_at(
            lambda p: (p.access, p.synapse, p.leakage_mw, p.area_um2),
            prices,
            (
                Action(prices.access.pj + visit_pj, prices.access.ns),
                Action(prices.synapse.pj + flag_pj, prices.synapse.ns),
                # leaks as the rest of the core does for its area
                prices.leakage_mw * (1 + further / prices.area_um2),
                prices.area_um2 + further,
            ),
        )


def _waiting(workload: Workload) -> Float[Array, " layers"]:
    """How far each layer's neurons may wait: 1 or 0, and the share of spikes where a layer is of both kinds."""
    kinds = np.asarray([layer.neuron in _WAITING for layer in workload], float)
    return workload.spiking * kinds


def _decays(workload: Workload) -> Float[Array, " layers"]:
    return jnp.asarray([float(NEURONS[layer.neuron].shifts) for layer in workload], workload.input_rate.dtype)


UPDATES: Final = {"every_step": EveryStep(), "on_events": OnEvents()}
"""Rules for visits, by name."""
