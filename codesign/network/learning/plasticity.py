"""Local learning: a layer of competing spiking neurons that learns by spike-timing-dependent plasticity, without labels.

The hybrid option of Roy, Jaiswal and Panda (Nature 575, 2019): the first layers learn locally, where a gradient would be costly to
bring, and only the read-out learns globally. Competition and adaptive thresholds follow Diehl and Cook (Front. Comput. Neurosci. 9, 2015).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key


class PairRule(eqx.Module):
    """Pair-based plasticity with soft bounds, for weights in [0, 1].

    An output spike strengthens a synapse by its trace of recent input spikes, an input spike weakens it by the trace of recent
    output spikes; both shrink as the weight nears its bound. Morrison, Diesmann and Gerstner, Biol. Cybern. 98, 2008, section 4.

    Attributes:
        potentiation, depression: weight change per pair of spikes at zero distance.
        input_decay, output_decay: share of a trace kept from step to step, in [0, 1).
    """

    potentiation: Float[Array, ""]
    depression: Float[Array, ""]
    input_decay: Float[Array, ""]
    output_decay: Float[Array, ""]

    @classmethod
    def of(cls, *, potentiation: float = 0.04, depression: float = 0.01, input_decay: float = 0.6, output_decay: float = 0.6) -> "PairRule":
        """A rule from plain numbers.

        Raises:
            ValueError: a negative rate, or a decay outside [0, 1).
        """
        for name, value in (("potentiation", potentiation), ("depression", depression)):
            if not value >= 0:
                raise ValueError(f"{name} must not be negative, got {value!r}")
        for name, value in (("input_decay", input_decay), ("output_decay", output_decay)):
            if not 0 <= value < 1:
                raise ValueError(f"{name} must be in [0, 1), got {value!r}")
        # arrays, so that another rule does not need another compilation
        return cls(*(jnp.asarray(value, jnp.float32) for value in (potentiation, depression, input_decay, output_decay)))

    def change(
        self, weights: Float[Array, "inputs outputs"], before: Float[Array, "time batch inputs"], after: Float[Array, "time batch outputs"]
    ) -> Float[Array, "inputs outputs"]:
        """Mean change over the batch that input spikes `before` and output spikes `after` cause.

        A pair in the same step counts as input first, since the input is what made the neuron fire.
        """
        causal = jnp.einsum("tbi,tbo->io", _trace(before, self.input_decay), after)
        # the output's trace of earlier steps only: the same pair must not count twice
        earlier = _trace(after, self.output_decay) - after
        acausal = jnp.einsum("tbi,tbo->io", before, earlier)
        return (self.potentiation * (1 - weights) * causal - self.depression * weights * acausal) / before.shape[1]


def _trace(spikes: Float[Array, "time batch neurons"], decay: Float[Array, ""]) -> Float[Array, "time batch neurons"]:
    """x_t = decay x_{t-1} + s_t, as one product over time."""
    steps = jnp.arange(spikes.shape[0])
    lag = steps[:, None] - steps[None, :]
    # the inner maximum: a decay of 0 to a negative power is infinite, and its gradient not a number
    kernel = jnp.where(lag >= 0, decay ** jnp.maximum(lag, 0), 0).astype(spikes.dtype)
    return jnp.tensordot(kernel, spikes, axes=1)


class CompetitiveLayer(eqx.Module):
    """Leaky neurons of which at most one fires in a step; who fires resets all others and becomes harder to excite.

    Attributes:
        weights: in [0, 1]; each neuron's sum to the same value, less what is cut off at 1 (and 0 for a neuron without any).
        thresholds: adaptive part of each neuron's threshold.
        leak: share of the potential kept from step to step.
        base_threshold: smallest threshold.
    """

    weights: Float[Array, "inputs outputs"]
    thresholds: Float[Array, " outputs"]
    leak: Float[Array, ""]
    base_threshold: Float[Array, ""]

    @classmethod
    def of(
        cls, inputs: int, outputs: int, key: Key[Array, ""], *, leak: float = 0.9, base_threshold: float = 2.0, mean_weight: float = 0.2
    ) -> "CompetitiveLayer":
        """A layer with random weights of the given mean."""
        drawn = jax.random.uniform(key, (inputs, outputs), jnp.float32)
        weights = _normalised(drawn, jnp.asarray(mean_weight * inputs, jnp.float32))
        return cls(weights, jnp.zeros(outputs, jnp.float32), jnp.asarray(leak, jnp.float32), jnp.asarray(base_threshold, jnp.float32))

    def __call__(self, spikes: Float[Array, "time batch inputs"]) -> Float[Array, "time batch outputs"]:
        """Output spikes, at most one per sample and step."""
        limit = self.base_threshold + self.thresholds

        def step(potential: Array, current: Array) -> tuple[Array, Array]:
            potential = self.leak * potential + current
            excess = potential - limit
            # by the excess and not the potential, or the adaptive thresholds would not decide who wins
            first = jax.nn.one_hot(jnp.argmax(excess, axis=1), limit.shape[0], dtype=potential.dtype)
            fired = first * (excess >= 0)
            return potential * (1 - jnp.sum(fired, axis=1, keepdims=True)), fired

        current = spikes @ self.weights
        return jax.lax.scan(step, jnp.zeros_like(current[0]), current)[1]

    def learn(self, spikes: Float[Array, "time batch inputs"], rule: PairRule, threshold_step: Float[Array, ""]) -> "CompetitiveLayer":
        """The layer after one batch: plasticity, weights brought back to their sum, thresholds moved towards an equal share of wins.

        Args:
            spikes: input spikes.
            rule: what spikes do to weights.
            threshold_step: rise of the threshold of one of many neurons that alone does all the firing; of n it is 1 - 1 / n of that.
        """
        fired = self(spikes)
        # the sums are equal but for weights at their bound: their mean is the target, none has to be stored
        total = jnp.mean(jnp.sum(self.weights, axis=0))
        moved = jnp.clip(self.weights + rule.change(self.weights, spikes, fired), 0, 1)
        wins = jnp.sum(fired, axis=(0, 1))
        # without any spike all shares are 0, not 0 / 0
        share = wins / jnp.maximum(jnp.sum(wins), 1)
        # against an equal share: who never wins gets easier to excite, down to the base threshold
        thresholds = jnp.maximum(self.thresholds + threshold_step * (share * wins.shape[0] - 1) / wins.shape[0], 0)
        return eqx.tree_at(lambda layer: (layer.weights, layer.thresholds), self, (_normalised(moved, total), thresholds))


def _normalised(weights: Float[Array, "inputs outputs"], total: Float[Array, ""]) -> Float[Array, "inputs outputs"]:
    # a neuron whose weights are all 0 keeps them, instead of 0 / 0
    return jnp.clip(weights * total / jnp.maximum(jnp.sum(weights, axis=0, keepdims=True), 1e-6), 0, 1)


def learn_layer(
    layer: CompetitiveLayer,
    samples: Float[Array, "batches time batch inputs"],
    rule: PairRule,
    threshold_step: Float[Array, ""],
) -> CompetitiveLayer:
    """The layer after seeing all batches in order, in one device call."""
    return jax.lax.scan(lambda held, batch: (held.learn(batch, rule, threshold_step), None), layer, samples)[0]
