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

from benchmarks._accuracy_training import Augment, Stage
from codesign.data.dataset import Dataset, Split
from codesign.network.models import SpikingNetwork, convnet, mlp
from codesign.network.style import Style

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
    prepare: Callable[[Dataset], Dataset] = same
    source: str | None = None


def _convnet(style: Style, channels: Sequence[int]) -> Build:
    return lambda shape, classes, rngs: convnet(shape, classes, channels, style=style, rngs=rngs)


def _mlp(style: Style, hidden: Sequence[int]) -> Build:
    return lambda shape, classes, rngs: mlp(shape, classes, hidden, style=style, rngs=rngs)


def _tuning(epochs: float) -> Stage:
    return Stage(epochs, learning_rate=1e-3, each_step=0.5, smoothing=0.05)


def _frames(build: Build, bar: float, ann: Stage, tuned: Stage, **options: Any) -> Recipe:
    """Trained as an ANN, then tuned as a spiking network at T = 4."""
    return Recipe(build, bar, ann, tuned, tuned, converted=True, **options)


def _sequences(build: Build, bar: float, stage: Stage, **options: Any) -> Recipe:
    return Recipe(build, bar, stage, stage, stage, **options)


RECIPES: Final[dict[str, Recipe]] = {
    "japanese_vowels": _frames(
        _mlp(TWIN, (256,)),
        0.98,
        Stage(60, batch=30, learning_rate=3e-3, smoothing=0.1, decay=1e-2, steps_per_call=54),
        Stage(30, batch=30, learning_rate=1e-3, smoothing=0.1, decay=1e-2, steps_per_call=54, each_step=0.5),
        augment=partial(noisy, spread=0.05),
        prepare=flattened,
        input_bits=6,
    ),
    "fsdd": _frames(
        _convnet(TWIN, (16, 32, 64)),
        0.98,
        Stage(20, batch=50, learning_rate=3e-3, smoothing=0.1, steps_per_call=45),
        Stage(4, batch=50, learning_rate=1e-3, smoothing=0.1, steps_per_call=45, each_step=0.5),
        augment=partial(shifted, most=(3, 3, 0)),
        prepare=pictured,
        source="fsdd_loudness",
    ),
    "nmnist": _sequences(
        _convnet(Style(encoding="events", norm="standardised"), (16, 32)),
        0.95,
        Stage(60, batch=50, steps_per_call=28, smoothing=0.1),
        augment=partial(shifted, most=(0, 2, 2, 0)),
        input_bits=1,
    ),
    "mnist": _frames(
        _convnet(TWIN, (24, 48)), 0.99, Stage(6, learning_rate=3e-3, smoothing=0.05), _tuning(0.7), augment=partial(shifted, most=(2, 2, 0))
    ),
    "fashion_mnist": _frames(
        _convnet(TWIN, (32, 64)),
        0.91,
        Stage(8, learning_rate=3e-3, smoothing=0.05),
        _tuning(0.7),
        augment=partial(flipped_and_shifted, most=(1, 1, 0)),
    ),
    "cifar10_jpeg": _frames(
        _convnet(TWIN, (32, 64, 128)),
        0.68,
        Stage(40, learning_rate=3e-3, smoothing=0.05),
        _tuning(3),
        augment=partial(flipped_and_shifted, most=(3, 3, 0)),
    ),
}
