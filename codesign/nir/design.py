"""A trained, hardened network as the chain of layers that NIR can say; what it cannot say is refused by name.

Weights are written as quantised, with their column scales; the class scores' gain is part of theirs. Numbers that enter (direct
encoding) are to be quantised to the first layer's `activation_bits`, as its node's metadata says. Potentials are exact in NIR: a network
whose state is quantised may differ from its graph in single spikes.
"""

from collections.abc import Mapping
from functools import singledispatch
from typing import Any

import jax.numpy as jnp
import numpy as np

from codesign.network.layers.blocks import AbstractBlock, Chain, ScoreLayer, SpikingLayer
from codesign.network.layers.layers import AbstractSynapses, Synapses
from codesign.network.layers.pooling import Average, Pooling
from codesign.network.layers.recurrent import RecurrentLayer
from codesign.network.network import SpikingNetwork
from codesign.network.neurons.firing import Binary, hard_reset, soft_reset
from codesign.network.neurons.neurons import AbstractNeuron, IntegrateAndFire, LeakyNeuron
from codesign.network.operation import Operation
from codesign.network.settled import require_settled
from codesign.nir.graph import NirError
from codesign.nir.writer import Layer, Point
from codesign.workloads.workload import LayerWork


def layers_of(network: SpikingNetwork, operation: Operation, hardware: Mapping[str, Point] | None = None) -> list[Layer]:
    """The layers of a network for `codesign.nir.run.to_nir` and `codesign.nir.run.write`.

    Args:
        network: trained.
        operation: how it is run; every layer must spike, for a whole number of steps.
        hardware: the point that each layer runs on, by its name.

    Raises:
        NirError: a layer, neuron or setting that NIR has no node for; names the layer.
        ValueError: an operation that chooses what the network is built with (see `codesign.network.settled`).
    """
    require_settled(operation)
    if float(operation.timesteps) % 1:
        raise NirError(f"timesteps is {float(operation.timesteps):g}; only a hardened network, with whole timesteps, can be exported")
    settings = {layer.name: _settings(operation, i, layer, (hardware or {}).get(layer.name)) for i, layer in enumerate(network.geometries)}
    scores = network.scores.synapses.geometry
    return [*_layers(network.body, settings), _scores(network.scores, settings[scores.name])]


def _settings(operation: Operation, index: int, layer: LayerWork, point: Point | None) -> dict[str, Any]:
    """Keyword arguments of a layer that are not its own."""

    def entry(values: Any) -> float:
        # one value may stand for all layers
        return float(np.broadcast_to(np.asarray(values), operation.weight_bits.shape)[index])

    # a pool's own gate is inert: it follows its producer
    if layer.kind != "pool" and operation.gate is not None and entry(operation.gate) != 1:
        raise NirError(f"layer {layer.name!r} is a quantised-ReLU layer (gate {entry(operation.gate):g}); NIR has no node for one")
    bits = {field: entry(getattr(operation, field)) for field in ("weight_bits", "activation_bits", "state_bits")}
    return {**bits, "hardware": point}


# blocks do not know NIR: what becomes of each is told here
@singledispatch
def _layers(block: AbstractBlock, settings: Mapping[str, dict[str, Any]]) -> list[Layer]:
    raise NirError(f"layer {block.geometries[0].name!r}: {type(block).__name__} has no counterpart in a chain of NIR nodes")


@_layers.register
def _(block: Chain, settings: Mapping[str, dict[str, Any]]) -> list[Layer]:
    return [layer for each in block.blocks for layer in _layers(each, settings)]


@_layers.register
def _(block: SpikingLayer, settings: Mapping[str, dict[str, Any]]) -> list[Layer]:
    return [_driven(block.synapses, block.neuron, block.synapses.geometry, settings)]


@_layers.register
def _(block: RecurrentLayer, settings: Mapping[str, dict[str, Any]]) -> list[Layer]:
    return [_driven(block.synapses, block.neuron, block.geometry, settings)]


@_layers.register
def _(block: Pooling, settings: Mapping[str, dict[str, Any]]) -> list[Layer]:
    if not isinstance(block.reduction, Average):
        raise NirError(f"layer {block.geometry.name!r}: NIR has no {type(block.reduction).__name__} pooling, only sums and averages")
    return [Layer(block.geometry, None, hardware=settings[block.geometry.name]["hardware"])]


def _driven(synapses: AbstractSynapses, neuron: AbstractNeuron, geometry: LayerWork, settings: Mapping[str, dict[str, Any]]) -> Layer:
    name, parts = geometry.name, neuron.parts
    if not isinstance(neuron, IntegrateAndFire | LeakyNeuron):
        raise NirError(f"layer {name!r}: {type(neuron).__name__} cannot be written as a NIR node; IntegrateAndFire and LeakyNeuron can")
    if not isinstance(parts.firing, Binary):
        raise NirError(f"layer {name!r}: NIR has no {type(parts.firing).__name__} firing, only binary spikes")
    if parts.start or parts.reset not in (soft_reset, hard_reset):
        raise NirError(f"layer {name!r}: NIR neurons start at 0 and have a soft or hard reset")
    leak = neuron.leak if isinstance(neuron, LeakyNeuron) else 1.0
    made = _layer(synapses, settings[name], 1.0)
    return made._replace(leak=leak, threshold=neuron.threshold, reset="soft" if parts.reset is soft_reset else "hard")


def _scores(scores: ScoreLayer, settings: dict[str, Any]) -> Layer:
    # the gain goes into the weights; without neurons there is no state to be precise about
    return _layer(scores.synapses, settings, float(jnp.exp(scores.log_gain[...])))._replace(state_bits=None)


def _layer(synapses: AbstractSynapses, settings: dict[str, Any], gain: float) -> Layer:
    if not isinstance(synapses, Synapses):
        raise NirError(
            f"layer {synapses.geometry.name!r}: {type(synapses).__name__} cannot be written; export the network it was made from"
        )
    # NIR has no factor behind a product: column scales go into the weights
    kernel = synapses.quantised(jnp.float32(settings["weight_bits"])) * jnp.exp(synapses.log_column_scale[...])
    # added behind the column scale, so that only the gain acts on it
    bias = None if synapses.bias is None else gain * synapses.bias[...]
    return Layer(synapses.geometry, gain * kernel, bias, **settings)
