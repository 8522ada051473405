"""Temporal efficient training: every step's answer is trained, not their mean alone (Deng et al., ICLR 2022)."""

import jax.numpy as jnp
import optax
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int

from codesign.numerics import step_weights


def tet(
    step_logits: Float[Array, "time batch classes"], labels: Int[Array, " batch"], timesteps: ArrayLike, regularisation: float = 0.0
) -> Float[Array, ""]:
    """Mean over the steps of each step's cross-entropy [nat].

    Without regularisation, and to rounding, never below the cross-entropy of the mean logits (Jensen).

    Args:
        step_logits: class scores of each step.
        labels: one per sample; -1 counts for nothing.
        timesteps: steps that count, any real number; step t with weight clip(timesteps - t, 0, 1).
        regularisation: share (their lambda) of the mean square distance between the scores and 1, which keeps outliers down.
    """
    steps = jnp.asarray(timesteps, step_logits.dtype)
    share = step_weights(steps, step_logits.shape[0]) / steps
    known = (labels >= 0).astype(step_logits.dtype)
    # -1 names no class: any may stand in, as `known` leaves its entry out
    entropy = optax.softmax_cross_entropy_with_integer_labels(step_logits, jnp.maximum(labels, 0)[None])
    # 1 is their phi, the firing threshold
    distance = jnp.mean((step_logits - 1) ** 2, axis=-1)
    each = (1 - regularisation) * entropy + regularisation * distance
    return jnp.sum(share[:, None] * known * each) / jnp.maximum(jnp.sum(known), 1)
