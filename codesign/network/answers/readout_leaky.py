"""An answer at every step from leaky scores: what neurons sent a moment ago still counts."""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.network.answers.readout import AbstractReadout, StepReadout
from codesign.workloads.workload import Neuron

# held, not inherited from: a subclass would have to override its `logits`
_STEP = StepReadout()


@dataclasses.dataclass(frozen=True)
class LeakyStepReadout(AbstractReadout):
    """Scores are filtered causally, s <- leak s + (1 - leak) score: one register per class (Yin et al. 2021); else as `StepReadout`.

    Attributes:
        leak: share of the score that is kept from step to step, in [0, 1).
    """

    leak: float = 0.9

    @property
    def neuron(self) -> Neuron:
        """A register per class that leaks."""
        return "leaky_integrator"

    def number_steps(self, timesteps: Float[Array, ""]) -> Float[Array, ""]:
        """All of them."""
        return _STEP.number_steps(timesteps)

    def collapse(self, current: Float[Array, "#time batch ..."], counted: Float[Array, " time"]) -> Float[Array, "#time batch ..."]:
        """The current itself."""
        return _STEP.collapse(current, counted)

    def collapsed_rate(
        self, spikes: Float[Array, "time batch ..."], counted: Float[Array, " time"], share: Float[Array, " time"]
    ) -> Float[Array, ""]:
        """Mean rate per step."""
        return _STEP.collapsed_rate(spikes, counted, share)

    def collapsed_bits(self, spike_bits: Float[Array, ""], timesteps: Float[Array, ""]) -> Float[Array, ""]:
        """Those of a spike."""
        return _STEP.collapsed_bits(spike_bits, timesteps)

    def logits(self, scores: Float[Array, "time batch classes"], counted: Float[Array, " time"]) -> Float[Array, "batch time classes"]:
        """The filtered scores, batch first."""

        def step(kept: Array, score: Array) -> tuple[Array, Array]:
            kept = self.leak * kept + (1 - self.leak) * score
            return kept, kept

        # from 0 without correction: in the first steps all classes are scaled down alike, which moves no largest score
        return jnp.swapaxes(jax.lax.scan(step, jnp.zeros_like(scores[0]), scores, unroll=4)[1], 0, 1)
