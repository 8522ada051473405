"""Depthwise separable convolutions: a filter for each channel, then a mixture of channels at every position (MobileNet)."""

from collections.abc import Sequence

from flax import nnx

from codesign.network.builders.parts import finish, spiking, square
from codesign.network.layers.blocks import AbstractBlock
from codesign.network.layers.style import DEFAULT, Style
from codesign.network.network import SpikingNetwork
from codesign.workloads.workload import conv, dense


def mobilenet(
    sample_shape: Sequence[int],
    classes: int,
    channels: Sequence[int] = (16, 32, 64),
    strides: Sequence[int] = (2, 2, 2),
    *,
    style: Style = DEFAULT,
    rngs: nnx.Rngs,
) -> SpikingNetwork:
    """A 3x3 convolution, then pairs of a depthwise 3x3 and a 1x1 convolution (Howard et al. 2017, arXiv:1704.04861), then a dense read-out.

    Args:
        sample_shape: of one image.
        classes: scores.
        channels: outputs of the first convolution and of every pair.
        strides: of the same.
        style: of all layers.
        rngs: of initial weights.

    Raises:
        ValueError: the sample is not a square image, or channels and strides differ in number.
    """
    if len(channels) != len(strides) or not channels:
        raise ValueError(f"mobilenet needs one stride for each of its channels, got {len(channels)} channels and {len(strides)} strides")
    size, depth = square("mobilenet", sample_shape)
    first = conv("conv1", depth, channels[0], size, stride=strides[0])
    blocks: list[AbstractBlock] = [spiking(first, style, rngs)]
    size, depth = first.height_out, channels[0]
    for index, (width, stride) in enumerate(zip(channels[1:], strides[1:], strict=True), 2):
        # as in the paper the depthwise half takes the stride, so that the costly 1x1 half sees the smaller map
        own = conv(f"depthwise{index}", depth, depth, size, stride=stride, groups=depth)
        mixed = conv(f"pointwise{index}", depth, width, own.height_out, kernel=1, padding=0)
        blocks += [spiking(own, style, rngs), spiking(mixed, style, rngs)]
        size, depth = own.height_out, width
    return finish(blocks, dense("dense", depth * size * size, classes), style, rngs)
