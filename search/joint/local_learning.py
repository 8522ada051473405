"""A first layer that learns by spike timing alone, without labels; the layers behind it learn in the search.

The hybrid of Roy, Jaiswal and Panda (Nature 575, 2019); see `codesign.network.learning.plasticity`.
"""

import dataclasses
from typing import Final, NamedTuple, final

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int, Key

from codesign.data.encoders.encode import rate
from codesign.network.layers.blocks import SpikingLayer
from codesign.network.layers.layers import Synapses
from codesign.network.learning.plasticity import CompetitiveLayer, PairRule, learn_layer
from search.problem.batches import as_batch
from search.problem.problem import Problem
from search.problem.sections.start import StdpStart

MEAN_WEIGHT: Final = 0.25
# as on digits, where features beat random ones (tests/codesign/network/test_plasticity.py): a neuron fires after one or two steps of a mean
# input, and may become a third harder to excite with each minibatch that it wins alone
_STEPS_TO_FIRE: Final = 1.25
_THRESHOLD_STEP: Final = 1 / 3
_LEARNED: Final = frozenset({"body.blocks.0.synapses.kernel", "body.blocks.0.synapses.log_scale"})


class Learned(NamedTuple):
    """Where local learning stands.

    Attributes:
        layer: of competing neurons, as many as the network's first layer has.
        done: minibatches.
    """

    layer: CompetitiveLayer
    done: Int[Array, ""]


@final
class LocalLearning:
    """Local learning of a problem's first layer, which is dense; compiled once.

    Args:
        problem: whose inputs are learned from: events as they are, frames in rates.
        how: how long, by which rule.
        batch_size: samples of a minibatch.
        key: of first weights, minibatches and spikes.
    """

    def __init__(self, problem: Problem, how: StdpStart, batch_size: int, key: Key[Array, ""]) -> None:
        self._problem, self._how, self._batch_size = problem, how, batch_size
        self._first_key, self._key = jax.random.split(key)
        self._inputs = as_batch(problem.dataset.train).inputs
        self._advanced = jax.jit(self._traced, static_argnames="count")

    def begin(self) -> Learned:
        """Random weights, and thresholds that suit the data."""
        network = nnx.merge(self._problem.graph, jax.eval_shape(self._problem.build, jax.random.key(0)))
        geometry = network.geometries[0]
        drive = MEAN_WEIGHT * geometry.fan_in * float(jnp.mean(jnp.clip(self._inputs, 0, 1)))
        key = jax.random.clone(self._first_key)
        setting = {"base_threshold": _STEPS_TO_FIRE * drive, "mean_weight": MEAN_WEIGHT}
        return Learned(CompetitiveLayer.of(geometry.fan_in, geometry.channels_out, key, **setting), jnp.int32(0))

    def advance(self, learned: Learned, count: int) -> Learned:
        """After `count` more minibatches."""
        return self._advanced(learned, jax.random.clone(self._key), self._inputs, count=count)

    def placed(self, learned: Learned, key: Key[Array, ""]) -> Problem:
        """The problem with these weights in its first layer, each neuron's standardised and in the spread that the layer begins with.

        Args:
            learned: in the end.
            key: of all other weights.
        """
        network = nnx.merge(self._problem.graph, self._problem.build(key))
        first, weights = network.body.blocks[0], learned.layer.weights
        # `search.problem.starts.local` has seen to it
        assert isinstance(first, SpikingLayer)
        synapses = first.synapses
        assert isinstance(synapses, Synapses)
        # what all neurons have in common tells no samples apart, nor does a neuron's mean
        centred = weights - jnp.mean(weights, axis=1, keepdims=True)
        centred = centred - jnp.mean(centred, axis=0)
        # a neuron whose weights are all alike detects nothing: 0, not 0 / 0
        synapses.kernel[...] = synapses.spread * centred / jnp.maximum(jnp.std(centred, axis=0), 1e-6)
        state = nnx.state(network)
        return dataclasses.replace(self._problem, initial=state, held=_LEARNED if self._how.hold else frozenset())

    def _traced(self, learned: Learned, key: Array, inputs: Float[Array, "samples ..."], count: int) -> Learned:
        rule = PairRule.of(potentiation=self._how.potentiation, depression=self._how.depression)

        def spikes(at: Array) -> Array:
            batch_key, spike_key = jax.random.split(jax.random.fold_in(key, at))
            chosen = inputs[jax.random.randint(batch_key, (self._batch_size,), 0, len(inputs))]
            if self._problem.dataset.kind == "events":
                # any count is a spike
                return jnp.moveaxis((chosen > 0).astype(jnp.float32), 1, 0).reshape(chosen.shape[1], self._batch_size, -1)
            return rate(chosen.reshape(self._batch_size, -1), self._problem.operation.longest, spike_key)

        # by number: calls of any length draw the same
        samples = jax.vmap(spikes)(learned.done + jnp.arange(count))
        step = _THRESHOLD_STEP * learned.layer.base_threshold
        return Learned(learn_layer(learned.layer, samples, rule, step), learned.done + count)
