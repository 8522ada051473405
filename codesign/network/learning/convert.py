"""From a trained quantised-ReLU network to a spiking one of the same weights, at once or layer by layer.

A layer at gate 0 sends `Q(clip(h / threshold, 0, 1))` on `2**b - 1` levels above 0, rounded to the nearest: quantisation, clip, floor and
shift by a half with a learned clip, which is what a network that shall be converted is trained with (QCFS: Bu et al., ICLR 2022). An
integrate-and-fire neuron with soft reset, started at half a threshold, sends in T steps of a current h

    clip(floor(T h / threshold + 1/2), 0, T)

spikes: their mean is the same number where T = 2**b - 1, so levels tie bits to time (`steps_of`). The condition is that the current of
every step lies between 0 and the threshold, or is the same in every step. So the first hidden layer under direct encoding is exact, and so
is any layer whose input is held constant at its mean (layer-wise collapse). A deeper layer receives its spikes unevenly: its
current may leave that range within a step although its mean does not, and then spikes are missing or too many. That is what fine-tuning
repairs: of the converted network as a whole (`codesign.evaluation.conversion`), or of the layers behind each newly converted one
(`tune_progressively`). Maxima of spikes are not spikes of maxima: average pools convert, maximum pools approximately.
"""

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jaxtyping import Array, Float, Int, Key

from codesign.analog.arrays.array import AbstractArray
from codesign.network.answers.score import cross_entropy
from codesign.network.layers.blocks import SpikingLayer
from codesign.network.network import SpikingNetwork
from codesign.network.neurons.firing import soft_reset
from codesign.network.neurons.neurons import IntegrateAndFire, LeakyNeuron
from codesign.network.operation import Operation
from codesign.network.run import Activity

Loss = Callable[[Activity, Array], Array]

# without a rate: it is given for every step, so that one program serves trainings of any length
_ADAM: Final = optax.scale_by_adam()


def steps_of(bits: int) -> int:
    """Time steps in which a neuron of binary spikes can send all levels of a number of `bits` bits: `2**bits - 1`."""
    return 2**bits - 1


def spiking_twin(network: SpikingNetwork) -> SpikingNetwork:
    """The network with neurons that do not leak, are reset by subtraction and start at half a threshold; weights and thresholds are kept.

    Raises:
        ValueError: a layer that cannot be converted; names it.
    """
    twin = nnx.clone(network)
    layers = _spiking_layers(twin)
    # the last are the class scores, which have no neurons
    for geometry in twin.geometries[:-1]:
        if geometry.kind != "pool" and geometry.name not in layers:
            raise ValueError(f"layer {geometry.name!r} ({geometry.kind}) cannot be converted: its numbers are no spike rates")
    for name, (_, layer) in layers.items():
        if not isinstance(layer.neuron, IntegrateAndFire | LeakyNeuron):
            raise ValueError(f"layer {name!r}: {type(layer.neuron).__name__} cannot be converted, only IntegrateAndFire and LeakyNeuron")
        old = layer.neuron
        # a leak is dropped, not kept: it would forget current, and spikes would no longer count it
        neuron = IntegrateAndFire(old.log_threshold.shape, dataclasses.replace(old.parts, reset=soft_reset, start=0.5))
        neuron.log_threshold[...] = old.log_threshold[...]
        layer.neuron = neuron
    return twin


def spiking_operation(operation: Operation) -> Operation:
    """The operation of a converted network: every layer spikes, for as many steps as the widest number has levels.

    Raises:
        ValueError: activation bits that are not whole.
    """
    bits = np.asarray(operation.activation_bits, np.float64)
    # the first entry is the precision of the network's inputs, which are numbers in both forms
    behind_first = bits if bits.ndim == 0 else bits[1:]
    if np.any(behind_first != np.rint(behind_first)):
        raise ValueError(f"only whole activation_bits have as many levels as steps, got {behind_first.tolist()}")
    # with fewer steps the widest layer would lose levels
    steps = steps_of(int(np.max(behind_first)))
    gates = jnp.ones(operation.weight_bits.shape, jnp.float32)
    return dataclasses.replace(operation, gate=gates, longest=steps, timesteps=jnp.asarray(steps, jnp.float32))


def convert(network: SpikingNetwork, operation: Operation) -> tuple[SpikingNetwork, Operation]:
    """A quantised-ReLU network, trained at gate 0, as a spiking one. See the module for when the two are equal.

    Args:
        network: trained; it is not changed.
        operation: as it was trained, with whole activation bits.

    Raises:
        ValueError: a layer that cannot be converted, or bits that are not whole.
    """
    return spiking_twin(network), spiking_operation(operation)


def stages_of(network: SpikingNetwork) -> int:
    """How many stages a progressive conversion has: layers with neurons."""
    return len(_spiking_layers(network))


class Stage(NamedTuple):
    """A step of the progressive conversion.

    Attributes:
        operation: layers from the input up to the newest spike, all others are quantised-ReLU layers.
        frozen: names of the layers that spike, whose weights stay.
    """

    operation: Operation
    frozen: frozenset[str]


def stages(network: SpikingNetwork, operation: Operation) -> list[Stage]:
    """One stage for each layer with neurons, from the input; the class scores listen to spikes from the last one on."""
    names = [geometry.name for geometry in network.geometries]
    spiking = [name for name in names if name in _spiking_layers(network)]
    every, found = spiking_operation(operation), []
    for count in range(1, len(spiking) + 1):
        frozen = frozenset(spiking[:count])
        last = names.index(spiking[count - 1])
        gates = jnp.asarray([float(i <= last or count == len(spiking)) for i in range(len(names))], jnp.float32)
        found.append(Stage(dataclasses.replace(every, gate=gates), frozen))
    return found


Tune = Callable[[SpikingNetwork, Operation, frozenset[str]], SpikingNetwork]


def tune_progressively(network: SpikingNetwork, operation: Operation, tune: Tune) -> tuple[SpikingNetwork, Operation]:
    """Convert layer by layer from the input, and tune the layers behind after each (progressive tandem learning; Wu et al. 2021).

    Args:
        network: trained at gate 0; it is not changed.
        operation: as it was trained.
        tune: from a network, an operation and the names of the frozen layers to the tuned network, such as `Tuner`.

    Returns:
        The spiking network and its operation.

    Raises:
        ValueError: as for `convert`.
    """
    # all neurons at once: at a gate of 0 a layer uses only their thresholds, which are kept
    twin = spiking_twin(network)
    for stage in stages(twin, operation):
        twin = tune(twin, stage.operation, stage.frozen)
    return twin, spiking_operation(operation)


def mean_loss(activity: Activity, labels: Int[Array, " batch"]) -> Float[Array, ""]:
    """Cross-entropy of the mean logits [nat]."""
    return cross_entropy(activity.logits, labels)


class Training(NamedTuple):
    """Where a training stands.

    Attributes:
        weights: of the network.
        moments: of Adam.
        done: minibatches.
        loss: mean of the last call [nat].
    """

    weights: nnx.State
    moments: optax.OptState
    done: Int[Array, ""]
    loss: Float[Array, ""]


@dataclasses.dataclass(frozen=True)
class Tuner:
    """Adam on random minibatches; one compiled program serves all trainings of a network.

    Attributes:
        inputs, labels: training samples.
        arrays: arithmetic of each layer.
        key: of minibatches and simulated chips.
        steps, batch_size, learning_rate: of one training; the rate falls to 0 by a cosine.
        loss: of an activity and the labels.
    """

    inputs: Float[Array, "samples ..."]
    labels: Int[Array, "samples ..."]
    arrays: Sequence[AbstractArray]
    key: Key[Array, ""]
    steps: int = 100
    batch_size: int = 64
    learning_rate: float = 2e-3
    loss: Loss = mean_loss

    def __call__(self, network: SpikingNetwork, operation: Operation, frozen: frozenset[str] = frozenset()) -> SpikingNetwork:
        """The network with its other layers trained at the given operation."""
        trained = self.advance(network, self.begin(network), operation, frozen, self.steps)
        return nnx.merge(nnx.graphdef(network), trained.weights)

    def begin(self, network: SpikingNetwork) -> Training:
        """A training that has done nothing yet."""
        weights = nnx.state(network)
        return Training(weights, _ADAM.init(weights), jnp.int32(0), jnp.float32(jnp.nan))

    def advance(
        self, network: SpikingNetwork, training: Training, operation: Operation, frozen: frozenset[str] = frozenset(), count: int = 25
    ) -> Training:
        """A training after `count` more minibatches; beyond `steps` nothing is trained.

        Args:
            network: whose structure counts; its weights are those of `training`.
            training: where it stands.
            operation: as it is run.
            frozen: names of layers whose weights stay.
            count: minibatches of this call, which is compiled for their number.
        """
        free = _free(network, training.weights, frozen)
        # every training draws the same minibatches; the clone tells the check of key reuse that this is meant
        keys = jax.random.split(jax.random.clone(self.key), max(self.steps, 1))
        # by step: calls of any length draw the same
        at = training.done + jnp.arange(count)
        shares = jnp.minimum(at / max(self.steps, 1), 1)
        rates = self.learning_rate * 0.5 * (1 + jnp.cos(jnp.pi * shares))
        return _advanced(
            training,
            free,
            operation,
            (keys[jnp.minimum(at, len(keys) - 1)], rates),
            (self.inputs, self.labels),
            list(self.arrays),
            graph=nnx.graphdef(network),
            batch_size=self.batch_size,
            measure=self.loss,
        )


@partial(jax.jit, static_argnames=("graph", "batch_size", "measure"))
def _advanced(
    training: Training,
    free: nnx.State,
    operation: Operation,
    steps: tuple[Array, Array],
    data: tuple[Array, Array],
    arrays: list[AbstractArray],
    *,
    graph: "nnx.GraphDef[SpikingNetwork]",
    batch_size: int,
    measure: Loss,
) -> Training:
    """One program for all trainings of a network: keys and rates of the steps, what is frozen and the operation are numbers."""
    inputs, labels = data

    def step(carry: tuple, now: tuple[Array, Array]) -> tuple[tuple, Array]:
        (state, moments), (step_key, rate) = carry, now
        # a new simulated chip in every step, or the weights would fit the errors of one
        batch_key, chip_key = jax.random.split(step_key)
        chosen = jax.random.randint(batch_key, (batch_size,), 0, len(labels))

        def loss(weights: nnx.State) -> Array:
            activity = nnx.merge(graph, weights)(inputs[chosen], operation, arrays, chip_key)
            return measure(activity, labels[chosen])

        value, gradient = jax.value_and_grad(loss)(state)
        # masked by numbers and not by structure: one program serves all stages; where all gradients were 0, Adam moves nothing
        direction, moments = _ADAM.update(jax.tree.map(jnp.multiply, free, gradient), moments)
        return (jax.tree.map(lambda w, d: w - rate * d, state, direction), moments), value

    (weights, moments), losses = jax.lax.scan(step, (training.weights, training.moments), steps)
    return Training(weights, moments, training.done + len(steps[1]), jnp.mean(losses))


def _spiking_layers(network: SpikingNetwork) -> dict[str, tuple[tuple, SpikingLayer]]:
    """Path and module of each layer, by name."""
    return {module.synapses.geometry.name: (path, module) for path, module in nnx.iter_graph(network) if isinstance(module, SpikingLayer)}


def _free(network: SpikingNetwork, state: nnx.State, frozen: frozenset[str]) -> nnx.State:
    """1 where a leaf is trained and 0 where it is frozen, in the structure of the state."""
    held = [path for name, (path, _) in _spiking_layers(network).items() if name in frozen]

    def free(path: tuple, leaf: Array) -> Array:
        # nnx names a step of a path by key or by index
        parts = tuple(getattr(part, "key", getattr(part, "idx", None)) for part in path)
        return jnp.asarray(not any(parts[: len(prefix)] == prefix for prefix in held), jnp.float32)

    return jax.tree_util.tree_map_with_path(free, state)
