"""Networks built from a short description; `REGISTRY` has the builders by name.

Every builder takes the shape of a sample (of one time step, for sequences), the number of classes, options of its own, a `Style`, and
`rngs` for the initial weights. A config can say all of its options.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Final

from flax import nnx

from codesign.network.builders.mobilenet import mobilenet
from codesign.network.builders.parts import finish, pooling, recurrent_layer, spiking, square
from codesign.network.builders.resnet import resnet
from codesign.network.builders.transformer import transformer
from codesign.network.layers.blocks import AbstractBlock
from codesign.network.layers.style import DEFAULT, Style
from codesign.network.network import SpikingNetwork
from codesign.network.run import Activity
from codesign.workloads.workload import conv, dense

__all__ = ["REGISTRY", "Activity", "SpikingNetwork", "convnet", "lenet", "mlp", "mobilenet", "recurrent", "resnet", "transformer", "vgg"]


def mlp(sample_shape: Sequence[int], classes: int, hidden: Sequence[int] = (), *, style: Style = DEFAULT, rngs: nnx.Rngs) -> SpikingNetwork:
    """A spiking multilayer perceptron with `hidden` layers; samples of any shape are flattened."""
    sizes = [math.prod(sample_shape), *hidden]
    blocks = [spiking(dense(f"dense{i + 1}", a, b), style, rngs) for i, (a, b) in enumerate(itertools.pairwise(sizes))]
    return finish(blocks, dense(f"dense{len(sizes)}", sizes[-1], classes), style, rngs)


def recurrent(
    sample_shape: Sequence[int], classes: int, hidden: Sequence[int] = (128,), *, style: Style = DEFAULT, rngs: nnx.Rngs
) -> SpikingNetwork:
    """Recurrent spiking layers of `hidden` neurons; samples of any shape are flattened.

    Raises:
        ValueError: parallel neurons, which cannot hear each other.
    """
    sizes = [math.prod(sample_shape), *hidden]
    blocks = [recurrent_layer(f"recurrent{i + 1}", a, b, style, rngs) for i, (a, b) in enumerate(itertools.pairwise(sizes))]
    return finish(blocks, dense("dense", sizes[-1], classes), style, rngs)


def convnet(
    sample_shape: Sequence[int],
    classes: int,
    channels: Sequence[int] = (),
    kernel: int = 3,
    stride: int = 2,
    *,
    style: Style = DEFAULT,
    rngs: nnx.Rngs,
) -> SpikingNetwork:
    """Convolutions with `channels` outputs that step over the map (3x3 of stride 2 halve it), then a dense read-out.

    Raises:
        ValueError: the sample is not a square image, or a kernel or stride below one.
    """
    if min(kernel, stride) < 1:
        raise ValueError(f"convnet: kernels of {kernel} and strides of {stride}; both are at least 1")
    size, depth = square("convnet", sample_shape)
    blocks = []
    for index, width in enumerate(channels):
        layer = conv(f"conv{index + 1}", depth, width, size, kernel=kernel, stride=stride)
        blocks.append(spiking(layer, style, rngs))
        size, depth = layer.height_out, width
    return finish(blocks, dense("dense", depth * size * size, classes), style, rngs)


def vgg(
    sample_shape: Sequence[int],
    classes: int,
    widths: Sequence[int] = (64, 64, 0, 128, 128, 0, 256, 256, 0),
    hidden: Sequence[int] = (256,),
    pool: str = "maximum",
    *,
    style: Style = DEFAULT,
    rngs: nnx.Rngs,
) -> SpikingNetwork:
    """Convolutions 3x3 of `widths` channels, where 0 is a pool that halves the map, then dense layers of `hidden` neurons.

    Raises:
        ValueError: the sample is not a square image, more pools than it can be halved, or an unknown kind of pool.
    """
    size, depth = square("vgg", sample_shape)
    blocks: list[AbstractBlock] = []
    # pools are counted as well: a layer's name tells its place in `widths`
    for index, width in enumerate(widths):
        if width:
            blocks.append(spiking(conv(f"conv{index + 1}", depth, width, size), style, rngs))
            depth = width
        else:
            blocks.append(pooling(f"pool{index + 1}", depth, size, 2, pool))
            size //= 2
    sizes = [depth * size * size, *hidden]
    blocks += [spiking(dense(f"dense{i + 1}", a, b), style, rngs) for i, (a, b) in enumerate(itertools.pairwise(sizes))]
    return finish(blocks, dense(f"dense{len(sizes)}", sizes[-1], classes), style, rngs)


def lenet(sample_shape: Sequence[int], classes: int, pool: str = "average", *, style: Style = DEFAULT, rngs: nnx.Rngs) -> SpikingNetwork:
    """LeNet-5 (LeCun et al. 1998): convolutions 5x5 of 6 and 16 channels, each pooled, dense layers of 120 and 84 neurons.

    Raises:
        ValueError: the sample is not a square image of at least 12 pixels, or an unknown kind of pool.
    """
    size, depth = square("lenet", sample_shape)
    # 12 is the least that leaves the second pool a window: 12, 6, 2, 1
    if size < 12:
        raise ValueError(f"lenet needs images of at least 12 x 12, got {size} x {size}")
    # padded, as LeNet-5 pads 28 x 28 digits to 32 x 32; its second convolution is not
    first = conv("conv1", depth, 6, size, kernel=5)
    second = conv("conv2", 6, 16, size // 2, kernel=5, padding=0)
    features = 16 * (second.height_out // 2) ** 2
    blocks = [
        spiking(first, style, rngs),
        pooling("pool1", 6, size, 2, pool),
        spiking(second, style, rngs),
        pooling("pool2", 16, second.height_out, 2, pool),
        spiking(dense("dense1", features, 120), style, rngs),
        spiking(dense("dense2", 120, 84), style, rngs),
    ]
    return finish(blocks, dense("dense3", 84, classes), style, rngs)


REGISTRY: Final[dict[str, Callable[..., SpikingNetwork]]] = {
    "mlp": mlp,
    "convnet": convnet,
    "lenet": lenet,
    "vgg": vgg,
    "resnet": resnet,
    "mobilenet": mobilenet,
    "recurrent": recurrent,
    "transformer": transformer,
}
"""Builders by name; all take `(sample_shape, classes, *, style, rngs)` and options of their own."""
