"""A hardened design as a network that was built with what its operation chose, for those who read networks and not operations."""

import dataclasses
from typing import Any

import numpy as np
from flax import nnx

from codesign.network.codes import hardened_encoding
from codesign.network.network import SpikingNetwork
from codesign.network.neurons.firing import RESETS, Graded, Parts, Stochastic
from codesign.network.neurons.neurons import AbstractNeuron
from codesign.network.operation import OF_NEURONS, Operation


def settled(network: SpikingNetwork, operation: Operation) -> tuple[SpikingNetwork, Operation]:
    """The same network, built with the chosen input code, payloads, temperatures and resets, and the operation without them.

    Raises:
        ValueError: something that nothing has decided yet; names the layer.
    """
    if not chooses(operation):
        return network, operation
    copy = nnx.merge(*nnx.split(network))
    names = [layer.name for layer in network.geometries]
    for _, module in nnx.iter_graph(copy):
        neuron = getattr(module, "neuron", None)
        if isinstance(neuron, AbstractNeuron):
            layer: Any = module
            geometry = layer.geometry if hasattr(layer, "geometry") else layer.synapses.geometry
            neuron.parts = _parts(neuron.parts, operation, geometry.name, names.index(geometry.name), len(names))
    copy.encoding = hardened_encoding(network.encoding, operation)
    without = dict.fromkeys(("input_code", *OF_NEURONS))
    return copy, dataclasses.replace(operation, **without, codes=(), resets=())  # type: ignore[arg-type]


def chooses(operation: Operation) -> bool:
    """Whether a run decides something that networks are also built with."""
    return any(getattr(operation, name) is not None for name in ("input_code", *OF_NEURONS))


def require_settled(operation: Operation) -> None:
    """Refuse an operation that decides what is asked of the network.

    Raises:
        ValueError: it does.
    """
    if chooses(operation):
        raise ValueError("the operation chooses what the network is built with: take both from codesign.network.settled.settled first")


def _parts(own: Parts, operation: Operation, name: str, index: int, layers: int) -> Parts:
    firing, reset = own.firing, own.reset
    if isinstance(firing, Stochastic) and operation.firing_temperature is not None:
        firing = dataclasses.replace(firing, temperature=_entry(operation.firing_temperature, index, layers))
    if isinstance(firing, Graded) and operation.payload_bits is not None:
        bits = _entry(operation.payload_bits, index, layers)
        if bits % 1:
            raise ValueError(f"layer {name!r}: payload_bits is {bits:g}, not whole")
        firing = dataclasses.replace(firing, bits=int(bits))
    if operation.reset is not None:
        shares = np.asarray(operation.reset[index])
        if np.max(shares) != 1:
            raise ValueError(f"layer {name!r}: nothing has decided among the resets {', '.join(operation.resets)}")
        reset = RESETS[operation.resets[int(np.argmax(shares))]]
    return dataclasses.replace(own, firing=firing, reset=reset)


def _entry(values: Any, index: int, layers: int) -> float:
    return float(np.broadcast_to(np.asarray(values), (layers,))[index])
