"""The answer a user sees: a hardened design measured with the exact model on many simulated chips."""

import equinox as eqx
import jax
import jax.numpy as jnp
from flax import nnx
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

    chips = jax.lax.map(on_chip, keys)
    first = jax.tree.map(lambda x: x[0], chips.workload)
    rates = (jnp.mean(chips.workload.input_rate, axis=0), jnp.mean(chips.workload.output_rate, axis=0))
    workload = eqx.tree_at(lambda w: (w.input_rate, w.output_rate), first, rates)
    cost = design.hardware.cost(workload, technology)
    mean = Evaluation(
        jnp.mean(chips.loss),
        jnp.mean(chips.smoothed_loss),
        jnp.mean(chips.accuracy),
        cost,
        workload,
        design.operation,
        design.hardware,
    )
    return mean, 1 - chips.accuracy
