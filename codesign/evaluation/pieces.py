"""A batch that does not fit: the network runs on one piece of it after another, on the same simulated chip.

Answers are kept for every sample and rates are added up, so that all that is told of a batch is told of all samples together: smoothed
losses, steps until an early exit, prices. Beside the answers, memory is that of one piece, whatever the number of samples.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from codesign.network.run import Activity
from codesign.numerics import held_between

Forward = Callable[[Float[Array, "size ..."], Bool[Array, " size"] | None], Activity]
"""A forward pass of some samples, with rates of those that count; None where all do."""


def in_pieces(forward: Forward, inputs: Float[Array, "batch ..."], at_once: int | None) -> Activity:
    """What a forward pass of all samples leaves behind, run on equal pieces of them in turn.

    Every piece runs with the same keys: drawn spikes and noise of single readings are the same for samples at the same place of two
    pieces. A gradient runs each piece again instead of keeping what all of them leave behind.

    Args:
        forward: traced once.
        inputs: samples.
        at_once: the most of them in a piece; None for all.
    """
    samples = inputs.shape[0]
    if at_once is None or samples <= at_once:
        return forward(inputs, None)
    count = -(-samples // max(1, at_once))
    size = -(-samples // count)

    @jax.checkpoint
    def piece(first: Array) -> tuple[Activity, Float[Array, ""]]:
        # the last one reaches back instead of being filled up: nothing is copied, and what was seen before does not count again
        start = jnp.minimum(first, samples - size)
        fresh = start + jnp.arange(size) >= first
        activity = forward(jax.lax.dynamic_slice_in_dim(inputs, start, size), fresh)
        return activity, jnp.sum(fresh) / samples

    pieces, share = jax.lax.map(piece, size * jnp.arange(count))
    return _together(pieces, share, samples)


def _together(pieces: Activity, share: Float[Array, " pieces"], samples: int) -> Activity:
    """One activity from those of pieces, stacked along the first axis."""

    def mean(rates: Float[Array, "pieces layers"]) -> Float[Array, " layers"]:
        # shares add up to 1 to rounding
        return held_between(share @ rates, 0, 1)

    # what is not measured on samples is the same for all pieces
    first = jax.tree.map(lambda x: x[0], pieces)
    return first._replace(
        logits=_joined(pieces.logits, samples),
        step_logits=jnp.moveaxis(_joined(jnp.moveaxis(pieces.step_logits, 2, 1), samples), 0, 1),
        input_rate=mean(pieces.input_rate),
        output_rate=mean(pieces.output_rate),
    )


def _joined(parts: Float[Array, "pieces size ..."], samples: int) -> Float[Array, "samples ..."]:
    """Entries of pieces in a row; the last piece begins with entries of the one before it."""
    known = parts.shape[0] * parts.shape[1] - samples
    return jnp.concatenate([parts[:-1].reshape(-1, *parts.shape[2:]), parts[-1, known:]])
