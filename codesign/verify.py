"""The answer a user sees: a hardened design measured with the exact model on many simulated chips."""

import equinox as eqx
import jax
import jax.numpy as jnp
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key

from codesign.evaluate import Batch, Design, Evaluation, evaluate
from codesign.network.models import SpikingNetwork
from codesign.technology import Technology


def verify(
    graph: "nnx.GraphDef[SpikingNetwork]",
    design: Design,
    batch: Batch,
    technology: Technology,
    keys: Key[Array, " chips"],
    *,
    granularity: int = 16,
) -> tuple[Evaluation, Float[Array, " chips"]]:
    """Measure a hardened design again with the exact model on several simulated chips.

    Returns:
        The evaluation with losses, accuracy and rates averaged over the chips, its cost being the exact cost of the averaged
        rates; the error of each chip.
    """

    def on_chip(key: Array) -> Evaluation:
        return evaluate(graph, design, batch, technology, key, exact=True, granularity=granularity)

    mean = over_chips(jax.lax.map(on_chip, keys), design, technology)
    assert mean.chip_accuracy is not None
    return mean, 1 - mean.chip_accuracy


def over_chips(chips: Evaluation, design: Design, technology: Technology, hardness: ArrayLike = 1.0) -> Evaluation:
    """One evaluation from those of several simulated chips, stacked along the first axis.

    Losses, accuracy and rates are averaged; the cost is that of the averaged rates.
    """
    first = jax.tree.map(lambda x: x[0], chips.workload)
    rates = (jnp.mean(chips.workload.input_rate, axis=0), jnp.mean(chips.workload.output_rate, axis=0))
    workload = eqx.tree_at(lambda w: (w.input_rate, w.output_rate), first, rates)
    return Evaluation(
        jnp.mean(chips.loss),
        jnp.mean(chips.smoothed_loss),
        jnp.mean(chips.accuracy),
        design.hardware.cost(workload, technology, hardness),
        workload,
        design.operation,
        design.hardware,
        chips.loss,
        chips.accuracy,
    )
