"""From a hardened network to the same network in fixed point: every weight, threshold, leak and state on an integer grid.

What is rounded, and to what:

- weights: to the codes that quantisation gives them already; their scale, the layer's column scales and the unit of its inputs
  go into the thresholds, so that the accumulator is an integer.
- potential: two's complement of `state_bits` bits with a unit of 2**e accumulator units, e the least that holds `SPAN` thresholds.
- threshold: integer multiple of that unit. Leak: multiple of 1/256. Both products are rounded half up.
- numbers between ANN layers: codes of the receiver's `activation_bits`; the saturation level is an odd multiple of a power of two, so
  that no mean of integers lies between two codes.
- class scores: integer factors of 8 bits times one power of two; the largest factor is right to 0.4 %, and the logits keep their scale.

What has no integer form (analog arrays, means of numbers, attention, neurons with a second state) is refused by name.
"""

import math
from collections.abc import Callable
from functools import singledispatch
from typing import Any, Final, NamedTuple

import jax.numpy as jnp
import numpy as np
from flax import nnx

from codesign.network.answers.readout import MeanReadout, StepReadout
from codesign.network.encoding import AbstractEncoding, Direct, Encoded, Events, Samples
from codesign.network.integer.fixed_point import EXACT, LEAK_SHIFT, FixedPointNeuron, FixedSynapses
from codesign.network.layers.blocks import Chain, ScoreLayer, SpikingLayer
from codesign.network.layers.layers import AbstractSynapses, Synapses
from codesign.network.layers.pooling import Maximum, Pooling
from codesign.network.layers.residual import Residual
from codesign.network.network import SpikingNetwork
from codesign.network.neurons.firing import Binary, Graded
from codesign.network.neurons.neurons import AbstractNeuron, IntegrateAndFire, LeakyNeuron
from codesign.network.operation import Operation
from codesign.network.settled import require_settled
from codesign.workloads.workload import LayerWork

SPAN: Final = 4  # thresholds that a potential holds, as `firing.FixedPointState` does
FACTOR_BITS: Final = 8  # of the class scores' factors
LEVEL_BITS: Final = 8  # least precision of a saturation level
DECISIVE: Final = 2**20  # how finely float32 tells a number from the middle between two codes, with room for a mean over time


class Stream(NamedTuple):
    """What travels between two layers.

    Attributes:
        unit: value of one unit of a code; None for numbers that the receiver quantises.
        largest: largest code; for numbers, the largest value.
        steps: whether there is a value for each step.
    """

    unit: float | None
    largest: float
    steps: bool


class Site(NamedTuple):
    """Whole-numbered settings of one layer."""

    weight_bits: int
    activation_bits: int
    state_bits: int
    gate: int


class Settings:
    """An operation's settings by layer, checked to be whole."""

    def __init__(self, network: SpikingNetwork, operation: Operation) -> None:
        self._geometries = network.geometries
        self._names = [layer.name for layer in self._geometries]
        self._operation = operation
        self.steps = self._whole("timesteps", operation.timesteps, "the network")
        self.averages = isinstance(network.readout, MeanReadout)

    def of(self, geometry: LayerWork) -> Site:
        """Those of a layer."""
        index, operation = self._names.index(geometry.name), self._operation
        entries = [operation.weight_bits, operation.activation_bits, operation.state_bits]
        entries.append(jnp.ones(()) if operation.gate is None else operation.gate)
        names = ("weight_bits", "activation_bits", "state_bits", "gate")
        values = [np.broadcast_to(np.asarray(each), len(self._geometries))[index] for each in entries]
        return Site(*(self._whole(name, value, f"layer {geometry.name!r}") for name, value in zip(names, values, strict=True)))

    def taken_after(self, geometry: LayerWork) -> int:
        """Precision of the numbers that the next layer with weights takes."""
        later = self._geometries[self._names.index(geometry.name) + 1 :]
        return self.of(next(layer for layer in later if layer.kind != "pool")).activation_bits

    def _whole(self, name: str, value: Any, where: str) -> int:
        if float(value) != round(float(value)):
            raise ValueError(f"{where}: {name} is {float(value):g}, but fixed point needs a hardened (whole) value")
        return round(float(value))


def to_fixed_point(network: SpikingNetwork, operation: Operation) -> SpikingNetwork:
    """The network in fixed point; run it with the same operation, on `DigitalArray`s.

    Args:
        network: trained; it is not changed.
        operation: how it is run: whole bits and timesteps, gates of 0 or 1.

    Raises:
        ValueError: a relaxed setting, a part that has no integer form, or sums that exceed what float32 holds exactly; names the layer.
            An operation that chooses what the network is built with (see `codesign.network.settled`).
    """
    require_settled(operation)
    if not isinstance(network.readout, MeanReadout | StepReadout):
        raise ValueError(f"readout {type(network.readout).__name__} has no integer form; those with one: MeanReadout, StepReadout")
    settings = Settings(network, operation)
    first = network.geometries[0]
    body, stream = _fixed(network.body, entering(network.encoding, settings.of(first).activation_bits), settings)
    return SpikingNetwork(body.blocks, _scores(network.scores, stream, settings), network.encoding, network.readout)


def entering(encoding: AbstractEncoding, bits: int) -> Stream:
    """What an encoding sends; `bits` is the first layer's precision."""
    match encoding:
        case Direct():
            return Stream(None, 1, False)
        case Encoded():
            return Stream(1.0, 1, True)
        case Events():
            return Stream(1.0, 2**bits - 1, True)
        case Samples():
            # as `Samples` itself: a sign and a magnitude take two bits
            intervals = 2 ** (max(bits, 2) - 1) - 1
            return Stream(encoding.span / intervals, intervals, True)
    raise ValueError(f"encoding {type(encoding).__name__} has no integer form")


@singledispatch
def _fixed(block: Any, stream: Stream, settings: Settings) -> tuple[Any, Stream]:
    """A block in fixed point, and what it sends."""
    known = ", ".join(sorted(kind.__name__ for kind in _fixed.registry if kind is not object))
    raise ValueError(f"layer {block.geometries[0].name!r}: {type(block).__name__} has no integer form; those with one: {known}")


@_fixed.register
def _(block: Chain, stream: Stream, settings: Settings) -> tuple[Any, Stream]:
    blocks = []
    for each in block.blocks:
        made, stream = _fixed(each, stream, settings)
        blocks.append(made)
    return Chain(blocks), stream


@_fixed.register
def _(block: SpikingLayer, stream: Stream, settings: Settings) -> tuple[Any, Stream]:
    return _layer(block, stream, settings, None)


@_fixed.register
def _(block: Residual, stream: Stream, settings: Settings) -> tuple[Any, Stream]:
    name = block.last.synapses.geometry.name
    # a mantissa of 0.5 is a power of two: only then is the strength, divided by the unit, exact
    if stream.unit is None or math.frexp(stream.unit)[0] != 0.5:
        raise ValueError(f"layer {name!r}: a shortcut of numbers has no integer form, only one of spikes (set the gate before it to 1)")
    body, between = _fixed(block.body, stream, settings)
    site = settings.of(block.last.synapses.geometry)
    # made twice: the shortcut's integers need the accumulator's unit, and the check of sums needs those integers
    _, unit = _synapses(block.last.synapses, received(between, site), site, None)
    strength = np.rint(float(block.strength[...]) * stream.unit / unit).astype(np.int64)
    last, sent = _layer(block.last, between, settings, np.abs(strength) * stream.largest)
    made = Residual(body, last, block.shortcut)
    made.strength = nnx.Param(jnp.asarray(strength / stream.unit, jnp.float32))
    return made, sent


def _layer(block: SpikingLayer, stream: Stream, settings: Settings, added: np.ndarray | None) -> tuple[SpikingLayer, Stream]:
    """A layer whose accumulator also takes sums of up to `added`."""
    geometry = block.synapses.geometry
    site = settings.of(geometry)
    incoming = received(stream, site)
    synapses, unit = _synapses(block.synapses, incoming, site, None, added)
    # of the sum that the ANN form rounds: over all steps where it averages spikes, else of a single one
    steps = settings.steps if incoming.steps and settings.averages else 1
    neuron = _neuron(block.neuron, geometry, unit, site, lambda level, full: _decided(level, full, steps, geometry, settings))
    largest = 2 ** int(block.neuron.parts.firing.payload_bits) - 1
    # an ANN layer that averages sends one number for all steps
    sent = Stream(1.0, largest, True) if site.gate else Stream(None, largest, incoming.steps and not settings.averages)
    return SpikingLayer(synapses, neuron), sent


@_fixed.register
def _(block: Pooling, stream: Stream, settings: Settings) -> tuple[Any, Stream]:
    if isinstance(block.reduction, Maximum):
        # the largest of some codes is one of them: unit and range stay
        return block, stream
    if stream.unit is None:
        name = block.geometry.name
        raise ValueError(f"layer {name!r}: averages of numbers are rounded twice and have no integer form; pool their maximum, or spikes")
    window = block.geometry.kernel_height * block.geometry.kernel_width
    # the average is the sum of the window, in units divided by its size
    return block, Stream(stream.unit / window, stream.largest * window, stream.steps)


def received(stream: Stream, site: Site) -> Stream:
    """Numbers as the codes of a receiver."""
    if stream.unit is not None:
        return stream
    intervals = 2**site.activation_bits - 1
    return Stream(stream.largest / intervals, intervals, stream.steps)


def _synapses(
    synapses: AbstractSynapses, incoming: Stream, site: Site, gain: float | None, added: np.ndarray | None = None
) -> tuple[FixedSynapses, np.ndarray]:
    """Integer synapses, and the value of one unit of each output's accumulator; with a gain, class scores."""
    if not isinstance(synapses, Synapses):
        raise ValueError(f"layer {synapses.geometry.name!r}: {type(synapses).__name__} has no integer form, only Synapses")
    geometry = synapses.geometry
    intervals = 2 ** (site.weight_bits - 1) - 1
    scale = jnp.exp(synapses.log_scale[...])
    # in the network's float32 and by its formula, so that no weight falls to the other side of a tie
    codes = np.asarray(jnp.round(jnp.clip(synapses.weights / scale, -1, 1) * intervals)).astype(np.int64)
    assert incoming.unit is not None
    # in float64, so that biases and thresholds are rounded once
    unit = float(scale) / intervals * incoming.unit * np.exp(np.asarray(synapses.log_column_scale[...], np.float64))
    bias = None if synapses.bias is None else np.rint(np.asarray(synapses.bias[...], np.float64) / unit).astype(np.int64)
    extra = (0 if bias is None else np.abs(bias)) + (0 if added is None else added)
    # the worst case: all inputs at their largest, each with the sign of its weight
    widest = np.max(np.sum(np.abs(codes), axis=0) * incoming.largest + extra)
    factor, exponent = None, 0
    if gain is not None:
        # the largest factor takes all of its bits; one exponent for all, or classes could not be compared
        exponent = math.frexp(float(np.max(unit)) * gain)[1] - FACTOR_BITS
        # 255.7 would be rounded up to a ninth bit
        factor = np.minimum(np.rint(unit * gain * 2.0**-exponent), 2**FACTOR_BITS - 1).astype(np.int64)
        widest = widest * np.max(factor)
    if widest >= EXACT:
        raise ValueError(f"layer {geometry.name!r}: sums reach {widest:.0f}, but only integers below {EXACT} are exact; use fewer bits")
    return FixedSynapses(geometry, codes, bias, factor, incoming.unit, exponent), unit


def _neuron(
    neuron: AbstractNeuron, geometry: LayerWork, unit: np.ndarray, site: Site, decided: Callable[[np.ndarray, int], np.ndarray]
) -> FixedPointNeuron:
    name, parts = geometry.name, neuron.parts
    if not isinstance(neuron, IntegrateAndFire | LeakyNeuron):
        raise ValueError(f"layer {name!r}: {type(neuron).__name__} has no integer form; those with one: IntegrateAndFire, LeakyNeuron")
    if not isinstance(parts.firing, Binary | Graded):
        raise ValueError(f"layer {name!r}: {type(parts.firing).__name__} firing has no integer form; those with one: Binary, Graded")
    # leak times potential has to stay exact in float32
    if not 2 <= site.state_bits <= 24 - LEAK_SHIFT:
        raise ValueError(f"layer {name!r}: state_bits must be 2 to {24 - LEAK_SHIFT}, got {site.state_bits}")
    level = np.asarray(neuron.threshold, np.float64) / unit
    # one unit for all channels, as one shift follows the accumulator; with the slack, a threshold that is
    # a power of two but for rounding does not take the next larger unit
    exponent = math.ceil(math.log2(SPAN * level.max()) - (site.state_bits - 1) - 1e-6)
    # at least 1: at a threshold of 0 a neuron would always fire, and the integer form divides by it
    code = np.maximum(np.rint(level * 2.0**-exponent), 1).astype(np.int64)
    leak = None
    if isinstance(neuron, LeakyNeuron):
        leak = np.broadcast_to(np.rint(np.asarray(neuron.leak, np.float64) * 2**LEAK_SHIFT), level.shape).astype(np.int64)
    start = np.rint(parts.start * code).astype(np.int64)
    # an ANN layer keeps its own level, finer than the potential's grid; a spiking one has its rounded threshold
    at = decided(level, int(parts.firing.largest)) if site.gate == 0 else code * 2.0**exponent
    return FixedPointNeuron(parts, at, code, leak, start, exponent=exponent, bits=site.state_bits)


def _decided(level: np.ndarray, full: int, steps: int, geometry: LayerWork, settings: Settings) -> np.ndarray:
    """Saturation levels q / 2**j with q odd, such that no sum over steps divided by the level lies in the middle between two codes.

    The middle needs `2**(j + 1) codes sum == odd steps full q`: impossible where 2**(j + 1) does not divide the steps.
    """
    # j is at least the number of twos in the steps (see above), and more where the level would be coarse
    shift = max(_twos(steps), LEVEL_BITS - math.floor(math.log2(float(level.min()))))
    odd = 2 * np.rint((level * 2.0**shift - 1) / 2) + 1
    if float(odd.max()) * steps * full * 2 ** settings.taken_after(geometry) > DECISIVE:
        raise ValueError(f"layer {geometry.name!r}: its numbers are too fine to be rounded exactly; use fewer activation_bits or timesteps")
    return odd * 2.0**-shift


def _twos(number: int) -> int:
    return (number & -number).bit_length() - 1


def _scores(scores: ScoreLayer, stream: Stream, settings: Settings) -> ScoreLayer:
    site = settings.of(scores.synapses.geometry)
    gain = float(jnp.exp(scores.log_gain[...]))
    fixed = ScoreLayer(_synapses(scores.synapses, received(stream, site), site, gain)[0])
    # the gain is in the factors already
    fixed.log_gain[...] = jnp.zeros_like(fixed.log_gain[...])
    return fixed
