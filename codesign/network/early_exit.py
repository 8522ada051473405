"""Answers given as soon as they are certain: fewer steps for easy samples (DT-SNN: Li et al., DAC 2023; SEENN: Li et al., NeurIPS 2023).

After each step the entropy of the mean scores so far is compared with a threshold, as a share of its maximum; a sample whose entropy is
below it leaves. Relaxed, it leaves with the probability `sigmoid((threshold - entropy) / temperature)`, so that the expected number of
steps is differentiable in weights and threshold; the temperature falls with the hardness of the cost model, and at hardness 1 the rule is
exact (its gradient is that of the coldest soft rule).

The chip's layers are charged for the mean number of steps over the batch; the rates per step are those of the whole run. A layer of
numbers behind a spiking one waits for all steps, so nothing leaves a network with such a pair of layers early.
"""

from typing import Final

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.network.operation import Operation
from codesign.network.run import Activity
from codesign.numerics import held_between, safe_divide, step_weights, straight_through

COLDEST: Final = 0.02  # temperature at hardness 1, in shares of the largest entropy
WARMEST: Final = 0.2  # at hardness 0


def running_mean(step_logits: Float[Array, "time batch classes"], timesteps: ArrayLike) -> Float[Array, "time batch classes"]:
    """Mean scores up to and including each step, of the steps that count."""
    counted = step_weights(timesteps, step_logits.shape[0])[:, None, None]
    # steps beyond `timesteps` add nothing to either sum: their mean stays that of the last step that counts
    return safe_divide(jnp.cumsum(counted * step_logits, axis=0), jnp.cumsum(counted, axis=0))


def relative_entropy(logits: Float[Array, "*samples classes"]) -> Float[Array, "*samples"]:
    """Entropy of the classes' probabilities as a share of the largest, log(classes), in [0, 1]."""
    # logarithms of shares, not of exponentials: a class without any probability is 0 times a finite number, not 0 times -inf
    log_shares = jax.nn.log_softmax(logits, axis=-1)
    # equal logits come out a rounding above 1
    return held_between(-jnp.sum(jnp.exp(log_shares) * log_shares, axis=-1) / jnp.log(logits.shape[-1]), 0, 1)


def exit_early(activity: Activity, operation: Operation, hardness: ArrayLike = 1.0) -> Activity:
    """What a forward pass leaves behind when samples may leave early: other logits, and fewer steps of the spiking layers.

    Args:
        activity: of the whole run, of a network with one answer.
        operation: how it was run; without `exit_entropy` nothing changes.
        hardness: 1 is the exact rule.

    Raises:
        ValueError: a network with an answer at every step.
    """
    if operation.exit_entropy is None:
        return activity
    if activity.logits.ndim != 2:
        raise ValueError("exit_entropy: a network with an answer at every step has none to give early")
    means = running_mean(activity.step_logits, operation.timesteps)
    leaving = _may_leave(activity.spiking) * _leaving(relative_entropy(means), operation.exit_entropy, hardness)
    stayed = jnp.cumprod(1 - leaving, axis=0)
    # a step is run by those who stayed after all steps before it; everybody runs the first
    running = jnp.concatenate([jnp.ones_like(stayed[:1]), stayed[:-1]])
    counted = step_weights(operation.timesteps, means.shape[0])
    steps = jnp.mean(jnp.sum(counted[:, None] * running, axis=0))
    # who was never certain answers with the mean of all steps
    logits = jnp.sum((running * leaving)[..., None] * means, axis=0) + stayed[-1][:, None] * means[-1]
    # timesteps are g T + (1 - g): only the spiking share ends early
    return activity._replace(logits=logits, timesteps=activity.timesteps - activity.spiking * (operation.timesteps - steps))


def _leaving(entropy: Float[Array, "time batch"], threshold: Float[Array, ""], hardness: ArrayLike) -> Float[Array, "time batch"]:
    hardness = jnp.asarray(hardness, entropy.dtype)
    soft = jax.nn.sigmoid((threshold - entropy) / (COLDEST + (WARMEST - COLDEST) * (1 - hardness)))
    return jnp.where(hardness < 1, soft, straight_through((entropy < threshold).astype(soft.dtype), soft))


def _may_leave(spiking: Float[Array, " layers"]) -> Float[Array, ""]:
    """1 where no layer of numbers listens to a spiking one, 0 where one does."""
    # the scores' layer is among the listeners: at a gate of 0 it reads counts of the whole run, too
    return jnp.prod(1 - spiking[:-1] * (1 - spiking[1:]))
