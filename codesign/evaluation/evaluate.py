"""Where network and chip meet: one design, one batch, one simulated chip, all of its qualities.

This is the only module that knows both sides. It turns hardware parameters into the arithmetic that the network's layers run on
(so that loss gradients reach the chip) and measured activity into a workload (so that energy gradients reach the weights).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import chex
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int, Key

from codesign.analog.arrays.array import AbstractArray
from codesign.cost import Cost
from codesign.evaluation.arithmetic import arrays_of
from codesign.evaluation.devices import Ages, ageing_of
from codesign.evaluation.pieces import in_pieces
from codesign.hardware.base import AbstractHardware
from codesign.network.answers.score import accuracy, cross_entropy
from codesign.network.answers.tet import tet
from codesign.network.builders.models import SpikingNetwork
from codesign.network.early_exit import exit_early
from codesign.network.layers.layers import Synapses
from codesign.network.operation import Operation
from codesign.network.quantise import non_zero_share, quantise_signed
from codesign.network.run import Activity
from codesign.network.trace import trace
from codesign.numerics import safe_divide
from codesign.shown.designs import design_sheet, evaluation_sheet
from codesign.shown.sheet import Sheet
from codesign.shown.shown import Shown
from codesign.technology.technology import Technology
from codesign.workloads.workload import LayerWork, Workload

LABEL_SMOOTHING: Final = 0.1


class Batch(NamedTuple):
    """Samples and their labels.

    Attributes:
        inputs: frames or sequences, as the network's encoding says.
        labels: one per sample, or one per time step `[batch, time]`, where -1 counts for nothing.
    """

    inputs: Float[Array, "batch ..."]
    labels: Int[Array, "batch ..."]


class Design(Shown, eqx.Module):
    """Everything a search may change.

    Attributes:
        network: the network's weights.
        operation: the way it is run: time, precision, gates.
        hardware: the chip.
    """

    network: nnx.State
    operation: Operation
    hardware: AbstractHardware

    def sheet(self) -> Sheet:
        """Operation and chip; see `codesign.shown`."""
        learned = sum(np.size(leaf) for leaf in jax.tree.leaves(self.network))
        return design_sheet(learned, self.operation.sheet(), self.hardware.sheet())


class Evaluation(Shown, eqx.Module):
    """What one forward pass of one design on one simulated chip tells.

    Attributes:
        loss: mean cross-entropy [nat].
        smoothed_loss: the same with 10 % label smoothing (Szegedy et al. 2016), for training: on small data it generalises better.
        accuracy: share of correct answers.
        cost: energy, latency, area by layer and component.
        workload: shapes and measured rates the cost was computed from.
        operation, hardware: the design's settings.
        chip_loss, chip_accuracy: of each simulated chip, where it was measured on several.
        step_loss: mean over the steps of each step's cross-entropy [nat] (`codesign.network.answers`); that of `loss` for answers per step.
        aged_loss, aged_accuracy: some time after programming, where that was measured.
    """

    loss: Float[Array, ""]
    smoothed_loss: Float[Array, ""]
    accuracy: Float[Array, ""]
    cost: Cost
    workload: Workload
    operation: Operation
    hardware: AbstractHardware
    chip_loss: Float[Array, " chips"] | None = None
    chip_accuracy: Float[Array, " chips"] | None = None
    step_loss: Float[Array, ""] | None = None
    aged_loss: Float[Array, ""] | None = None
    aged_accuracy: Float[Array, ""] | None = None

    def sheet(self) -> Sheet:
        """How well it answers, and what it costs; see `codesign.shown`."""
        losses = {name: (getattr(self, name), "nat") for name in ("loss", "smoothed_loss", "step_loss", "chip_loss", "aged_loss")}
        shares = {name: (getattr(self, name), "") for name in ("accuracy", "chip_accuracy", "aged_accuracy")}
        return evaluation_sheet(shares | losses, self.cost.sheet(), self.workload.sheet(), self.hardware.sheet())


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
    ageing: Ages = None,
    at_once: int | None = None,
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
        ageing: how long after programming analog devices are used, with their read noise; None for as long as the chip leaves them
            (`codesign.evaluation.devices.ageing_of`).
        at_once: samples that run together, the others after them; None for all (static, see `codesign.evaluation.pieces`).

    Raises:
        AssertionError: not as many labels as samples, or labels per step for a network with one answer.
    """
    hardness = 1.0 if exact else hardness
    ageing = ageing_of(design.hardware, technology) if ageing is None else ageing
    arrays = arrays_of(assigned(graph, design, hardness), technology, design.operation, exact, granularity, ageing)
    return evaluate_on(graph, design, batch, technology, arrays, key, hardness=hardness, at_once=at_once)


def assigned(graph: "nnx.GraphDef[SpikingNetwork]", design: Design, hardness: ArrayLike = 1.0) -> AbstractHardware:
    """The chip with its layers assigned, as arithmetic takes it (`codesign.evaluation.arithmetic.arrays_of`)."""
    return design.hardware.assigned(nnx.merge(graph, design.network).geometries, hardness)


def evaluate_on(
    graph: "nnx.GraphDef[SpikingNetwork]",
    design: Design,
    batch: Batch,
    technology: Technology,
    arrays: Sequence[AbstractArray],
    key: Key[Array, ""],
    *,
    hardness: ArrayLike = 1.0,
    at_once: int | None = None,
) -> Evaluation:
    """As `evaluate`, on given arrays: real devices (`codesign.evaluation.arithmetic.device_arrays`), recalibrated ones, or a user's own.

    Args:
        graph: static structure of the network.
        design: weights, operation, chip (which is priced).
        batch: samples.
        technology: prices.
        arrays: arithmetic of each layer.
        key: the simulated chip.
        hardness: of the cost model, in [0, 1].
        at_once: samples that run together, the others after them; None for all (static).

    Raises:
        AssertionError: not as many labels as samples, or labels per step for a network with one answer.
    """
    chex.assert_equal_shape_prefix([batch.inputs, batch.labels], 1)
    network = nnx.merge(graph, design.network)
    geometries = network.geometries

    def forward(inputs: Array, fresh: Array | None) -> Activity:
        # a clone, as all pieces are of one chip
        return network(inputs, design.operation, arrays, jax.random.clone(key), fresh)

    # before the workload is traced: the steps that are left are what is priced
    activity = exit_early(in_pieces(forward, batch.inputs, at_once), design.operation, hardness)
    chex.assert_shape(batch.labels, activity.logits.shape[:-1])
    traced = trace(geometries, activity, design.operation)
    # only here are weights and arrays known together
    measured = _densities_and_magnitudes(network, arrays, design.operation)
    workload = eqx.tree_at(lambda w: (w.weight_density, w.weight_magnitude), traced, measured)
    cost = design.hardware.cost(workload, technology, hardness)
    loss = cross_entropy(activity.logits, batch.labels)
    smoothed = cross_entropy(activity.logits, batch.labels, LABEL_SMOOTHING)
    right = accuracy(activity.logits, batch.labels)
    each_step = tet(activity.step_logits, batch.labels, design.operation.timesteps) if batch.labels.ndim == 1 else loss
    return Evaluation(loss, smoothed, right, cost, workload, design.operation, design.hardware, step_loss=each_step)


def _densities_and_magnitudes(
    network: SpikingNetwork, arrays: Sequence[AbstractArray], operation: Operation
) -> tuple[Float[Array, " layers"], Float[Array, " layers"]]:
    """Non-zero share of each layer's quantised weights, and the mean size of these as the layer's array delivers them.

    With the wires' losses: devices draw current in proportion.
    """
    found = {module.geometry.name: module for _, module in nnx.iter_modules(network) if isinstance(module, Synapses)}

    def measured(layer: LayerWork, array: AbstractArray, bits: Array) -> tuple[Array, Array]:
        if layer.name not in found:
            # no stored weights: the defaults of `Workload`
            return jnp.asarray(1.0, jnp.float32), jnp.asarray(0.5, jnp.float32)
        synapses = found[layer.name]
        weights, scale = synapses.weights, jnp.exp(synapses.log_scale[...])
        density = non_zero_share(weights, scale, bits)
        sizes = jnp.abs(quantise_signed(weights, scale, bits)) / scale
        # over the non-zero ones alone: a chip multiplies by the density
        return density, safe_divide(jnp.mean(sizes * array.delivered(sizes.shape, jnp.mean(sizes))), density)

    layers = zip(network.geometries, arrays, operation.weight_bits, strict=True)
    densities, magnitudes = zip(*(measured(*layer) for layer in layers), strict=True)
    return jnp.stack(densities), jnp.stack(magnitudes)
