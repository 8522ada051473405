"""What a network is asked for, one answer or one at every step, and so what time means to a layer that does not spike."""

import abc
import dataclasses

import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.network.signal import active, sum_bits
from codesign.numerics import held_between, safe_divide
from codesign.workloads.workload import Neuron


def mean_active(x: Float[Array, "#time batch ..."], share: Float[Array, " time"]) -> Float[Array, ""]:
    """Non-zero share per element and step, in [0, 1], differentiable; steps weighted by `share`."""
    each = jnp.mean(active(x).reshape(x.shape[0], -1), axis=1)
    # numbers that hold for all steps have one entry, so nothing is weighted
    # shares of steps sum to 1 to rounding
    return each[0] if x.shape[0] == 1 else held_between(jnp.sum(share * each), 0, 1)


class AbstractReadout(abc.ABC):
    """How scores and ANN layers treat the time axis."""

    @property
    @abc.abstractmethod
    def neuron(self) -> Neuron:
        """What scores are gathered by."""

    @abc.abstractmethod
    def number_steps(self, timesteps: Float[Array, ""]) -> Float[Array, ""]:
        """Steps that an ANN layer runs for."""

    @abc.abstractmethod
    def collapse(self, current: Float[Array, "#time batch ..."], counted: Float[Array, " time"]) -> Float[Array, "#time batch ..."]:
        """What an ANN layer rectifies, of the current of each step."""

    @abc.abstractmethod
    def collapsed_rate(
        self, spikes: Float[Array, "time batch ..."], counted: Float[Array, " time"], share: Float[Array, " time"]
    ) -> Float[Array, ""]:
        """Non-zero share of what an ANN layer receives from spiking neurons."""

    @abc.abstractmethod
    def collapsed_bits(self, spike_bits: Float[Array, ""], timesteps: Float[Array, ""]) -> Float[Array, ""]:
        """Bits of one such element."""

    @abc.abstractmethod
    def logits(self, scores: Float[Array, "time batch classes"], counted: Float[Array, " time"]) -> Float[Array, "batch ..."]:
        """The answer."""


@dataclasses.dataclass(frozen=True)
class MeanReadout(AbstractReadout):
    """One answer, the mean over the steps that count. An ANN layer runs once: spikes reach it as counts over the whole run."""

    @property
    def neuron(self) -> Neuron:
        """The sum over time."""
        return "integrator"

    def number_steps(self, timesteps: Float[Array, ""]) -> Float[Array, ""]:
        """1."""
        return jnp.ones_like(timesteps)

    def collapse(self, current: Float[Array, "#time batch ..."], counted: Float[Array, " time"]) -> Float[Array, "1 batch ..."]:
        """The mean over time."""
        # equal in all steps, it is its own mean, and has one entry where `counted` has one for each step
        if current.shape[0] == 1:
            return current
        return jnp.tensordot(safe_divide(counted, jnp.sum(counted)), current, axes=1)[None]

    def collapsed_rate(
        self, spikes: Float[Array, "time batch ..."], counted: Float[Array, " time"], share: Float[Array, " time"]
    ) -> Float[Array, ""]:
        """Share of elements that fire at all."""
        # the maximum over steps and not the sum: who fired twice is still one count that is not 0
        return jnp.mean(jnp.max(counted.reshape(-1, *[1] * (spikes.ndim - 1)) * active(spikes), axis=0))

    def collapsed_bits(self, spike_bits: Float[Array, ""], timesteps: Float[Array, ""]) -> Float[Array, ""]:
        """Those of a sum over T steps."""
        return sum_bits(spike_bits, timesteps)

    def logits(self, scores: Float[Array, "time batch classes"], counted: Float[Array, " time"]) -> Float[Array, "batch classes"]:
        """The mean over time; summed first, so that equal sums of whole numbers stay equal."""
        return safe_divide(jnp.tensordot(counted, scores, axes=1), jnp.sum(counted))


@dataclasses.dataclass(frozen=True)
class StepReadout(AbstractReadout):
    """An answer at every step. An ANN layer runs at every step too, without memory."""

    @property
    def neuron(self) -> Neuron:
        """A sum within the step."""
        return "integrator"

    def number_steps(self, timesteps: Float[Array, ""]) -> Float[Array, ""]:
        """All of them."""
        return timesteps

    def collapse(self, current: Float[Array, "#time batch ..."], counted: Float[Array, " time"]) -> Float[Array, "#time batch ..."]:
        """The current itself."""
        return current

    def collapsed_rate(
        self, spikes: Float[Array, "time batch ..."], counted: Float[Array, " time"], share: Float[Array, " time"]
    ) -> Float[Array, ""]:
        """Mean rate per step."""
        return mean_active(spikes, share)

    def collapsed_bits(self, spike_bits: Float[Array, ""], timesteps: Float[Array, ""]) -> Float[Array, ""]:
        """Those of a spike."""
        return spike_bits

    def logits(self, scores: Float[Array, "time batch classes"], counted: Float[Array, " time"]) -> Float[Array, "batch time classes"]:
        """The scores, batch first."""
        return jnp.swapaxes(scores, 0, 1)
