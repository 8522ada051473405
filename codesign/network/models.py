"""Networks built from a short description; `REGISTRY` has the builders by name."""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Final

from flax import nnx

from codesign.network.blocks import AbstractBlock, ScoreLayer, SpikingLayer
from codesign.network.layers import Synapses
from codesign.network.network import SpikingNetwork
from codesign.network.run import Activity
from codesign.network.style import DEFAULT, Style
from codesign.workload import LayerWork, conv, dense

__all__ = ["REGISTRY", "Activity", "SpikingNetwork", "convnet", "mlp"]


# spikes are sparser than the inputs: hidden layers need the larger gain to fire at all
GAIN: Final = 2.0


def _spiking(geometry: LayerWork, style: Style, rngs: nnx.Rngs) -> SpikingLayer:
    return SpikingLayer(Synapses(geometry, gain=GAIN, rngs=rngs), style.neurons(geometry.channels_out))


def _finish(blocks: Sequence[AbstractBlock], scores: LayerWork, style: Style, rngs: nnx.Rngs) -> SpikingNetwork:
    return SpikingNetwork(blocks, ScoreLayer(Synapses(scores, gain=GAIN, rngs=rngs)), style.input, style.output)


def mlp(sample_shape: Sequence[int], classes: int, hidden: Sequence[int] = (), *, style: Style = DEFAULT, rngs: nnx.Rngs) -> SpikingNetwork:
    """A spiking multilayer perceptron.

    Args:
        sample_shape: shape of a sample (of one step, for sequences); it is flattened.
        classes: classes.
        hidden: sizes of the hidden layers.
        style: neurons, input and output.
        rngs: initial weights.
    """
    sizes = [math.prod(sample_shape), *hidden]
    blocks = [_spiking(dense(f"dense{i + 1}", a, b), style, rngs) for i, (a, b) in enumerate(itertools.pairwise(sizes))]
    return _finish(blocks, dense(f"dense{len(sizes)}", sizes[-1], classes), style, rngs)


def square(kind: str, sample_shape: Sequence[int]) -> tuple[int, int]:
    """Size and channels of a square map.

    Raises:
        ValueError: the sample is not [height, width, channels] with equal height and width.
    """
    if len(sample_shape) != 3 or sample_shape[0] != sample_shape[1]:
        raise ValueError(f"{kind} needs square images [height, width, channels], got samples of shape {tuple(sample_shape)}")
    return sample_shape[0], sample_shape[2]


def convnet(
    sample_shape: Sequence[int], classes: int, channels: Sequence[int] = (), *, style: Style = DEFAULT, rngs: nnx.Rngs
) -> SpikingNetwork:
    """Convolutions 3x3 of stride 2 (each halves the map), then a dense read-out.

    Args:
        sample_shape: (height, width, channels) of a square image.
        classes: classes.
        channels: output channels of each convolution.
        style: neurons, input and output.
        rngs: initial weights.

    Raises:
        ValueError: the sample is not a square image.
    """
    size, depth = square("convnet", sample_shape)
    blocks = []
    for index, width in enumerate(channels):
        layer = conv(f"conv{index + 1}", depth, width, size, kernel=3, stride=2)
        blocks.append(_spiking(layer, style, rngs))
        size, depth = layer.height_out, width
    return _finish(blocks, dense("dense", depth * size * size, classes), style, rngs)


REGISTRY: Final[dict[str, Callable[..., SpikingNetwork]]] = {"mlp": mlp, "convnet": convnet}
