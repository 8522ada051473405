"""What builders share: layers in a style, and the checks of sample shapes."""

from collections.abc import Sequence
from typing import Final

from flax import nnx

from codesign.network.layers.blocks import AbstractBlock, ScoreLayer, SpikingLayer
from codesign.network.layers.layers import Synapses
from codesign.network.layers.pooling import REDUCTIONS, Pooling
from codesign.network.layers.recurrent import RecurrentLayer
from codesign.network.layers.style import Style
from codesign.network.network import SpikingNetwork
from codesign.workloads.workload import LayerWork, pool

# spikes are sparser than the inputs: hidden layers need the larger gain to fire at all
GAIN: Final = 2.0


def spiking(geometry: LayerWork, style: Style, rngs: nnx.Rngs) -> SpikingLayer:
    """Weights and neurons."""
    synapses = Synapses(geometry, gain=GAIN, rngs=rngs, norm=style.weights)
    return SpikingLayer(synapses, style.neurons(geometry.channels_out))


def recurrent_layer(name: str, inputs: int, width: int, style: Style, rngs: nnx.Rngs) -> RecurrentLayer:
    """Neurons that also hear each other."""
    geometry = LayerWork(name, "recurrent", inputs + width, width)
    return RecurrentLayer(geometry, style.recurrent_neurons(width), Synapses(geometry, gain=GAIN, rngs=rngs, norm=style.weights))


def pooling(name: str, channels: int, size: int, kernel: int, kind: str) -> Pooling:
    """Pooling of a square map.

    Raises:
        ValueError: an unknown kind of pooling, or a map smaller than the window.
    """
    if kind not in REDUCTIONS:
        raise ValueError(f"unknown pooling {kind!r}; use one of {', '.join(REDUCTIONS)}")
    if size < kernel:
        raise ValueError(f"{name}: windows of {kernel} do not fit a map of {size}; use fewer pools")
    return Pooling(pool(name, channels, size, kernel), REDUCTIONS[kind])


def finish(blocks: Sequence[AbstractBlock], scores: LayerWork, style: Style, rngs: nnx.Rngs) -> SpikingNetwork:
    """The network with a layer of class scores."""
    return SpikingNetwork(blocks, ScoreLayer(Synapses(scores, gain=GAIN, rngs=rngs)), style.input, style.output)


def square(kind: str, sample_shape: Sequence[int]) -> tuple[int, int]:
    """Size and channels of a square map.

    Raises:
        ValueError: the sample is not [height, width, channels] with equal height and width.
    """
    if len(sample_shape) != 3 or sample_shape[0] != sample_shape[1]:
        raise ValueError(f"{kind} needs square images [height, width, channels], got samples of shape {tuple(sample_shape)}")
    return sample_shape[0], sample_shape[2]
