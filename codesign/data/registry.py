"""Data sets by name.

Files are looked for in the `folder` given, `$CODESIGN_DATA`, and the user's cache, then downloaded where a stable address and a
checksum are known; else the error says which file to put where.
"""

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from codesign.data import images
from codesign.data.dataset import DataError, Dataset, Recipe, Split, assemble, batches

__all__ = ["DataError", "Dataset", "Split", "available", "batches", "load"]

_LOADERS: Final[dict[str, Callable[[Path | None, int], Recipe]]] = {
    "digits": images.digits,
}


def available() -> list[str]:
    """Names that `load` knows."""
    return sorted(_LOADERS)


def load(
    name: str,
    *,
    seed: int = 0,
    validation_share: float | None = None,
    folder: Path | None = None,
    limit: int | None = None,
) -> Dataset:
    """A data set by name.

    Args:
        name: one of `available()`.
        seed: draws the validation samples (and the test samples of a set that has no official split).
        validation_share: share of the training samples that is held out; None takes the set's own default, 0.15 for most.
        folder: where to look first for files.
        limit: at most this many samples in each split, classes in turn.

    Raises:
        ValueError: unknown name (the message gives the nearest), a share outside (0, 1), a limit below 1.
        DataError: missing, corrupt or inconsistent data; the message names file and record.
    """
    if name not in _LOADERS:
        near = difflib.get_close_matches(name, available(), 1, 0)
        raise ValueError(f"unknown data set {name!r} (did you mean {near[0]!r}?)")
    return assemble(_LOADERS[name](folder, seed), seed=seed, validation_share=validation_share, limit=limit)
