"""Data sets by name or path.

Files are looked for in the `folder` given, `$CODESIGN_DATA`, and the user's cache, then downloaded where a stable address and a
checksum are known; else the error says which file to put where.
"""

import difflib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from codesign.data.dataset import DataError, Dataset, Recipe, Request, Split
from codesign.data.own import own
from codesign.data.reading.table import SUFFIXES
from codesign.data.sets import audio, cifar, event_sets, images, sequences, spike_trains
from codesign.data.sets.synthetic import synthetic
from codesign.data.splits import assemble, batches
from codesign.data.standardise import standardised

__all__ = ["DataError", "Dataset", "Split", "available", "batches", "descriptions", "load"]

Loader = Callable[[Request], Recipe]

_IMAGES: Final[dict[str, Loader]] = {
    "digits": images.digits,
    "mnist": images.mnist,
    "fashion_mnist": images.fashion_mnist,
    "cifar10": cifar.cifar10,
    "cifar10_jpeg": cifar.cifar10_jpeg,
}


def _synthetic(request: Request) -> Recipe:
    """Events of a camera that moves over images along three saccades (`synthetic:mnist`; of the digits where none are named)."""
    name = request.part or "digits"
    _check_name(name, _IMAGES, "synthetic: unknown images")
    return synthetic(request, _IMAGES[name])


_LOADERS: Final[dict[str, Loader]] = _IMAGES | {
    "synthetic": _synthetic,
    "nmnist": event_sets.nmnist,
    "fsdd": audio.fsdd,
    "fsdd_loudness": audio.fsdd_loudness,
    "qtdb": sequences.qtdb,
    "japanese_vowels": sequences.japanese_vowels,
    "shd": spike_trains.shd,
    "ssc": spike_trains.ssc,
}
MOST_TIMESTEPS: Final = 4096
"""Bins of a recording, a few times more than any data set here has."""
_VARIANTS: Final = ("synthetic", "fsdd", "fsdd_loudness")


def available() -> list[str]:
    """Names that `load` knows."""
    return sorted(_LOADERS)


def descriptions() -> dict[str, str]:
    """A sentence about each, by name."""
    return {name: (loader.__doc__ or "").partition("\n")[0] for name, loader in sorted(_LOADERS.items())}


def _check_name(name: str, known: dict[str, Loader], what: str) -> None:
    if name not in known:
        # cutoff 0: there is a nearest name to whatever was typed
        near = difflib.get_close_matches(name.lower(), known, 1, 0)
        raise ValueError(f"{what} {name!r} (did you mean {near[0]!r}?)")


def _is_path(name: str | Path) -> bool:
    if isinstance(name, Path) or Path(name).suffix.lower() in (".npz", *SUFFIXES) or Path(name).name != name:
        return True
    # the name of a data set comes before a folder here that is called the same
    return name.partition(":")[0] not in _LOADERS and Path(name).exists()


def load(
    name: str | Path,
    *,
    seed: int = 0,
    validation_share: float | None = None,
    folder: Path | None = None,
    limit: int | None = None,
    timesteps: int | None = None,
    target: str | None = None,
    ignore: Sequence[str] = (),
    standardise: bool = False,
) -> Dataset:
    """A data set by name, or your own by path.

    Args:
        name: one of `available()`; "synthetic:mnist" for events made from other images than the digits; "fsdd:george" to test on
            one speaker; or the path of data of your own (see `codesign.data.own`).
        seed: draws the validation samples (and the test samples of a set that has no official split).
        validation_share: share of the training samples that is held out; None takes the set's own default, 0.15 for most.
        folder: where to look first for files.
        limit: at most this many samples in each split, classes in turn.
        timesteps: length of the time axis, for sets that are binned or resampled; None takes the set's own default.
        target: the column of a table that holds the class; None for the last.
        ignore: columns of a table that are left out, such as numbers of samples.
        standardise: bring each feature into [0, 1] by mean and spread of the training samples (`codesign.data.standardise`).

    Raises:
        ValueError: unknown name (the message gives the nearest), a share outside (0, 1), a limit below 1, no or too many timesteps,
            timesteps for a set that cannot choose them.
        DataError: missing, corrupt or inconsistent data; the message names file and record.
    """
    if timesteps is not None and not 1 <= timesteps <= MOST_TIMESTEPS:
        raise ValueError(f"timesteps must be at least 1 and at most {MOST_TIMESTEPS}, got {timesteps}")
    if _is_path(name):
        recipe = own(Path(name), Request(folder, seed, timesteps, None, target, tuple(ignore), standardise))
    else:
        if target is not None or ignore:
            raise ValueError(f"target and ignore are columns of a table of your own, and {name!r} is none")
        base, _, part = str(name).partition(":")
        _check_name(base, _LOADERS, "unknown data set")
        if part and base not in _VARIANTS:
            raise ValueError(f"data set {base!r} has no variants, so {name!r} means nothing; variants: {', '.join(_VARIANTS)}")
        recipe = _LOADERS[base](Request(folder, seed, timesteps, part or None))
    # after loading: only the first axis shows whether the loader could do what was asked
    if timesteps is not None and (recipe.kind == "frames" or recipe.train.sample_shape[0] != timesteps):
        fixed = "no time axis: encode it" if recipe.kind == "frames" else f"{recipe.train.sample_shape[0]} steps of its own"
        raise ValueError(f"timesteps={timesteps} cannot be asked of {recipe.name}, which has {fixed}")
    if standardise:
        recipe = standardised(recipe)
    return assemble(recipe, seed=seed, validation_share=validation_share, limit=limit)
