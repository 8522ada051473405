"""The answer a user sees: a hardened design measured with the exact model on many simulated chips."""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key

from codesign.analog.arrays.array import AbstractArray
from codesign.analog.device.ageing import AbstractAgeing, AgedCompensated
from codesign.evaluation.arithmetic import arrays_of
from codesign.evaluation.devices import as_meant, matched
from codesign.evaluation.evaluate import Batch, Design, Evaluation, assigned, evaluate, evaluate_on
from codesign.evaluation.recalibrate import recalibrate
from codesign.hardware.base import AbstractHardware
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.hardware.hybrid.chip import HybridChip
from codesign.network.builders.models import SpikingNetwork
from codesign.network.operation import Operation
from codesign.technology.technology import Technology


def verify(
    graph: "nnx.GraphDef[SpikingNetwork]",
    design: Design,
    batch: Batch,
    technology: Technology,
    keys: Key[Array, " chips"],
    *,
    granularity: int = 16,
    at_once: int | None = None,
) -> tuple[Evaluation, Float[Array, " chips"]]:
    """Measure a hardened design again with the exact model on several simulated chips.

    Args:
        graph: static structure of the network.
        design: weights, operation, chip.
        batch: samples.
        technology: prices.
        keys: the simulated chips.
        granularity: divides every number of rows that may occur (static).
        at_once: samples that run together, the others after them; None for all (static).

    Returns:
        The evaluation with losses, accuracy and rates averaged over the chips, its cost being the exact cost of the averaged
        rates; the error of each chip.
    """

    def on_chip(key: Array) -> Evaluation:
        return evaluate(graph, design, batch, technology, key, exact=True, granularity=granularity, at_once=at_once)

    # one chip after another: each holds weights of its own, and a CPU is slower on a batch of weights than on a loop
    mean = over_chips(jax.lax.map(on_chip, keys), design, technology)
    assert mean.chip_accuracy is not None
    return mean, 1 - mean.chip_accuracy


def over_chips(chips: Evaluation, design: Design, technology: Technology, hardness: ArrayLike = 1.0) -> Evaluation:
    """One evaluation from those of several simulated chips, stacked along the first axis.

    Losses, accuracy, rates and steps are averaged; the cost is that of the averages.
    """
    # what is not averaged belongs to the design and is the same on every chip
    first = jax.tree.map(lambda x: x[0], chips.workload)
    measured = ("input_rate", "output_rate", "timesteps", "exit_checks")
    workload = dataclasses.replace(first, **{name: jnp.mean(getattr(chips.workload, name), axis=0) for name in measured})
    return Evaluation(
        jnp.mean(chips.loss),
        jnp.mean(chips.smoothed_loss),
        jnp.mean(chips.accuracy),
        # not the mean of the costs: this one can be computed again from the workload that is kept
        design.hardware.cost(workload, technology, hardness),
        workload,
        design.operation,
        design.hardware,
        chips.loss,
        chips.accuracy,
        *(None if x is None else jnp.mean(x) for x in (chips.step_loss, chips.aged_loss, chips.aged_accuracy)),
    )


def age_errors(
    graph: "nnx.GraphDef[SpikingNetwork]",
    design: Design,
    batch: Batch,
    technology: Technology,
    keys: Key[Array, " chips"],
    ages_s: Float[Array, " ages"],
    *,
    ageing: Callable[[Float[Array, ""]], AbstractAgeing] = AgedCompensated,
    calibration: Batch | None = None,
    granularity: int = 16,
    at_once: int | None = None,
) -> Float[Array, "ages chips"]:
    """Errors of a hardened design on several simulated chips some time after programming, read noise included; one trace for all times.

    Args:
        graph: static structure of the network.
        design: weights, operation, chip; only an analog one ages.
        batch: samples.
        technology: prices, and laws of drift and noise.
        keys: the simulated chips, the same at every age.
        ages_s: times since programming [s] (`codesign.analog.device.ageing.AGES_S`).
        ageing: what is done about drift: `AgedCompensated`, or `Aged` for nothing.
        calibration: samples from which every chip's columns are re-estimated at that age (`recalibrate`); None for not at all.
        granularity: divides every number of rows that may occur (static).
        at_once: samples of the batch that run together, the others after them; None for all (static). Calibration takes all of its own.
    """
    chip = assigned(graph, design)

    def arrays_at(age_s: Array) -> list[AbstractArray]:
        return arrays_of(chip, technology, design.operation, True, granularity, ageing(age_s))

    def error(age_and_chip: tuple[Array, Array]) -> Array:
        age_s, key = age_and_chip
        arrays = arrays_at(age_s)
        # the same key again, as calibration and test are of one chip
        if calibration is not None:
            references = _noise_free(chip, technology, design.operation, granularity)
            arrays = recalibrate(graph, design, calibration, arrays, references, jax.random.clone(key))
        return 1 - evaluate_on(graph, design, batch, technology, arrays, key, at_once=at_once).accuracy

    ages, chips = ages_s.shape[0], keys.shape[0]
    # the same chips at every age, all in one map, so that nothing is traced twice
    pairs = (jnp.repeat(ages_s, chips), keys[jnp.tile(jnp.arange(chips), ages)])
    return jax.lax.map(error, pairs).reshape(ages, chips)


def _noise_free(chip: AbstractHardware, technology: Technology, operation: Operation, granularity: int) -> list[AbstractArray]:
    """Arrays of the same chip as it was meant to be programmed."""

    def meant(part: AbstractHardware) -> AbstractHardware:
        # wires and converters stay: the network was trained with them, and a gain must not undo that
        if isinstance(part, Crossbar):
            return as_meant(part)
        return dataclasses.replace(part, engines=tuple(map(meant, part.engines))) if isinstance(part, HybridChip) else part

    return arrays_of(meant(chip), matched(technology), operation, True, granularity)
