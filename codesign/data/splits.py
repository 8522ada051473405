"""How samples become three disjoint parts: checked, drawn by class, limited, and read."""

import itertools
import math
import shutil
import tempfile
from collections.abc import Iterator
from typing import Final

import numpy as np

from codesign.data.dataset import DataError, Dataset, Pool, Recipe, Split, subset

IN_MEMORY_BYTES: Final = 2**30
"""Above this size a split is a memory-mapped file that the system deletes with the process's temporary files."""

MOST_CLASSES: Final = 2**16
"""Labels above it are taken for numbers of another meaning."""

MOST_BYTES: Final = 2**40
"""No split is larger, whatever room there is."""

# samples read at a time, so that reading takes little memory beside the split itself
_CHUNK: Final = 512


def check_labels(pool: Pool, classes: int) -> None:
    """Refuse a pool that is empty or has a label outside 0 to classes - 1 (per-step labels may also be -1).

    Raises:
        DataError: names file and record.
    """
    if not len(pool.labels):
        raise DataError(f"{pool.where}: no samples")
    if not np.issubdtype(pool.labels.dtype, np.integer):
        raise DataError(f"{pool.where}: labels must be integers, got {pool.labels.dtype}")
    if classes > MOST_CLASSES:
        raise DataError(f"{pool.where}: {classes} classes, of which each is an output of the network; at most {MOST_CLASSES}")
    lowest = 0 if pool.labels.ndim == 1 else -1
    bad = (pool.labels < lowest) | (pool.labels >= classes)
    if bad.any():
        first = np.argwhere(bad)[0]
        # its number in the file, not among the samples of this part
        record = first[0] if pool.records is None else pool.records[first[0]]
        value = pool.labels[tuple(first)]
        raise DataError(f"{pool.where}: record {record}: label {value} is outside 0 to {classes - 1}")


def draw(labels: np.ndarray, share: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Indices (kept, drawn), sorted: `share` of each class as nearly as whole samples allow (largest remainder).

    Per-step labels `[N, T]` are drawn without regard to class.
    """
    # a sample with a label for each step belongs to no class
    classes = labels if labels.ndim == 1 else np.zeros(len(labels), np.int64)
    groups = [np.flatnonzero(classes == label) for label in np.unique(classes)]
    quotas = np.array([share * len(group) for group in groups])
    counts = np.floor(quotas).astype(int)
    missing = round(share * len(labels)) - int(counts.sum())
    # equal remainders go in the order of classes, whatever sort NumPy prefers: a seed gives one split
    counts[np.argsort(counts - quotas, kind="stable")[:missing]] += 1
    # none to begin with: there may be no labels at all, of which `check_labels` complains with a name
    drawn = np.concatenate([np.zeros(0, np.int64), *(rng.permutation(group)[:count] for group, count in zip(groups, counts, strict=True))])
    # sorted, as what reads large files goes through them forwards
    return np.setdiff1d(np.arange(len(labels)), drawn), np.sort(drawn)


def _limited(pool: Pool, limit: int | None, rng: np.random.Generator) -> Pool:
    """At most `limit` samples, the classes taking turns so that each is as near its share as the count allows."""
    if limit is None or len(pool.labels) <= limit:
        return pool
    order = rng.permutation(len(pool.labels))
    if pool.labels.ndim == 1:
        shuffled = pool.labels[order]
        # whose turn comes first is drawn too, or a remainder would always go to the first classes
        groups = [order[shuffled == label] for label in rng.permutation(np.unique(shuffled))]
        turns = itertools.zip_longest(*groups, fillvalue=-1)
        order = np.fromiter((index for index in itertools.chain.from_iterable(turns) if index >= 0), np.int64, len(order))
    return subset(pool, np.sort(order[:limit]))


def _read_all(pool: Pool) -> np.ndarray:
    shape = (len(pool.labels), *pool.sample_shape)
    size = 4 * math.prod(int(side) for side in shape)
    if size > MOST_BYTES or (size > IN_MEMORY_BYTES and size > shutil.disk_usage(tempfile.gettempdir()).free):
        raise DataError(
            f"{pool.where}: {shape[0]} samples of shape {pool.sample_shape} take {size / 1e9:.3g} GB, more than there is room for"
        )
    if size <= IN_MEMORY_BYTES:
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
    # one generator in a fixed order (validation, then the limits of training, validation and test): a seed fixes every part
    rng = np.random.default_rng(seed)
    train, validation, test = recipe.train, recipe.validation, recipe.test
    for pool in (train, test) if validation is None else (train, validation, test):
        check_labels(pool, recipe.classes)
        if pool.sample_shape != train.sample_shape:
            raise DataError(f"{pool.where}: samples have shape {pool.sample_shape}, those of {train.where} {train.sample_shape}")
    if validation is None:
        kept, drawn = draw(train.labels, share, rng)
        train, validation = subset(train, kept), subset(train, drawn)
    # the share of a few samples may round to none of them, or to all
    for part, pool in (("training", train), ("validation", validation)):
        if not len(pool.labels):
            raise DataError(f"{pool.where}: the {part} split of {recipe.name} is empty; give more samples or another share")
    first, second, third = (_split(_limited(pool, limit, rng)) for pool in (train, validation, test))
    about = (recipe.sources, recipe.standard, recipe.features, recipe.class_names)
    return Dataset(recipe.name, first, second, third, recipe.classes, train.sample_shape, recipe.kind, *about)


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
        # sorted: a memory-mapped split is read forwards, and order within a minibatch means nothing
        chosen = np.sort(order[start : start + size])
        yield Split(np.asarray(split.inputs[chosen]), split.labels[chosen])
