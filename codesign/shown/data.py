"""What data sets show: shapes, samples, classes, splits and sources."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from codesign.shown.numbers import count, shape
from codesign.shown.sheet import WIDTH, Sheet, Table, aligned, clipped

HEAD: Final = ("split", "samples", "per class", "memory")
SOURCES: Final = 3  # files that are named in a terminal


def dataset_sheet(
    name: str,
    kind: str,
    sample_shape: tuple[int, ...],
    classes: int,
    splits: Mapping[str, tuple[np.ndarray, np.ndarray]],
    sources: tuple[tuple[str, str], ...],
) -> Sheet:
    """A data set.

    Args:
        name: of the set.
        kind: "frames" or "events".
        sample_shape: of one sample, the time axis first where there is one.
        classes: number of classes.
        splits: inputs `[N, ...]` and labels `[N]` or `[N, T]`, by name.
        sources: (file name, sha256) of each file that was read.
    """
    what = (
        f"sequences of {sample_shape[0]} steps of {shape(sample_shape[1:])}"
        if kind == "events" and sample_shape
        else f"frames of {shape(sample_shape)}"
    )
    title = f"Dataset {name}: {what}, {classes} classes"
    rows = tuple((split, str(len(labels)), _balance(labels, classes), _megabytes(inputs)) for split, (inputs, labels) in splits.items())
    files = [f"from {file} (sha256 {digest[:12]})" for file, digest in sources]
    told = [clipped(file, WIDTH - 2) for file in files[:SOURCES]]
    more = [f"from {len(files) - SOURCES} more files"] if len(files) > SOURCES else []
    tables = (Table("", HEAD, rows), Table("files", ("name", "sha256"), sources)) if sources else (Table("", HEAD, rows),)
    return Sheet(title, (*aligned(HEAD, rows), *told, *more), tables)


def _balance(labels: np.ndarray, classes: int) -> str:
    """Smallest and largest class, in labels; steps without one are labelled -1."""
    counts = np.bincount(labels[labels >= 0].ravel(), minlength=classes)
    low, high = int(counts.min()), int(counts.max())
    return count(low) if low == high else f"{count(low)} to {count(high)}"


def _megabytes(inputs: np.ndarray) -> str:
    return f"{inputs.nbytes / 1e6:.3g} MB"
