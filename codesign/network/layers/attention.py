"""Spiking self-attention: products of spikes with spikes, without softmax (Spikformer, Zhou et al. 2023)."""

import dataclasses
import math

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from codesign.network.layers.blocks import AbstractBlock, SpikingLayer, fire
from codesign.network.neurons.neurons import AbstractNeuron
from codesign.network.run import Run
from codesign.network.signal import Signal
from codesign.workloads.workload import LayerWork


class Attention(AbstractBlock):
    """Queries, keys and values are spikes of three layers; the current of a token is `scale (Q K^T) V`, summed over all tokens.

    Both products are digital and exact: no array stores their operands. The attention's neurons have a gate of their own.

    Attributes:
        geometry: the pair of products, over `positions` tokens; its `groups` are the heads.
        log_scale: logarithm of the current of one coincidence.
    """

    def __init__(self, geometry: LayerWork, query: SpikingLayer, key: SpikingLayer, value: SpikingLayer, neuron: AbstractNeuron) -> None:
        self.geometry, self.neuron = geometry, neuron
        self.query, self.key, self.value = query, key, value
        # at spike rates of 0.2 the products sum to 0.2**3 of all coincidences, which should be about one threshold
        coincidences = geometry.positions * geometry.channels_in / geometry.groups
        self.log_scale = nnx.Param(jnp.asarray(math.log(100 / coincidences), jnp.float32))

    @property
    def geometries(self) -> tuple[LayerWork, ...]:
        """Queries, keys, values, attention."""
        own = dataclasses.replace(self.geometry, neuron=self.neuron.model)
        return (*self.query.geometries, *self.key.geometries, *self.value.geometries, own)

    def __call__(self, signal: Signal, run: Run) -> Signal:
        """See `AbstractBlock`."""
        setting = run.setting(self.geometry)
        sent = [layer.driven(signal, 0.0, run, self.geometry) for layer in (self.query, self.key, self.value)]
        received = [each.with_numbers_of(setting.activation_bits) for each in sent]
        query, key, value = (self._heads(each.values) for each in received)
        # without softmax the products associate: K^T V first needs no map of tokens by tokens (`LayerWork` prices Q K^T first)
        result = jnp.einsum("tbnhd,tbhde->tbnhe", query, jnp.einsum("tbnhd,tbnhe->tbhde", key, value))
        current = (jnp.exp(self.log_scale[...]) * result).reshape(*result.shape[:2], *received[0].values.shape[2:])
        fired = fire(self.neuron, current, setting, run)
        run.record(self.geometry, received, fired, setting.gate)
        return fired

    def _heads(self, x: Float[Array, "time batch ..."]) -> Float[Array, "time batch tokens heads width"]:
        return x.reshape(*x.shape[:2], self.geometry.positions, self.geometry.groups, -1)
