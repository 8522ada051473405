"""How good answers are; labels of -1 count for nothing."""

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int


def accuracy(logits: Float[Array, "*samples classes"], labels: Int[Array, "*samples"]) -> Float[Array, ""]:
    """Share of labels that are the place of the largest logit; NaN where a logit is, which is no answer."""
    # argmax of NaNs is 0: a network without numbers would be right wherever the label is 0
    right = jnp.where(jnp.any(jnp.isnan(logits), axis=-1), jnp.nan, jnp.argmax(logits, axis=-1) == labels)
    return _mean_where_labelled(right.astype(logits.dtype), labels)


def cross_entropy(logits: Float[Array, "*samples classes"], labels: Int[Array, "*samples"], smoothing: float = 0.0) -> Float[Array, ""]:
    """Mean cross-entropy [nat], with a share `smoothing` of each label spread over all classes (Szegedy et al. 2016)."""
    # -1 names no class: which one stands in for it does not matter, as its entry is left out below
    each = optax.softmax_cross_entropy_with_integer_labels(logits, jnp.maximum(labels, 0))
    if smoothing:
        each = (1 - smoothing) * each - smoothing * jnp.mean(jax.nn.log_softmax(logits), axis=-1)
    return _mean_where_labelled(each, labels)


def _mean_where_labelled(values: Float[Array, "*samples"], labels: Int[Array, "*samples"]) -> Float[Array, ""]:
    counts = (labels >= 0).astype(values.dtype)
    # where and not a product, as 0 times NaN is NaN; without any label the mean is 0, not 0 / 0
    return jnp.sum(jnp.where(labels >= 0, values, 0)) / jnp.maximum(jnp.sum(counts), 1)
