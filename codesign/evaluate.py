"""Where network and chip meet: one design, one batch, one simulated chip, all of its qualities.

This is the only module that knows both sides. It turns hardware parameters into the arithmetic that the network's layers run on
(so that loss gradients reach the chip) and measured activity into a workload (so that energy gradients reach the weights).
"""

from functools import singledispatch
from typing import Final, NamedTuple

import chex
import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int, Key

from codesign.analog.array import AbstractArray, CrossbarPhysics, DigitalArray, StatisticalCrossbar, TiledCrossbar
from codesign.analog.wires_resistance import wire_resistance
from codesign.cost import Cost
from codesign.hardware.base import AbstractHardware
from codesign.hardware.crossbar import Crossbar
from codesign.network.models import SpikingNetwork
from codesign.network.operation import Operation
from codesign.network.trace import accuracy, trace
from codesign.technology import Technology
from codesign.workload import Workload

LABEL_SMOOTHING: Final = 0.1


class Batch(NamedTuple):
    """Samples and their labels."""

    inputs: Float[Array, "batch ..."]
    labels: Int[Array, " batch"]


class Design(eqx.Module):
    """Everything a search may change: the network's weights, the way it is run, and the chip."""

    network: nnx.State
    operation: Operation
    hardware: AbstractHardware


class Evaluation(eqx.Module):
    """What one forward pass of one design on one simulated chip tells.

    Attributes:
        loss: mean cross-entropy [nat].
        smoothed_loss: the same with 10 % label smoothing (Szegedy et al. 2016), for training: on small data it generalises better.
        accuracy: share of correct answers.
        cost: energy, latency, area by layer and component.
        workload: shapes and measured rates the cost was computed from.
        operation, hardware: the design's settings.
    """

    loss: Float[Array, ""]
    smoothed_loss: Float[Array, ""]
    accuracy: Float[Array, ""]
    cost: Cost
    workload: Workload
    operation: Operation
    hardware: AbstractHardware


@singledispatch
def arrays_of(
    hardware: AbstractHardware, technology: Technology, operation: Operation, exact: bool, granularity: int
) -> list[AbstractArray]:
    """The arithmetic of each weighted layer on a chip; digital, and so exact, unless the family says otherwise.

    Args:
        hardware: the chip.
        technology: prices and physical constants.
        operation: how the network is run.
        exact: tile by tile with legal parameters, or the smooth form.
        granularity: divides every number of rows that may occur (exact form only).
    """
    return [DigitalArray()] * operation.weight_bits.shape[0]


@arrays_of.register
def _(hardware: Crossbar, technology: Technology, operation: Operation, exact: bool, granularity: int) -> list[AbstractArray]:
    layers = operation.weight_bits.shape[0]
    sigmas = jnp.broadcast_to(hardware.programming_sigma, (layers,)) * slicing_factor(operation.weight_bits, hardware.cell_bits)
    # weights are bell-shaped: a device conducts about a quarter of the largest on average
    conductance = 0.25 / technology["on_resistance_ohm"]
    row_ohm, column_ohm = wire_resistance(technology.node_nm, "1T1R")
    arrays: list[AbstractArray] = []
    for layer in range(layers):
        physics = CrossbarPhysics(
            rows=hardware.rows,
            columns=hardware.columns,
            programming_sigma=sigmas[layer],
            row_loss=conductance * row_ohm,
            column_loss=conductance * column_ohm,
        )
        arrays.append(TiledCrossbar(physics, hardware.adc_bits, granularity) if exact else StatisticalCrossbar(physics, hardware.adc_bits))
    return arrays


def slicing_factor(weight_bits: Float[Array, " layers"], cell_bits: Float[Array, ""]) -> Float[Array, " layers"]:
    """Spread of a bit-sliced weight, as a multiple of one device's spread.

    A magnitude of m = weight_bits - 1 bits lies on n = m / c devices of base B = 2**c whose sums are weighted by B**i; their
    independent errors add to sigma**2 (B - 1)**2 sum_i B**(2 i) / (B**n - 1)**2 = sigma**2 (B - 1)/(B + 1) (2**m + 1)/(2**m - 1).
    """
    base, levels = 2.0**cell_bits, 2 ** (weight_bits - 1)
    return jnp.sqrt((base - 1) / (base + 1) * (levels + 1) / (levels - 1))


def evaluate(
    graph: "nnx.GraphDef[SpikingNetwork]",
    design: Design,
    batch: Batch,
    technology: Technology,
    key: Key[Array, ""],
    *,
    exact: bool,
    hardness: ArrayLike = 1.0,
    granularity: int = 16,
) -> Evaluation:
    """Run a batch on one simulated chip and price it.

    Args:
        graph: static structure of the network.
        design: weights, operation, chip.
        batch: samples.
        technology: prices.
        key: the simulated chip.
        exact: the discrete model (parameters must be legal), or the smooth one (static).
        hardness: of the smooth cost model, in [0, 1]; ignored when exact.
        granularity: divides every number of rows that may occur (static).

    Raises:
        AssertionError: not as many labels as samples.
    """
    chex.assert_equal_shape_prefix([batch.inputs, batch.labels], 1)
    network = nnx.merge(graph, design.network)
    geometries = network.geometries
    arrays = arrays_of(design.hardware, technology, design.operation, exact, granularity)
    activity = network(batch.inputs, design.operation, arrays, key)
    workload = trace(geometries, activity, design.operation)
    cost = design.hardware.cost(workload, technology, 1.0 if exact else hardness)
    loss = jnp.mean(optax.softmax_cross_entropy_with_integer_labels(activity.logits, batch.labels))
    uniform = -jnp.mean(jax.nn.log_softmax(activity.logits))
    smoothed = (1 - LABEL_SMOOTHING) * loss + LABEL_SMOOTHING * uniform
    right = accuracy(activity.logits, batch.labels)
    return Evaluation(loss, smoothed, right, cost, workload, design.operation, design.hardware)


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
