"""Small residual networks for 32 x 32 images (He et al. 2016, section 4.2), with spiking layers."""

from collections.abc import Sequence

from flax import nnx

from codesign.network.builders.parts import finish, pooling, spiking, square
from codesign.network.layers.blocks import AbstractBlock, Chain
from codesign.network.layers.residual import AbstractShortcut, Identity, Residual, Subsampled
from codesign.network.layers.style import DEFAULT, Style
from codesign.network.network import SpikingNetwork
from codesign.workloads.workload import conv, dense


def resnet(
    sample_shape: Sequence[int], classes: int, depth: int = 20, width: int = 16, *, style: Style = DEFAULT, rngs: nnx.Rngs
) -> SpikingNetwork:
    """ResNet-`depth` with `width`, 2 `width` and 4 `width` channels at falling resolution, averaged over the last map.

    Raises:
        ValueError: depth is not 6 n + 2, or the sample is not a square image.
    """
    # three stages of n blocks of two convolutions, a stem and a read-out: 6 n + 2
    per_stage, rest = divmod(depth - 2, 6)
    if rest or per_stage < 1:
        raise ValueError(f"depth of a resnet is 6 n + 2 (8, 14, 20, ...), got {depth}")
    size, channels = square("resnet", sample_shape)
    blocks: list[AbstractBlock] = [spiking(conv("stem", channels, width, size), style, rngs)]
    channels = width
    for stage in range(3):
        for index in range(per_stage):
            stride = 2 if stage > 0 and index == 0 else 1
            blocks.append(_block(f"stage{stage + 1}_{index + 1}", channels, width << stage, size, stride, style, rngs))
            # rounded up, which is the size that a padded 3x3 convolution of stride 2 leaves
            size, channels = -(-size // stride), width << stage
    blocks.append(pooling("pool", channels, size, size, "average"))
    return finish(blocks, dense("dense", channels, classes), style, rngs)


def _block(name: str, channels: int, width: int, size: int, stride: int, style: Style, rngs: nnx.Rngs) -> Residual:
    first = conv(f"{name}a", channels, width, size, stride=stride)
    second = conv(f"{name}b", width, width, first.height_out)
    # the stem has the first stage's channels already: where no stride shrinks the map, none are added
    shortcut: AbstractShortcut = Identity() if stride == 1 else Subsampled(stride, width - channels)
    return Residual(Chain([spiking(first, style, rngs)]), spiking(second, style, rngs), shortcut)
