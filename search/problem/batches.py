"""Splits as device arrays, and what is drawn from them."""

from typing import Final

import jax
import jax.numpy as jnp
from jaxtyping import Array, Key

from codesign.data.dataset import Split
from codesign.evaluation.evaluate import Batch

VALIDATION_SAMPLES: Final = 256  # that a search looks at while it runs: two decimals of error; all of them are for choosing designs


def as_batch(split: Split) -> Batch:
    """A split as device arrays."""
    return Batch(jnp.asarray(split.inputs, jnp.float32), jnp.asarray(split.labels, jnp.int32))


def draw(split: Batch, size: int, key: Key[Array, ""]) -> Batch:
    """A minibatch drawn with replacement."""
    # with replacement: there is no order of samples to keep from call to call, or in a checkpoint
    index = jax.random.randint(key, (size,), 0, split.labels.shape[0])
    return Batch(split.inputs[index], split.labels[index])
