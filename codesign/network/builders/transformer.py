"""A spiking transformer for images (Spikformer, Zhou et al. 2023), with binary spikes throughout."""

from collections.abc import Sequence

from flax import nnx

from codesign.network.builders.parts import finish, pooling, spiking, square
from codesign.network.layers.attention import Attention
from codesign.network.layers.blocks import AbstractBlock, Chain
from codesign.network.layers.residual import Identity, Residual
from codesign.network.layers.style import DEFAULT, Style
from codesign.network.network import SpikingNetwork
from codesign.workloads.workload import LayerWork, conv, dense


def transformer(
    sample_shape: Sequence[int],
    classes: int,
    width: int = 64,
    blocks: int = 2,
    heads: int = 4,
    patch: int = 4,
    expansion: int = 2,
    *,
    style: Style = DEFAULT,
    rngs: nnx.Rngs,
) -> SpikingNetwork:
    """Patches by convolutions of stride 2, then `blocks` of self-attention and two dense layers over tokens, averaged over tokens.

    Args:
        sample_shape: (height, width, channels) of a square image.
        classes: classes.
        width: features of a token.
        blocks: encoder blocks.
        heads: attention heads; divides `width`.
        patch: pixels of a token along one side, a power of two of at least 2.
        expansion: width of the hidden dense layer over tokens, in widths.
        style: neurons, input and output.
        rngs: initial weights.

    Raises:
        ValueError: no square image, heads that do not divide the width, or a patch that is no power of two.
    """
    size, channels = square("transformer", sample_shape)
    if width % heads:
        raise ValueError(f"width {width} is not divisible by heads {heads}")
    if patch < 2 or patch & (patch - 1):
        raise ValueError(f"patch must be a power of two of at least 2, got {patch}")
    stages = patch.bit_length() - 1
    chain: list[AbstractBlock] = []
    for stage in range(stages):
        # channels double where the map is halved, and end at `width`
        layer = conv(f"patch{stage + 1}", channels, width >> (stages - 1 - stage), size, stride=2)
        chain.append(spiking(layer, style, rngs))
        size, channels = layer.height_out, layer.channels_out
    for index in range(blocks):
        chain += _encoder(f"block{index + 1}", width, size, heads, expansion * width, style, rngs)
    chain.append(pooling("pool", width, size, size, "average"))
    return finish(chain, dense("dense", width, classes), style, rngs)


def _encoder(name: str, width: int, size: int, heads: int, hidden: int, style: Style, rngs: nnx.Rngs) -> list[AbstractBlock]:
    def tokenwise(part: str, inputs: int, outputs: int) -> LayerWork:
        # a dense layer on every token is a 1x1 convolution of the map of tokens; as such its work counts all of them
        return conv(f"{name}_{part}", inputs, outputs, size, kernel=1)

    products = LayerWork(f"{name}_attention", "attention", width, width, size, size, size, size, groups=heads)
    query, key, value = (spiking(tokenwise(part, width, width), style, rngs) for part in ("query", "key", "value"))
    attention = Attention(products, query, key, value, style.neurons(width))
    projection = spiking(tokenwise("projection", width, width), style, rngs)
    first, second = (spiking(tokenwise(part, a, b), style, rngs) for part, a, b in (("mlp1", width, hidden), ("mlp2", hidden, width)))
    return [Residual(Chain([attention]), projection, Identity()), Residual(Chain([first]), second, Identity())]
