"""Training and measuring one network of `benchmarks.accuracy`; minibatches are drawn by index inside a compiled loop of many steps."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jaxtyping import Array, Float, Int, Key

from codesign.analog.arrays.array import DigitalArray
from codesign.hardware.systolic.array import Systolic
from codesign.network.answers.score import accuracy, cross_entropy
from codesign.network.builders.models import SpikingNetwork
from codesign.network.operation import Operation
from codesign.network.run import Activity
from codesign.network.trace import trace
from codesign.technology import catalogue

Augment = Callable[[Float[Array, "batch ..."], Key[Array, ""]], Float[Array, "batch ..."]]


class Stage(NamedTuple):
    """One training run.

    Attributes:
        epochs: over the training samples.
        batch: samples of a minibatch.
        learning_rate: the largest; it rises over the first 5 % of the steps, then falls as a cosine.
        each_step: share of the loss that is the mean over the steps' own losses (temporal efficient training, Deng et al. 2022).
        smoothing: of the labels.
        decay: of the weights.
        steps_per_call: minibatches of one compiled call.
    """

    epochs: float
    batch: int = 64
    learning_rate: float = 2e-3
    each_step: float = 0.0
    smoothing: float = 0.0
    decay: float = 1e-3
    steps_per_call: int = 25


class Measured(NamedTuple):
    """What a trained network does on samples it has not seen.

    Attributes:
        accuracy: share of correct answers.
        input_rate: events per neuron and step that reach the layers behind the first, mean over their inputs.
        energy_nj: of one inference on a systolic array.
    """

    accuracy: float
    input_rate: float
    energy_nj: float


def forward(graph: Any, weights: nnx.State, inputs: Float[Array, "batch ..."], operation: Operation, key: Key[Array, ""]) -> Activity:
    """A run with exact arithmetic."""
    network: SpikingNetwork = nnx.merge(graph, weights)
    return network(inputs, operation, [DigitalArray()] * len(network.geometries), key)


def loss_of(activity: Activity, labels: Int[Array, "batch ..."], stage: Stage) -> Float[Array, ""]:
    """Cross-entropy of the answer, and of each step's where the stage says so."""
    whole = cross_entropy(activity.logits, labels, stage.smoothing)
    if not stage.each_step:
        return whole
    steps = activity.step_logits
    each = cross_entropy(steps, jnp.broadcast_to(labels, (steps.shape[0], *labels.shape)), stage.smoothing)
    return (1 - stage.each_step) * whole + stage.each_step * each


def optimiser_of(stage: Stage, steps: int) -> optax.GradientTransformation:
    """Adam with decoupled decay of the weight matrices, clipped."""
    rate = optax.warmup_cosine_decay_schedule(stage.learning_rate / 10, stage.learning_rate, max(1, steps // 20), steps)
    matrices = lambda weights: jax.tree.map(lambda x: x.ndim > 1, weights)  # noqa: E731
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(rate, weight_decay=stage.decay, mask=matrices))


def train(
    graph: Any,
    weights: nnx.State,
    operation: Operation,
    samples: tuple[np.ndarray, np.ndarray],
    stage: Stage,
    augment: Augment,
    seed: int,
    report: Callable[[str], None],
) -> nnx.State:
    """Weights after a stage.

    Args:
        graph: static structure of the network.
        weights: where it begins.
        operation: how the network is run.
        samples: inputs and labels.
        stage: how long, and how.
        augment: what is done to a minibatch's inputs.
        seed: of the order of samples and of the augmentation.
        report: is told about the progress.
    """
    inputs, labels = (jnp.asarray(x) for x in samples)
    per_epoch = len(labels) // stage.batch
    calls = max(1, round(stage.epochs * per_epoch / stage.steps_per_call))
    total = calls * stage.steps_per_call
    optimiser = optimiser_of(stage, total)
    rng = np.random.default_rng(seed)
    epochs = -(-total // per_epoch)
    order = np.concatenate([rng.permutation(len(labels))[: per_epoch * stage.batch] for _ in range(epochs)])
    chosen = order[: total * stage.batch].reshape(calls, stage.steps_per_call, stage.batch).astype(np.int32)

    @jax.jit
    def call(carry: Any, indices: Int[Array, "steps batch"], key: Key[Array, ""], inputs: Array, labels: Array) -> Any:
        def step(carry: Any, x: Any) -> Any:
            (weights, state), (index, step_key) = carry, x
            augment_key, run_key = jax.random.split(step_key)
            batch = augment(inputs[index], augment_key)

            def loss(weights: nnx.State) -> tuple[Array, Array]:
                activity = forward(graph, weights, batch, operation, run_key)
                return loss_of(activity, labels[index], stage), accuracy(activity.logits, labels[index])

            (value, right), gradient = jax.value_and_grad(loss, has_aux=True)(weights)
            update, state = optimiser.update(gradient, state, weights)
            return (optax.apply_updates(weights, update), state), (value, right)

        carry, (losses, right) = jax.lax.scan(step, carry, (indices, jax.random.split(key, len(indices))))
        return carry, jnp.mean(losses), jnp.mean(right)

    carry, start = (weights, optimiser.init(weights)), time.perf_counter()
    keys = jax.random.split(jax.random.key(seed), calls)
    for number in range(calls):
        carry, loss, right = call(carry, jnp.asarray(chosen[number]), keys[number], inputs, labels)
        done = (number + 1) / calls
        left = (time.perf_counter() - start) * (1 / done - 1)
        report(f"epoch {done * epochs:.1f}/{epochs}, loss {loss:.3f}, accuracy {right:.3f}, {left:.0f} s left")
    return carry[0]


def measure(graph: Any, weights: nnx.State, operation: Operation, samples: tuple[np.ndarray, np.ndarray], batch: int = 200) -> Measured:
    """Accuracy, activity, and energy on a systolic array of 45 nm that skips zeros."""
    inputs, labels = samples
    chip, prices = Systolic.of(zeros="skipping"), catalogue.load("digital_45nm")
    geometries = nnx.merge(graph, weights).geometries

    @jax.jit
    def one(weights: nnx.State, inputs: Array, labels: Array) -> tuple[Array, Array, Array]:
        activity = forward(graph, weights, inputs, operation, jax.random.key(0))
        work = trace(geometries, activity, operation)
        elements = jnp.asarray([layer.neurons_in for layer in geometries[1:]], jnp.float32)
        rate = jnp.sum(elements * work.input_rate[1:]) / jnp.maximum(jnp.sum(elements), 1)
        return accuracy(activity.logits, labels), rate, chip.cost(work, prices, 1.0).energy

    rows, weights_of = [], []
    for start in range(0, len(labels), batch):
        part = slice(start, start + batch)
        rows.append([float(x) for x in one(weights, jnp.asarray(inputs[part]), jnp.asarray(labels[part]))])
        weights_of.append(int(np.sum(labels[part] >= 0)))
    right, rate, energy_pj = np.average(np.asarray(rows), axis=0, weights=weights_of)
    return Measured(float(right), float(rate), float(energy_pj) / 1e3)


def parameters_of(weights: nnx.State) -> int:
    """Learned numbers."""
    return int(sum(np.size(x) for x in jax.tree.leaves(weights)))
