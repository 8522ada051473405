"""From a network in fixed point to one in integers: the constants are read off, nothing is rounded here."""

from functools import singledispatch
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float, Int32, Key

from codesign.network.integer.fixed_point import LEAK_SHIFT, FixedPointNeuron, FixedSynapses
from codesign.network.integer.integer import (
    WIDTH,
    AbstractIntegerBlock,
    AbstractIntegerNeurons,
    IntegerLayer,
    IntegerNetwork,
    IntegerPooling,
    IntegerRectified,
    IntegerResidual,
    IntegerScores,
    IntegerSpiking,
)
from codesign.network.integer.to_fixed_point import Settings, entering, received
from codesign.network.layers.blocks import Chain, SpikingLayer
from codesign.network.layers.pooling import Maximum, Pooling
from codesign.network.layers.residual import Residual, Subsampled
from codesign.network.network import SpikingNetwork
from codesign.network.neurons.firing import RESETS
from codesign.network.operation import Operation


def to_integer(network: SpikingNetwork, operation: Operation) -> IntegerNetwork:
    """The constants of a network in fixed point.

    Args:
        network: from `to_fixed_point`.
        operation: the one it was made for.

    Raises:
        TypeError: a network that is not in fixed point.
    """
    if not isinstance(network.scores.synapses, FixedSynapses):
        raise TypeError("only a network in fixed point has an integer form: call to_fixed_point first")
    settings, synapses = Settings(network, operation), network.scores.synapses
    scores = _layer(synapses, IntegerScores(_int(synapses.factor), synapses.exponent))
    return IntegerNetwork(tuple(_blocks(network.body, settings)), scores, settings.steps, _input_unit(network, settings))


def _input_unit(network: SpikingNetwork, settings: Settings) -> float:
    site = settings.of(network.geometries[0])
    unit = received(entering(network.encoding, site.activation_bits), site).unit
    assert unit is not None
    return unit


def input_codes(
    network: SpikingNetwork, inputs: Float[Array, "batch ..."], operation: Operation, key: Key[Array, ""]
) -> Int32[np.ndarray, "#time batch ..."]:
    """A batch as the codes that enter the integer network: the one place where floating-point numbers become integers.

    Args:
        network: with or without fixed point.
        inputs: as the network takes them.
        operation: how it is run.
        key: the network's (encodings that draw spikes draw the same ones).
    """
    bits = operation.activation_bits if operation.activation_bits.ndim == 0 else operation.activation_bits[0]
    steps = network.encoding.steps(inputs, operation.longest)
    # the split of the network itself: encodings that draw spikes draw the same
    signal = network.encoding(inputs, steps, bits, jax.random.split(key)[0]).with_numbers_of(bits)
    unit = _input_unit(network, Settings(network, operation))
    # the values are quantised already: over their unit they are whole but for rounding
    return np.rint(np.asarray(signal.values, np.float64) / unit).astype(WIDTH)


@singledispatch
def _blocks(block: Any, settings: Settings) -> list[AbstractIntegerBlock]:
    raise TypeError(f"{type(block).__name__} has no integer form")


@_blocks.register
def _(block: Chain, settings: Settings) -> list[AbstractIntegerBlock]:
    return [found for each in block.blocks for found in _blocks(each, settings)]


@_blocks.register
def _(block: SpikingLayer, settings: Settings) -> list[AbstractIntegerBlock]:
    return [_spiking_layer(block, settings)]


@_blocks.register
def _(block: Residual, settings: Settings) -> list[AbstractIntegerBlock]:
    shortcut = block.shortcut
    stride, padded = (shortcut.stride, shortcut.added) if isinstance(shortcut, Subsampled) else (1, 0)
    last = _spiking_layer(block.last, settings)
    first = block.body.blocks[0]
    if not (isinstance(first, SpikingLayer) and isinstance(first.synapses, FixedSynapses)):
        raise TypeError(f"{type(first).__name__} at the start of a shortcut has no integer form, only SpikingLayer")
    # the body's first layer receives what the shortcut adds, so its unit is the shortcut's, a power of two: exact
    strength = np.asarray(block.strength[...], np.float64) * first.synapses.unit
    return [IntegerResidual(tuple(_blocks(block.body, settings)), last, strength.astype(WIDTH), stride, padded)]


def _spiking_layer(block: SpikingLayer, settings: Settings) -> IntegerLayer:
    assert isinstance(block.neuron, FixedPointNeuron)
    spikes = settings.of(block.synapses.geometry).gate == 1
    return _layer(block.synapses, _spiking(block.neuron) if spikes else _rectified(block, settings))


@_blocks.register
def _(block: Pooling, settings: Settings) -> list[AbstractIntegerBlock]:
    return [IntegerPooling(block.geometry, "maximum" if isinstance(block.reduction, Maximum) else "sum")]


def _layer(synapses: Any, neurons: AbstractIntegerNeurons) -> IntegerLayer:
    assert isinstance(synapses, FixedSynapses)
    bias = None if synapses.bias is None else _int(synapses.bias)
    return IntegerLayer(synapses.geometry, _int(synapses.weights), bias, neurons)


def _spiking(neuron: FixedPointNeuron) -> IntegerSpiking:
    reset = next(name for name, function in RESETS.items() if function is neuron.parts.reset)
    return IntegerSpiking(
        threshold=_int(neuron.code),
        start=_int(neuron.start),
        leak=None if neuron.leak is None else _int(neuron.leak),
        leak_shift=LEAK_SHIFT,
        shift=neuron.exponent,
        bits=neuron.bits,
        largest=int(neuron.parts.firing.largest),
        reset=reset,  # type: ignore[arg-type]
    )


def _rectified(block: SpikingLayer, settings: Settings) -> IntegerRectified:
    """The level as an odd numerator over a power of two, times the largest spike."""
    level = np.asarray(block.neuron.threshold, np.float64)
    shift = 0
    # ends, since every level is an integer over a power of two
    while np.any(level * 2.0**shift != np.rint(level * 2.0**shift)):
        shift += 1
    full = 2**block.neuron.parts.firing.payload_bits - 1
    numerator = (level * 2.0**shift * full).astype(WIDTH)
    return IntegerRectified(numerator, shift, 2 ** settings.taken_after(block.synapses.geometry) - 1, settings.averages)


def _int(held: Any) -> Int32[np.ndarray, "..."]:
    """A variable's integers.

    Raises:
        ValueError: a value that is not an integer.
    """
    values = np.asarray(held[...], np.float64)
    if np.any(values != np.rint(values)):
        raise ValueError("a network in fixed point holds a value that is not an integer: its state was changed")
    return values.astype(WIDTH)
