"""Conversion, then co-design: a search that starts from the weights of a converted network instead of random ones.

`converted` trains a quantised-ReLU network first (`network: {start: {kind: converted}}` of a config). Of one that was trained elsewhere:

problem = make_problem(...)                   # the chip, what is searched, and the operation the network was trained with
problem = from_quantised(problem, network)    # its spiking twin, ready for `JointSearch` and for `Hardener.finetune`
"""

import dataclasses
import math
from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Key

from codesign.analog.arrays.array import DigitalArray
from codesign.evaluation.conversion import converted_design
from codesign.network.learning.convert import Tuner, spiking_twin, tune_progressively
from codesign.network.network import SpikingNetwork
from codesign.network.operation import Operation
from codesign.workloads.workload import with_neurons
from search.errors import UserError
from search.problem.batches import as_batch
from search.problem.problem import Problem
from search.problem.sections.start import ConvertedStart

Learn = Callable[[Tuner, SpikingNetwork, Operation, frozenset[str]], SpikingNetwork]
"""A network after all steps of a tuner, at an operation, without the layers that are named; in as many calls as its caller likes."""


def converted(problem: Problem, how: ConvertedStart, batch_size: int, key: Key[Array, ""], learn: Learn) -> Problem:
    """The problem with weights that were trained as numbers and converted layer by layer, in exact arithmetic.

    Args:
        problem: of a spiking twin (`search.problem.starts.conversion`).
        how: how long, and in how many bits.
        batch_size: samples of a minibatch.
        key: of the first weights, of minibatches.
        learn: runs a tuner.
    """
    build_key, train_key, tune_key = jax.random.split(key, 3)
    operation = quantised(problem, how.activation_bits)
    train, arrays = as_batch(problem.dataset.train), [DigitalArray()] * problem.space.layers

    def tuner(own: Key[Array, ""], steps: int) -> Tuner:
        return Tuner(train.inputs, train.labels, arrays, own, steps, batch_size, how.learning_rate)

    # at a gate of 0 a twin is the network of numbers: only the thresholds of its neurons count
    network = nnx.merge(problem.graph, problem.build(build_key))
    network = learn(tuner(train_key, how.training_steps), network, operation, frozenset())
    network, _ = tune_progressively(network, operation, partial(learn, tuner(tune_key, how.tuning_steps)))
    found = from_quantised(dataclasses.replace(problem, operation=operation), network)
    # its own operation: gates and bits that are searched, and no gates where none are
    return dataclasses.replace(found, operation=problem.operation)


def quantised(problem: Problem, bits: int) -> Operation:
    """How a problem's network is run while it is trained as numbers: of `bits` bits between layers.

    Weights and inputs have the bits that the problem gives them; where these are searched, the most.
    """
    held = problem.operation
    layers = problem.space.layers
    most = {name: float(problem.space.parameters[name].harden(math.inf)) for name in _BITS if name in problem.space.parameters}
    inputs = most.get("activation_bits", held.activation_bits if held.activation_bits.ndim == 0 else held.activation_bits[0])
    return dataclasses.replace(
        held,
        gate=jnp.zeros(layers, jnp.float32),
        timesteps=jnp.asarray(held.longest, jnp.float32),
        weight_bits=jnp.full(layers, most["weight_bits"], jnp.float32) if "weight_bits" in most else held.weight_bits,
        activation_bits=jnp.full(layers, bits, jnp.float32).at[0].set(inputs),
        exit_entropy=None,
    )


_BITS = ("weight_bits", "activation_bits")


def from_quantised(problem: Problem, network: SpikingNetwork) -> Problem:
    """The problem with a converted network in place of its own: every member starts with the same weights, on chips of its own.

    Args:
        problem: its operation is the one `network` was trained with (gates of 0, whole activation bits).
        network: a trained quantised-ReLU network of the problem's layers.

    Raises:
        UserError: other layers than the problem's, or a bound of `timesteps` beyond the steps of the conversion.
        ValueError: a layer that cannot be converted, or activation bits that are not whole.
    """
    # geometries are the network's, not the graph's: any weights will do
    expected = nnx.merge(problem.graph, jax.eval_shape(problem.build, jax.random.key(0))).geometries
    # the conversion gives them neurons of its own
    if with_neurons(network.geometries, "if") != with_neurons(expected, "if"):
        names = [layer.name for layer in expected]
        raise UserError(f"the network's layers differ from the problem's ({', '.join(names)}): other names or shapes")
    graph, design = converted_design(network, problem.operation, problem.hardware)
    timesteps = problem.space.parameters.get("timesteps")
    most = 0.0 if timesteps is None else timesteps.harden(math.inf)
    if most > design.operation.longest:
        raise UserError(f"parameters.timesteps: high {most:g} exceeds the {design.operation.longest} steps of the conversion")

    def build(seed: Array | int) -> nnx.State:
        return nnx.state(spiking_twin(nnx.merge(problem.graph, problem.build(seed))))

    # members begin alike, and differ by their wishes and chips
    return dataclasses.replace(problem, graph=graph, build=build, operation=design.operation, initial=design.network)
