"""Neurons with a second state, adaptation or synaptic current, and the parallel neuron that has none."""

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from codesign.network.neurons.firing import PLAIN, Parts
from codesign.network.neurons.neurons import AbstractNeuron, AbstractSequentialNeuron, Step
from codesign.numerics import straight_through
from codesign.workloads.workload import Neuron

States = tuple[Float[Array, "batch ..."], Float[Array, "batch ..."]]


class AdaptiveNeuron(AbstractSequentialNeuron):
    """LIF whose threshold rises with its own spikes: `threshold (1 + strength a)`, a <- decay a + spike (Bellec et al. 2018, LSNN).

    Attributes:
        strength: rise per unit of adaptation, as a share of the threshold; at 0 or below this is a LIF neuron.
    """

    def __init__(self, shape: tuple[int, ...] = (), parts: Parts = PLAIN) -> None:
        self.parts = parts
        # a leak of 0.82, and a decay of 0.88 below; logits and logarithms stay legal whatever an update does
        self.leak_logit = nnx.Param(jnp.full(shape, 1.5, jnp.float32))
        self.log_threshold = nnx.Param(jnp.zeros(shape, jnp.float32))
        self.decay_logit = nnx.Param(jnp.full(shape, 2.0, jnp.float32))
        self.strength = nnx.Param(jnp.full(shape, 0.2, jnp.float32))

    @property
    def model(self) -> Neuron:
        """LIF with an adaptive threshold."""
        return "adaptive"

    @property
    def threshold(self) -> Float[Array, "..."]:
        """Firing threshold at rest."""
        return jnp.exp(self.log_threshold[...])

    def initial(self, drive: Float[Array, "batch ..."]) -> States:
        """Potential at rest, no adaptation."""
        return self.parts.at_rest(drive, self.threshold), jnp.zeros_like(drive)

    def dynamics(self, state_bits: Float[Array, ""]) -> Step:
        """See `AbstractSequentialNeuron`."""
        leak, decay = jax.nn.sigmoid(self.leak_logit[...]), jax.nn.sigmoid(self.decay_logit[...])
        # a negative strength would make neurons that have fired easier to excite; straight through, or it would stay below 0 for good
        strength = straight_through(jax.nn.relu(self.strength[...]), self.strength[...])
        threshold, parts = self.threshold, self.parts

        def step(state: States, drive: Array, noise: Array | None) -> tuple[States, Array]:
            potential, adaptation = state
            raised = threshold * (1 + strength * adaptation)
            # a soft reset subtracts what was crossed, the raised threshold
            # while the register keeps its grid
            potential, fired = parts.fire(leak * potential + drive, raised, noise, state_bits, threshold)
            # state_bits is the precision of the potential; the adaptation is exact
            return (potential, decay * adaptation + fired), fired

        return step


class CurrentBasedNeuron(AbstractSequentialNeuron):
    """Current-based LIF (CubaLIF): i <- synaptic_decay i + drive, v <- leak v + i; at a decay of 0 this is a LIF neuron."""

    def __init__(self, shape: tuple[int, ...] = (), parts: Parts = PLAIN) -> None:
        self.parts = parts
        self.leak_logit = nnx.Param(jnp.full(shape, 1.5, jnp.float32))
        self.log_threshold = nnx.Param(jnp.zeros(shape, jnp.float32))
        # half of the current is kept
        self.synaptic_logit = nnx.Param(jnp.full(shape, 0.0, jnp.float32))

    @property
    def model(self) -> Neuron:
        """LIF with a synaptic current."""
        return "cuba"

    @property
    def threshold(self) -> Float[Array, "..."]:
        """Firing threshold."""
        return jnp.exp(self.log_threshold[...])

    def initial(self, drive: Float[Array, "batch ..."]) -> States:
        """No current, potential at rest."""
        return jnp.zeros_like(drive), self.parts.at_rest(drive, self.threshold)

    def dynamics(self, state_bits: Float[Array, ""]) -> Step:
        """See `AbstractSequentialNeuron`."""
        leak, kept = jax.nn.sigmoid(self.leak_logit[...]), jax.nn.sigmoid(self.synaptic_logit[...])
        threshold, parts = self.threshold, self.parts

        def step(state: States, drive: Array, noise: Array | None) -> tuple[States, Array]:
            current = kept * state[0] + drive
            potential, fired = parts.fire(leak * state[1] + current, threshold, noise, state_bits)
            # state_bits is the precision of the potential; the current is exact
            return (current, potential), fired

        return step


class ParallelNeuron(AbstractNeuron):
    """Parallel spiking neuron: potentials of all steps are one causal matrix times the currents, without reset (Fang et al. 2023).

    Attributes:
        kernel: matrix `[steps, steps]`, of which the lower triangle counts; at first that of a LIF neuron. Shorter runs use its corner.
    """

    def __init__(self, steps: int, parts: Parts = PLAIN, leak: float = 0.8) -> None:
        self.parts = parts
        age = jnp.arange(steps)[:, None] - jnp.arange(steps)
        self.kernel = nnx.Param(jnp.where(age >= 0, leak ** jnp.maximum(age, 0), 0).astype(jnp.float32))
        self.log_threshold = nnx.Param(jnp.zeros((), jnp.float32))

    @property
    def model(self) -> Neuron:
        """One product over all steps."""
        return "parallel"

    @property
    def threshold(self) -> Float[Array, ""]:
        """Firing threshold."""
        return jnp.exp(self.log_threshold[...])

    def __call__(
        self, current: Float[Array, "time batch *neurons"], state_bits: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "time batch *neurons"]:
        """See `AbstractNeuron`.

        Raises:
            ValueError: more steps than the matrix has.
        """
        steps = current.shape[0]
        if steps > self.kernel.shape[0]:
            raise ValueError(f"the parallel neuron was built for {self.kernel.shape[0]} steps and is run for {steps}")
        # cut in every run: training would fill the upper triangle, and neurons would see the future
        potential = jnp.tensordot(jnp.tril(self.kernel[:steps, :steps]), current, axes=1)
        return self.parts.fire(potential, self.threshold, self.parts.firing.noise(current, key), state_bits)[1]
