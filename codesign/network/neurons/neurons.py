"""Spiking neurons. Only this part of a layer runs over time; the products before it are folded into the batch.

A neuron is an nnx module with one interface: currents of all steps in, spikes of all steps out. Leak and threshold are learned, one per
layer (`shape ()`) or one per channel (`shape (channels,)`). How it fires, is reset and is stored are exchangeable (`Parts`).
"""

import abc
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from codesign.network.neurons.firing import PLAIN, Parts
from codesign.workloads.workload import Neuron

Step = Callable[[Any, Array, Array | None], tuple[Any, Array]]

UNROLLED = 8  # a loop of at most so many steps is unrolled: on a CPU that halves the time of convolutional networks' neurons


class AbstractNeuron(nnx.Module):
    """A layer of neurons; chips price it by its `model`."""

    parts: Parts

    @property
    @abc.abstractmethod
    def model(self) -> Neuron:
        """Its name in a workload."""

    @property
    @abc.abstractmethod
    def threshold(self) -> Float[Array, "..."]:
        """Firing threshold, above 0; broadcasts over neurons. An ANN layer in its place saturates there."""

    @abc.abstractmethod
    def __call__(
        self, current: Float[Array, "time batch *neurons"], state_bits: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "time batch *neurons"]:
        """Spikes of every step.

        Args:
            current: input current of every step.
            state_bits: bits of the stored potential (used by neurons whose `parts.state` quantises).
            key: randomness of stochastic firing.
        """


class AbstractSequentialNeuron(AbstractNeuron):
    """A neuron that is advanced step by step, and so may stand in a recurrent layer."""

    @abc.abstractmethod
    def initial(self, drive: Float[Array, "batch ..."]) -> Any:
        """State before the first step."""

    @abc.abstractmethod
    def dynamics(self, state_bits: Float[Array, ""]) -> Step:
        """One step: `(state, drive, noise) -> (state, fired)`; what does not change over time is computed here."""

    def __call__(
        self, current: Float[Array, "time batch *neurons"], state_bits: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "time batch *neurons"]:
        """See `AbstractNeuron`."""
        step, noise = self.dynamics(state_bits), self.parts.firing.noise(current, key)
        unroll = len(current) if len(current) <= UNROLLED else 2
        _, fired = jax.lax.scan(lambda state, x: step(state, *x), self.initial(current[0]), (current, noise), unroll=unroll)
        return fired


class IntegrateAndFire(AbstractSequentialNeuron):
    """v <- v + current; fires at a learned threshold."""

    def __init__(self, shape: tuple[int, ...] = (), parts: Parts = PLAIN) -> None:
        self.parts = parts
        # a logarithm, so that no update makes the threshold negative
        self.log_threshold = nnx.Param(jnp.zeros(shape, jnp.float32))

    @property
    def model(self) -> Neuron:
        """IF."""
        return "if"

    @property
    def threshold(self) -> Float[Array, "..."]:
        """Firing threshold."""
        return jnp.exp(self.log_threshold[...])

    def initial(self, drive: Float[Array, "batch ..."]) -> Float[Array, "batch ..."]:
        """Potential at rest."""
        return self.parts.at_rest(drive, self.threshold)

    def dynamics(self, state_bits: Float[Array, ""]) -> Step:
        """See `AbstractSequentialNeuron`."""
        threshold, parts = self.threshold, self.parts
        return lambda potential, drive, noise: parts.fire(potential + drive, threshold, noise, state_bits)


class LeakyNeuron(AbstractSequentialNeuron):
    """Leaky integrate-and-fire with learned leak and threshold (PLIF; Fang et al. 2021): v <- leak v + current."""

    def __init__(self, shape: tuple[int, ...] = (), parts: Parts = PLAIN) -> None:
        self.parts = parts
        # a leak of 0.82; as a logit it stays within [0, 1] whatever an update does
        self.leak_logit = nnx.Param(jnp.full(shape, 1.5, jnp.float32))
        self.log_threshold = nnx.Param(jnp.zeros(shape, jnp.float32))

    @property
    def model(self) -> Neuron:
        """LIF."""
        return "lif"

    @property
    def leak(self) -> Float[Array, "..."]:
        """Share of the potential kept from step to step, in [0, 1]; beyond logits of about 17 and -100 a float32 has the bound itself."""
        return jax.nn.sigmoid(self.leak_logit[...])

    @property
    def threshold(self) -> Float[Array, "..."]:
        """Firing threshold."""
        return jnp.exp(self.log_threshold[...])

    def initial(self, drive: Float[Array, "batch ..."]) -> Float[Array, "batch ..."]:
        """Potential at rest."""
        return self.parts.at_rest(drive, self.threshold)

    def dynamics(self, state_bits: Float[Array, ""]) -> Step:
        """See `AbstractSequentialNeuron`."""
        leak, threshold, parts = self.leak, self.threshold, self.parts
        return lambda potential, drive, noise: parts.fire(leak * potential + drive, threshold, noise, state_bits)


def lif(
    current: Float[Array, "time batch *neurons"], leak: Float[Array, "..."], threshold: Float[Array, "..."]
) -> Float[Array, "time batch *neurons"]:
    """Leaky integrate-and-fire with soft reset and given constants: v <- leak v + current; spike where v >= threshold.

    Args:
        current: input current of every step.
        leak: share of the potential kept from step to step, in [0, 1]; broadcasts over neurons.
        threshold: firing threshold, above 0; broadcasts over neurons.

    Returns:
        Binary spikes.
    """
    # not used, as the state is exact
    bits = jnp.zeros((), current.dtype)

    def step(potential: Array, drive: Array) -> tuple[Array, Array]:
        return PLAIN.fire(leak * potential + drive, threshold, None, bits)

    return jax.lax.scan(step, jnp.zeros_like(current[0]), current, unroll=2)[1]
