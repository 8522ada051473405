"""Well-known networks as workloads, so that costs need no training.

Shapes are those of the papers that introduced the networks; rates are the published mean spike densities where one was read
(Prosperity's results, papers-energy.md PRO-4), else 0.1. A spiking network here is direct-encoded: its first layer sees `input_bits`-bit
pixels at rate 1, every other layer binary spikes.
"""

import dataclasses
import difflib
from collections.abc import Callable, Sequence
from typing import Any, Final

from jax.typing import ArrayLike

from codesign.workloads.workload import LayerWork, Workload, conv, dense, pool


@dataclasses.dataclass(frozen=True)
class Preset:
    """A network that `preset` knows.

    Attributes:
        layers: builds the layers.
        rate: mean share of non-zero elements per step between the layers.
        input_rate, input_bits: the same and the bits per element for the network's input.
        timesteps: a usual number of steps.
        source: where shapes and rate come from.
    """

    layers: Callable[[], tuple[LayerWork, ...]]
    rate: float
    input_rate: float
    input_bits: float
    timesteps: float
    source: str

    def workload(self, **values: ArrayLike) -> Workload:
        """The workload; `values` replace per-layer properties as in `Workload.of`."""
        layers = self.layers()
        count = len(layers)
        defaults: dict[str, Any] = {
            # a layer's input is the output of the one before it; only the first sees the network's own
            "input_rate": [self.input_rate, *[self.rate] * (count - 1)],
            "output_rate": self.rate,
            "timesteps": self.timesteps,
            "activation_bits": [self.input_bits, *[1.0] * (count - 1)],
        }
        return Workload.of(layers, **{**defaults, **values})


def preset(name: str, **values: ArrayLike) -> Workload:
    """A workload by name.

    Args:
        name: one of `PRESETS`.
        values: replacements for `Workload.of`'s properties, scalars or per layer.

    Raises:
        ValueError: unknown name (the message gives the nearest one).
    """
    if name not in PRESETS:
        near = difflib.get_close_matches(name, PRESETS, 1, 0)[0]
        raise ValueError(f"unknown workload {name!r} (did you mean {near!r}?); known are {', '.join(PRESETS)}")
    return PRESETS[name].workload(**values)


def plain(widths: Sequence[int | str], size: int, channels: int, classes: Sequence[int]) -> tuple[LayerWork, ...]:
    """A VGG-style network: 3x3 convolutions by width, `"M"` for a 2x2 pooling, then dense layers.

    Args:
        widths: output channels or `"M"`, in order.
        size: height and width of the input.
        channels: of the input.
        classes: widths of the dense layers.
    """
    layers: list[LayerWork] = []
    for width in widths:
        if isinstance(width, str):
            layers.append(pool(f"pool{sum(layer.kind == 'pool' for layer in layers) + 1}", channels, size))
            size //= 2
        else:
            layers.append(conv(f"conv{sum(layer.kind == 'conv' for layer in layers) + 1}", channels, width, size))
            channels = width
    features = channels * size * size
    for index, width in enumerate(classes, 1):
        layers.append(dense(f"fc{index}", features, width))
        features = width
    return tuple(layers)


def residual(stem: Sequence[LayerWork], blocks: Sequence[int], expansion: int, classes: int) -> tuple[LayerWork, ...]:
    """A ResNet (He et al. 2016): basic blocks for expansion 1, bottlenecks for 4, a 1x1 projection where the shape changes.

    Args:
        stem: the layers before the first stage.
        blocks: blocks per stage.
        expansion: output channels of a block over its width.
        classes: outputs.
    """
    layers = list(stem)
    channels, size = stem[-1].channels_out, stem[-1].height_out
    for stage, count in enumerate(blocks):
        for block in range(count):
            # the first stage keeps the map, which the ImageNet stem has shrunk twice already
            stride = 2 if stage > 0 and block == 0 else 1
            layers += _block(f"stage{stage + 1}.{block + 1}", channels, 64 * 2**stage, expansion, size, stride)
            channels, size = 64 * 2**stage * expansion, size // stride
    return (*layers, pool("average", channels, size, size), dense("fc", channels, classes))


def small_stem() -> tuple[LayerWork, ...]:
    """One 3x3 convolution, the usual stem for 32 x 32 images."""
    return (conv("conv1", 3, 64, 32),)


def imagenet_stem() -> tuple[LayerWork, ...]:
    """7x7 convolution with stride 2 and 3x3 pooling with stride 2, for 224 x 224 images."""
    # pool() knows only strides equal to the kernel
    return conv("conv1", 3, 64, 224, kernel=7, stride=2), LayerWork("pool1", "pool", 64, 64, 112, 112, 56, 56, 3, 3, 2, 64, "integrator")


def _block(name: str, channels: int, width: int, expansion: int, size: int, stride: int) -> list[LayerWork]:
    small = size // stride
    if expansion == 1:
        body = [conv(f"{name}.conv1", channels, width, size, stride=stride), conv(f"{name}.conv2", width, width, small)]
    else:
        body = [
            conv(f"{name}.conv1", channels, width, size, kernel=1),
            # the stride sits in the 3x3 convolution, as in common implementations; He et al. had it in the first 1x1
            conv(f"{name}.conv2", width, width, size, stride=stride),
            conv(f"{name}.conv3", width, width * expansion, small, kernel=1),
        ]
    # the shortcut's map, projected or not, is added to the last outputs
    body[-1] = dataclasses.replace(body[-1], residual_inputs=body[-1].neurons_out)
    if stride == 1 and channels == width * expansion:
        return body
    return [*body, conv(f"{name}.projection", channels, width * expansion, size, kernel=1, stride=stride)]


def spiking_transformer_block(tokens: int = 64, width: int = 384, expansion: int = 4) -> tuple[LayerWork, ...]:
    """One encoder block of Spikformer (Zhou et al. 2023): query, key, value, attention without softmax, projection, two dense layers.

    A dense layer over tokens is a 1x1 convolution on a `tokens x 1` map.
    """

    # 64 tokens are the 4 x 4 patches of a 32 x 32 image
    def tokenwise(name: str, inputs: int, outputs: int, shortcut: bool = False) -> LayerWork:
        return LayerWork(name, "conv", inputs, outputs, tokens, 1, tokens, 1, residual_inputs=tokens * outputs if shortcut else 0)

    return (
        tokenwise("query", width, width),
        tokenwise("key", width, width),
        tokenwise("value", width, width),
        LayerWork("attention", "attention", width, width, tokens, 1, tokens, 1),
        tokenwise("projection", width, width, shortcut=True),
        tokenwise("mlp1", width, expansion * width),
        tokenwise("mlp2", expansion * width, width, shortcut=True),
    )


def recurrent(inputs: int, hidden: Sequence[int], outputs: int) -> tuple[LayerWork, ...]:
    """Recurrent layers (each sees its own outputs too) and a dense read-out."""
    layers, features = [], inputs
    for index, width in enumerate(hidden, 1):
        layers.append(LayerWork(f"recurrent{index}", "recurrent", features + width, width))
        features = width
    return (*layers, dense("readout", features, outputs))


_VGG9: Final = (64, 64, "M", 128, 128, "M", 256, 256, 256, "M")
_VGG16: Final = (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M")

# functions of nothing, so that an import builds no layers
PRESETS: Final = {
    "vgg9": Preset(lambda: plain(_VGG9, 32, 3, (1024, 10)), 0.1, 1, 8, 5, "7 convolutions and 2 dense layers, CIFAR-10; rate assumed"),
    "vgg16": Preset(
        lambda: plain(_VGG16, 32, 3, (512, 10)), 0.0896, 1, 8, 4, "Simonyan and Zisserman 2015 in CIFAR form; rate PRO-4, CIFAR-10"
    ),
    "vgg16_imagenet": Preset(
        lambda: plain(_VGG16, 224, 3, (4096, 4096, 1000)), 0.1, 1, 8, 4, "Simonyan and Zisserman 2015, configuration D; rate assumed"
    ),
    "resnet18": Preset(
        lambda: residual(small_stem(), (2, 2, 2, 2), 1, 10), 0.0909, 1, 8, 4, "He et al. 2016 with a 3x3 stem; rate PRO-4, CIFAR-10"
    ),
    "resnet18_imagenet": Preset(lambda: residual(imagenet_stem(), (2, 2, 2, 2), 1, 1000), 0.1, 1, 8, 4, "He et al. 2016; rate assumed"),
    "resnet50": Preset(lambda: residual(small_stem(), (3, 4, 6, 3), 4, 10), 0.1, 1, 8, 4, "He et al. 2016 with a 3x3 stem; rate assumed"),
    "resnet50_imagenet": Preset(lambda: residual(imagenet_stem(), (3, 4, 6, 3), 4, 1000), 0.1, 1, 8, 4, "He et al. 2016; rate assumed"),
    "transformer": Preset(
        spiking_transformer_block, 0.149, 0.149, 1, 4, "one block of Spikformer-4-384 on CIFAR-10 (Zhou et al. 2023); rate PRO-4"
    ),
    "shd": Preset(
        lambda: recurrent(700, (256, 256), 20), 0.05, 0.01, 1, 100, "700-channel spoken digits (Cramer et al. 2022); widths, rates assumed"
    ),
    "digits": Preset(lambda: (dense("fc1", 64, 64), dense("fc2", 64, 10)), 0.2, 1, 4, 4, "8x8 digits of scikit-learn, 17 grey levels"),
}


def available() -> list[str]:
    """Names that `preset` knows."""
    return list(PRESETS)
