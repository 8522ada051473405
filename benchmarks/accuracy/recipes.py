"""Recipes of `benchmarks.accuracy`: network, encoding and training for each data set, found on validation samples."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Key

from benchmarks.accuracy.training import Augment, Stage
from codesign.data.dataset import Dataset, Split
from codesign.network.answers.readout_leaky import LeakyStepReadout
from codesign.network.builders.models import SpikingNetwork, convnet, mlp
from codesign.network.builders.parts import finish, spiking
from codesign.network.layers.blocks import SpikingLayer
from codesign.network.layers.style import Style
from codesign.workloads.workload import conv, dense

# integrate-and-fire neurons: at T steps the twin of a rectifier with T levels, so an ANN's weights are a good start
TWIN: Final = Style(neuron="if", norm="standardised")

Build = Callable[[Sequence[int], int, nnx.Rngs], SpikingNetwork]


def unchanged(inputs: Float[Array, "batch ..."], key: Key[Array, ""]) -> Float[Array, "batch ..."]:
    """No augmentation."""
    return inputs


def shifted(inputs: Float[Array, "batch ..."], key: Key[Array, ""], *, most: tuple[int, ...]) -> Float[Array, "batch ..."]:
    """Each sample moved by up to `most` along each of its axes, zeros where nothing was."""
    padded = jnp.pad(inputs, [(0, 0), *((m, m) for m in most)])
    starts = jax.random.randint(key, (len(inputs), len(most)), 0, 2 * jnp.asarray(most) + 1)
    return jax.vmap(lambda x, start: jax.lax.dynamic_slice(x, start, inputs.shape[1:]))(padded, starts)


def deformed(
    inputs: Float[Array, "batch time height width channels"], key: Key[Array, ""], *, turn: float, zoom: float, shear: float, most: float
) -> Float[Array, "batch time height width channels"]:
    """Each sample turned, scaled, sheared and moved by random amounts, the same in all steps; nearest pixels, so that events stay events.

    Args:
        inputs: event maps.
        key: of the amounts.
        turn: largest angle [rad].
        zoom: largest change of the logarithm of the size.
        shear: largest shift of a row by its distance from the middle, as a share of it.
        most: largest shift in pixels.
    """
    first, second = jax.random.split(key)
    limits = jnp.asarray([turn, zoom, shear])
    amounts = limits * jax.random.uniform(first, (len(inputs), 3), minval=-1, maxval=1)
    moves = most * jax.random.uniform(second, (len(inputs), 2), minval=-1, maxval=1)
    size = jnp.asarray(inputs.shape[2:4])
    middle = ((size - 1) / 2)[:, None, None]
    rows, columns = jnp.meshgrid(jnp.arange(inputs.shape[2]), jnp.arange(inputs.shape[3]), indexing="ij")
    centred = jnp.stack([rows, columns]) - middle

    def one(x: Array, amount: Array, move: Array) -> Array:
        angle, scale, slant = amount[0], jnp.exp(amount[1]), amount[2]
        y = scale * (jnp.cos(angle) * centred[0] - jnp.sin(angle) * centred[1])
        across = scale * (jnp.sin(angle) * centred[0] + jnp.cos(angle) * centred[1]) + slant * scale * centred[0]
        at = jnp.round(jnp.stack([y, across]) + middle + move[:, None, None]).astype(int)
        inside = jnp.all((at >= 0) & (at < size[:, None, None]), axis=0)
        at = jnp.clip(at, 0, size[:, None, None] - 1)
        return jnp.where(inside[None, :, :, None], x[:, at[0], at[1]], 0)

    return jax.vmap(one)(inputs, amounts, moves)


def noisy(inputs: Float[Array, "batch ..."], key: Key[Array, ""], *, spread: float) -> Float[Array, "batch ..."]:
    """Normal noise added."""
    return inputs + spread * jax.random.normal(key, inputs.shape, inputs.dtype)


def flipped(inputs: Float[Array, "batch height width channels"], key: Key[Array, ""]) -> Float[Array, "batch height width channels"]:
    """Half of the images mirrored."""
    mirror = jax.random.bernoulli(key, 0.5, (len(inputs), 1, 1, 1))
    return jnp.where(mirror, inputs[:, :, ::-1], inputs)


def flipped_and_shifted(inputs: Float[Array, "batch ..."], key: Key[Array, ""], *, most: tuple[int, ...]) -> Float[Array, "batch ..."]:
    """Both."""
    first, second = jax.random.split(key)
    return shifted(flipped(inputs, first), second, most=most)


def _each(dataset: Dataset, shape: tuple[int, ...], change: Callable[[np.ndarray], np.ndarray]) -> Dataset:
    splits = {name: getattr(dataset, name) for name in ("train", "validation", "test")}
    frames = {name: Split(change(x).reshape(-1, *shape), labels) for name, (x, labels) in splits.items()}
    return dataclasses.replace(dataset, **frames, sample_shape=shape, kind="frames")


def flattened(dataset: Dataset) -> Dataset:
    """Standardised sequences as frames: all steps at once, 3 standard deviations to either side."""
    return _each(dataset, (math.prod(dataset.sample_shape),), lambda x: np.clip(x / 6 + 0.5, 0, 1))


def pictured(dataset: Dataset) -> Dataset:
    """Loudness over time and frequency as a picture."""
    return _each(dataset, (*dataset.sample_shape, 1), lambda x: x)


def same(dataset: Dataset) -> Dataset:
    """The data as it is."""
    return dataset


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a data set is learned.

    Attributes:
        build: the network, from the shape of a sample (of one step, for sequences).
        bar: accuracy that is asked of the spiking network.
        ann: training of the network of quantised rectified numbers.
        spiking: training of the spiking network, which begins with the ANN's weights where `converted`.
        hybrid: training of the mixed network, likewise.
        converted: whether the others begin with the ANN's weights.
        augment: of minibatches.
        longest: steps, for frames; sequences have their own.
        input_bits: precision of what enters.
        window: steps of the pieces that sequences with a label per step are cut into for training; None keeps them whole.
        prepare: from the loader's data to what the network sees.
        source: name of the data where it is not the recipe's.
    """

    build: Build
    bar: float
    ann: Stage
    spiking: Stage
    hybrid: Stage
    converted: bool = False
    augment: Augment = unchanged
    longest: int = 4
    input_bits: float = 4
    window: int | None = None
    prepare: Callable[[Dataset], Dataset] = same
    source: str | None = None


def strided(channels: Sequence[int], hidden: int) -> Build:
    """Convolutions of stride 2, then a dense layer: most weights where they are cheapest."""

    def build(shape: Sequence[int], classes: int, rngs: nnx.Rngs) -> SpikingNetwork:
        size, _, depth = shape
        blocks = []
        for number, width in enumerate(channels, 1):
            layer = conv(f"conv{number}", depth, width, size, kernel=3, stride=2)
            blocks.append(spiking(layer, TWIN, rngs))
            size, depth = layer.height_out, width
        blocks.append(spiking(dense("dense1", depth * size * size, hidden), TWIN, rngs))
        return finish(blocks, dense("dense2", hidden, classes), TWIN, rngs)

    return build


def _convnet(style: Style, channels: Sequence[int]) -> Build:
    return lambda shape, classes, rngs: convnet(shape, classes, channels, style=style, rngs=rngs)


def _mlp(style: Style, hidden: Sequence[int]) -> Build:
    return lambda shape, classes, rngs: mlp(shape, classes, hidden, style=style, rngs=rngs)


def _spread(layer: SpikingLayer, slowest: float, gain: float, key: Key[Array, ""]) -> None:
    """Memories from 2 to `slowest` steps, adaptations from 20 to 300, and currents scaled so that all potentials vary alike.

    Biases drive neurons towards firing on their own: what they remember is told by when they fire.
    """
    leak_key, decay_key, bias_key = jax.random.split(key, 3)
    count = layer.synapses.geometry.channels_out
    leak = jnp.exp(-1 / jax.random.permutation(leak_key, jnp.geomspace(2.0, slowest, count)))
    decay = jnp.exp(-1 / jax.random.permutation(decay_key, jnp.geomspace(20.0, 300.0, count)))
    layer.neuron.leak_logit[...] = jnp.log(leak / (1 - leak))
    layer.neuron.decay_logit[...] = jnp.log(decay / (1 - decay))
    layer.synapses.log_column_scale[...] = jnp.log(gain * jnp.sqrt(1 - leak**2))
    bias = (1 - leak) * jax.random.uniform(bias_key, leak.shape, maxval=1.2)
    layer.synapses.bias = nnx.data(nnx.Param(bias))


def heart(hidden: int) -> Build:
    """Two layers of adaptive neurons with memories of many lengths, and leaky scores at every step."""

    def build(shape: Sequence[int], classes: int, rngs: nnx.Rngs) -> SpikingNetwork:
        style = Style(neuron="adaptive", learned_per="channel", encoding="events", readout="each_step")
        first, second = (spiking(dense(f"dense{i}", size, hidden), style, rngs) for i, size in ((1, shape[0]), (2, hidden)))
        _spread(first, 200.0, 2.0, rngs.params())
        _spread(second, 100.0, 2.0, rngs.params())
        network = finish([first, second], dense("dense3", hidden, classes), style, rngs)
        network.readout = LeakyStepReadout(0.8)
        return network

    return build


def _tuning(epochs: float) -> Stage:
    return Stage(epochs, learning_rate=2e-3, each_step=0.5, smoothing=0.05)


def _frames(build: Build, bar: float, ann: Stage, tuned: Stage, **options: Any) -> Recipe:
    """Trained as an ANN, then tuned as a spiking network at T = 4."""
    return Recipe(build, bar, ann, tuned, tuned, converted=True, **options)


def _sequences(build: Build, bar: float, stage: Stage, **options: Any) -> Recipe:
    return Recipe(build, bar, stage, stage, stage, **options)


RECIPES: Final[dict[str, Recipe]] = {
    "japanese_vowels": _frames(
        _mlp(TWIN, (256,)),
        0.98,
        Stage(60, batch=30, learning_rate=3e-3, smoothing=0.1, decay=0.1, steps_per_call=54),
        Stage(60, batch=30, learning_rate=1e-3, smoothing=0.1, decay=0.1, steps_per_call=54, each_step=0.2),
        augment=partial(noisy, spread=0.1),
        prepare=flattened,
        longest=8,
        input_bits=6,
    ),
    "fsdd": _frames(
        _convnet(TWIN, (16, 32, 64)),
        0.98,
        Stage(30, batch=50, learning_rate=3e-3, smoothing=0.1, steps_per_call=45),
        Stage(24, batch=50, learning_rate=2e-3, smoothing=0.1, steps_per_call=45, each_step=0.5),
        augment=partial(shifted, most=(3, 3, 0)),
        prepare=pictured,
        source="fsdd_loudness",
    ),
    "nmnist": _sequences(
        _convnet(Style(encoding="events", norm="standardised"), (32, 64)),
        0.95,
        Stage(60, batch=50, steps_per_call=28, smoothing=0.1),
        augment=partial(deformed, turn=0.2, zoom=0.12, shear=0.2, most=2.5),
        input_bits=1,
    ),
    "qtdb": _sequences(heart(128), 0.80, Stage(32, batch=96, learning_rate=1e-2, steps_per_call=19, decay=0.0), input_bits=1, window=434),
    "mnist": _frames(strided((24, 48), 128), 0.99, Stage(9, learning_rate=3e-3), _tuning(1.2), augment=partial(shifted, most=(1, 1, 0))),
    "fashion_mnist": _frames(
        strided((32, 64), 128),
        0.91,
        Stage(9, learning_rate=3e-3),
        _tuning(1),
        augment=partial(flipped_and_shifted, most=(1, 1, 0)),
    ),
    "cifar10_jpeg": _frames(
        _convnet(TWIN, (32, 64, 128)),
        0.68,
        Stage(30, learning_rate=3e-3, smoothing=0.05),
        _tuning(6),
        augment=partial(flipped_and_shifted, most=(3, 3, 0)),
    ),
}
