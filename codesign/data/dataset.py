"""What a data set is, and how samples become three disjoint parts.

A loader gives two pools (what may be trained on, and the test samples) that read samples only when asked; `assemble` draws the
validation part, applies a limit, and reads just what is left, into memory or, where large, into a memory-mapped file.
"""

import dataclasses
import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple

import numpy as np

Kind = Literal["frames", "events"]

IN_MEMORY_BYTES: Final = 2**30
"""Above this size a split is a memory-mapped file that the system deletes with the process's temporary files."""

_CHUNK: Final = 512


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


@dataclasses.dataclass(frozen=True)
class Dataset:
    """Three disjoint splits.

    Attributes:
        name: what was loaded, which may be more exact than what was asked for.
        train, validation, test: the splits; choose anything by `validation`, report on `test`.
        classes: number of classes; labels are 0 to classes - 1.
        sample_shape: shape of one sample, without the batch axis (with the time axis for events).
        kind: "frames" (static, to be encoded) or "events" (a time axis is there already).
        sources: (file name, sha256) of each file that was read.
    """

    name: str
    train: Split
    validation: Split
    test: Split
    classes: int
    sample_shape: tuple[int, ...]
    kind: Kind
    sources: tuple[tuple[str, str], ...] = ()


@dataclasses.dataclass(frozen=True)
class Request:
    """What a loader is asked for.

    Attributes:
        folder: where to look first for files.
        seed: draws the test samples of a set that has no official split.
        timesteps: steps of the time axis, for sets whose time axis is made by the loader; None takes its default.
        part: the text after ":" in a name, for loaders that have variants.
    """

    folder: Path | None = None
    seed: int = 0
    timesteps: int | None = None
    part: str | None = None


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
    """

    name: str
    train: Pool
    test: Pool
    classes: int
    kind: Kind
    validation: Pool | None = None
    validation_share: float = 0.15
    sources: tuple[tuple[str, str], ...] = ()


def array_pool(where: str, inputs: np.ndarray, labels: np.ndarray, scale: float = 1.0) -> Pool:
    """A pool over an array that is there already; `inputs / scale` is given out as float32."""

    def read(indices: np.ndarray) -> np.ndarray:
        return inputs[indices].astype(np.float32) / np.float32(scale)

    return Pool(where, np.asarray(labels), inputs.shape[1:], read)


def subset(pool: Pool, indices: np.ndarray) -> Pool:
    """Some of a pool's samples, in the given order."""
    records = indices if pool.records is None else pool.records[indices]
    return Pool(pool.where, pool.labels[indices], pool.sample_shape, lambda chosen: pool.read(indices[chosen]), records)


def check_labels(pool: Pool, classes: int) -> None:
    """Refuse a pool that is empty or has a label outside 0 to classes - 1 (per-step labels may also be -1).

    Raises:
        DataError: names file and record.
    """
    if not len(pool.labels):
        raise DataError(f"{pool.where}: no samples")
    if not np.issubdtype(pool.labels.dtype, np.integer):
        raise DataError(f"{pool.where}: labels must be integers, got {pool.labels.dtype}")
    lowest = 0 if pool.labels.ndim == 1 else -1
    bad = (pool.labels < lowest) | (pool.labels >= classes)
    if bad.any():
        first = np.argwhere(bad)[0]
        record = first[0] if pool.records is None else pool.records[first[0]]
        value = pool.labels[tuple(first)]
        raise DataError(f"{pool.where}: record {record}: label {value} is outside 0 to {classes - 1}")


def draw(labels: np.ndarray, share: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Indices (kept, drawn), sorted: `share` of each class as nearly as whole samples allow (largest remainder).

    Per-step labels `[N, T]` are drawn without regard to class.
    """
    classes = labels if labels.ndim == 1 else np.zeros(len(labels), np.int64)
    groups = [np.flatnonzero(classes == label) for label in np.unique(classes)]
    quotas = np.array([share * len(group) for group in groups])
    counts = np.floor(quotas).astype(int)
    missing = round(share * len(labels)) - int(counts.sum())
    counts[np.argsort(counts - quotas, kind="stable")[:missing]] += 1
    drawn = np.concatenate([rng.permutation(group)[:count] for group, count in zip(groups, counts, strict=True)])
    return np.setdiff1d(np.arange(len(labels)), drawn), np.sort(drawn)


def _limited(pool: Pool, limit: int | None, rng: np.random.Generator) -> Pool:
    """At most `limit` samples, the classes taking turns so that each is as near its share as the count allows."""
    if limit is None or len(pool.labels) <= limit:
        return pool
    order = rng.permutation(len(pool.labels))
    if pool.labels.ndim == 1:
        shuffled = pool.labels[order]
        groups = [order[shuffled == label] for label in rng.permutation(np.unique(shuffled))]
        turns = itertools.zip_longest(*groups, fillvalue=-1)
        order = np.fromiter((index for index in itertools.chain.from_iterable(turns) if index >= 0), np.int64, len(order))
    return subset(pool, np.sort(order[:limit]))


def _read_all(pool: Pool) -> np.ndarray:
    shape = (len(pool.labels), *pool.sample_shape)
    if 4 * int(np.prod(shape, dtype=np.int64)) <= IN_MEMORY_BYTES:
        target = np.empty(shape, np.float32)
    else:
        # the mapping keeps the unlinked file alive, so nothing is left behind however the process ends
        with tempfile.TemporaryFile() as file:
            target = np.memmap(file, np.float32, "w+", shape=shape)
    for start in range(0, shape[0], _CHUNK):
        indices = np.arange(start, min(start + _CHUNK, shape[0]))
        target[indices[0] : indices[-1] + 1] = pool.read(indices)
    return target


def _split(pool: Pool) -> Split:
    return Split(_read_all(pool), np.ascontiguousarray(pool.labels, np.int32))


def assemble(recipe: Recipe, *, seed: int, validation_share: float | None, limit: int | None) -> Dataset:
    """The data set of a recipe: check labels, draw the validation samples (stratified), limit each split, read.

    Raises:
        DataError: an empty split, labels out of range, train and test samples of different shapes.
        ValueError: a share outside (0, 1) or a limit below 1.
    """
    share = recipe.validation_share if validation_share is None else validation_share
    if not 0 < share < 1:
        raise ValueError(f"validation_share must be between 0 and 1, got {share}")
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be at least 1, got {limit}")
    rng = np.random.default_rng(seed)
    train, validation, test = recipe.train, recipe.validation, recipe.test
    for pool in (train, test) if validation is None else (train, validation, test):
        check_labels(pool, recipe.classes)
        if pool.sample_shape != train.sample_shape:
            raise DataError(f"{pool.where}: samples have shape {pool.sample_shape}, those of {train.where} {train.sample_shape}")
    if validation is None:
        kept, drawn = draw(train.labels, share, rng)
        train, validation = subset(train, kept), subset(train, drawn)
    for part, pool in (("training", train), ("validation", validation)):
        if not len(pool.labels):
            raise DataError(f"{pool.where}: the {part} split of {recipe.name} is empty; give more samples or another share")
    first, second, third = (_split(_limited(pool, limit, rng)) for pool in (train, validation, test))
    return Dataset(recipe.name, first, second, third, recipe.classes, train.sample_shape, recipe.kind, recipe.sources)


def batches(split: Split, size: int, seed: int) -> Iterator[Split]:
    """Shuffled minibatches of one epoch, read from the split as they are asked for; a last incomplete one is dropped.

    Raises:
        ValueError: the split has fewer than `size` samples.
    """
    count = len(split.labels)
    if not 1 <= size <= count:
        raise ValueError(f"a batch of {size} needs a split of at least as many samples, this one has {count}")
    order = np.random.default_rng(seed).permutation(count)
    for start in range(0, count - size + 1, size):
        chosen = np.sort(order[start : start + size])
        yield Split(np.asarray(split.inputs[chosen]), split.labels[chosen])


def file_name(path: Path) -> str:
    """Folder and name of a file, enough to tell what was read without naming the machine it was read on."""
    return f"{path.parent.name}/{path.name}"
