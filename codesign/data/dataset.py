"""What a data set is: three disjoint splits, and the pools that they are drawn from.

A loader gives pools (what may be trained on, and the test samples) that read samples only when asked; `codesign.data.splits` draws
the splits and reads just what is kept.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from codesign.shown.data import dataset_sheet
from codesign.shown.sheet import Sheet
from codesign.shown.shown import Shown

Kind = Literal["frames", "events"]


class DataError(ValueError):
    """Data that cannot be used; the message names the file, the record, and what to do."""


class Split(NamedTuple):
    """Samples and their labels.

    Attributes:
        inputs: float32, frames `[N, ...]` in [0, 1] or event counts and other sequences `[N, T, ...]`.
        labels: int32, `[N]`, or `[N, T]` where each step has its own label; a step labelled -1 counts for nothing.
    """

    inputs: np.ndarray
    labels: np.ndarray


class Standard(NamedTuple):
    """How features of any range became inputs in [0, 1]; call it with others of the same kind.

    Attributes:
        mean, deviation: of each feature over the training samples.
        widest: standard deviations to each side that are told apart.
    """

    mean: np.ndarray
    deviation: np.ndarray
    widest: float

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Inputs, float32 `[..., features]`: the mean becomes 0.5, `widest` deviations reach 0 and 1, what lies beyond is cut off."""
        distance = (np.asarray(features, np.float64) - self.mean) / self.deviation
        return (np.clip(distance, -self.widest, self.widest) / (2 * self.widest) + 0.5).astype(np.float32)


@dataclasses.dataclass(frozen=True, repr=False)
class Dataset(Shown):
    """Three disjoint splits.

    Attributes:
        name: what was loaded, which may be more exact than what was asked for.
        train, validation, test: the splits; choose anything by `validation`, report on `test`.
        classes: number of classes; labels are 0 to classes - 1.
        sample_shape: shape of one sample, without the batch axis (with the time axis for events).
        kind: "frames" (static, to be encoded) or "events" (a time axis is there already).
        sources: (file name, sha256) of each file that was read.
        standard: what brings features of one's own into the range of the inputs; None where they are as in the file.
        features: names of the features of a table, in the order of the inputs; `NAME=TEXT` for those made of texts.
        class_names: what the classes of a table are called, by label.
    """

    name: str
    train: Split
    validation: Split
    test: Split
    classes: int
    sample_shape: tuple[int, ...]
    kind: Kind
    sources: tuple[tuple[str, str], ...] = ()
    standard: Standard | None = None
    features: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()

    def sheet(self) -> Sheet:
        """Shapes, samples, classes, splits and sources; see `codesign.shown`."""
        splits = {"train": self.train, "validation": self.validation, "test": self.test}
        return dataset_sheet(self.name, self.kind, self.sample_shape, self.classes, splits, self.sources)


@dataclasses.dataclass(frozen=True)
class Request:
    """What a loader is asked for.

    Attributes:
        folder: where to look first for files.
        seed: draws the test samples of a set that has no official split.
        timesteps: steps of the time axis, for sets whose time axis is made by the loader; None takes its default.
        part: the text after ":" in a name, for loaders that have variants.
        target: the column of a table that holds the class; None for the last.
        ignore: columns of a table that are left out.
        standardise: whether features of any range are brought into [0, 1] afterwards, so that none is refused.
    """

    folder: Path | None = None
    seed: int = 0
    timesteps: int | None = None
    part: str | None = None
    target: str | None = None
    ignore: tuple[str, ...] = ()
    standardise: bool = False


@dataclasses.dataclass(frozen=True)
class Pool:
    """Samples that are read on demand.

    Attributes:
        where: file name, for errors.
        labels: `[N]` or `[N, T]` integers.
        sample_shape: shape that `read` gives for one sample.
        read: indices `[n]` -> float32 `[n, *sample_shape]`.
        records: the samples' numbers in the file, for errors; None where they are 0 to N - 1.
    """

    where: str
    labels: np.ndarray
    sample_shape: tuple[int, ...]
    read: Callable[[np.ndarray], np.ndarray]
    records: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What a loader returns: pools, and what they are.

    Attributes:
        validation: an official validation pool, or None to draw one from `train`.
        validation_share: default share of `train` to draw.
        standard, features, class_names: see `Dataset`.
    """

    name: str
    train: Pool
    test: Pool
    classes: int
    kind: Kind
    validation: Pool | None = None
    validation_share: float = 0.15
    sources: tuple[tuple[str, str], ...] = ()
    standard: Standard | None = None
    features: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()


def array_pool(where: str, inputs: np.ndarray, labels: np.ndarray, scale: float = 1.0) -> Pool:
    """A pool over an array that is there already; `inputs / scale` is given out as float32."""

    def read(indices: np.ndarray) -> np.ndarray:
        # cast where it is read: a whole array of bytes as float32 would take four times its memory
        return inputs[indices].astype(np.float32) / np.float32(scale)

    return Pool(where, np.asarray(labels), inputs.shape[1:], read)


def subset(pool: Pool, indices: np.ndarray) -> Pool:
    """Some of a pool's samples, in the given order."""
    # in the file's own numbering, through subsets of subsets: a complaint names a record that can be looked up
    records = indices if pool.records is None else pool.records[indices]
    # nothing is read yet: samples that no split keeps are never read
    return Pool(pool.where, pool.labels[indices], pool.sample_shape, lambda chosen: pool.read(indices[chosen]), records)
