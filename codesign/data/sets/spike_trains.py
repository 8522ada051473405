"""Spiking Heidelberg Digits and Spiking Speech Commands: spike times of 700 cochlea channels, in HDF5.

Source: B. Cramer et al., "The Heidelberg spiking data sets for the systematic evaluation of spiking neural networks", 2020.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np

from codesign.data.dataset import DataError, Pool, Recipe, Request
from codesign.data.reading import files
from codesign.data.reading.arrays import hash_file
from codesign.data.reading.events import check_times
from codesign.data.reading.hdf5 import complaint

UNITS: Final = 700
_POOLED: Final = 5
# 1.4 s in 100 steps, as in much public code for these two sets
_WINDOW_S: Final = 1.4
_STEPS: Final = 100


def _h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise DataError("HDF5 files need h5py: pip install h5py, or codesign[nir], which brings it") from error
    return h5py


def bin_spikes(times_s: np.ndarray, units: np.ndarray, timesteps: int, window_s: float, pooled: int) -> np.ndarray:
    """Spike counts `[timesteps, 700 / pooled]` float32 of equal time bins; later spikes are left out.

    Args:
        times_s: spike times [s].
        units: channel of each spike, 0 to 699.
        timesteps: number of bins.
        window_s: length of the window [s].
        pooled: neighbouring channels that are summed.
    """
    # rounded up: the last group may be smaller
    channels = -(-UNITS // pooled)
    inside = (times_s >= 0) & (times_s < window_s)
    # times come in half precision, 1 ms apart above 1 s: the product must not be rounded like that again;
    # in float64 it can still round up to the bin after the last
    step = np.minimum((times_s[inside].astype(np.float64) * (timesteps / window_s)).astype(np.int64), timesteps - 1)
    cell = step * channels + units[inside].astype(np.int64) // pooled
    return np.bincount(cell, minlength=timesteps * channels).reshape(timesteps, channels).astype(np.float32)


def spike_pool(path: Path, timesteps: int, window_s: float = _WINDOW_S, pooled: int = _POOLED) -> Pool:
    """Recordings of an HDF5 file with `spikes/times`, `spikes/units` and `labels`, read when asked.

    Raises:
        DataError: unreadable or truncated file, missing or mismatched arrays; on reading: a unit outside 0 to 699, times that go
            backwards; names file and record.
    """
    h5py = _h5py()
    try:
        with h5py.File(path, "r") as file:
            if (why := complaint(file)) is not None:
                raise DataError(f"{path}: {why}")
            labels = np.asarray(file["labels"]).astype(np.int64)
            counts = len(file["spikes/times"]), len(file["spikes/units"])
    except DataError:
        raise
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{path}: not a readable HDF5 file with spikes/times, spikes/units and labels ({error})") from error
    if labels.ndim != 1 or counts != (len(labels), len(labels)):
        raise DataError(f"{path}: {counts[0]} spikes/times and {counts[1]} spikes/units for labels of shape {labels.shape}")

    def read(indices: np.ndarray) -> np.ndarray:
        out = np.empty((len(indices), timesteps, -(-UNITS // pooled)), np.float32)
        with h5py.File(path, "r") as file:
            for position, index in enumerate(indices):
                times, units = _record(file, path, int(index))
                out[position] = bin_spikes(times, units, timesteps, window_s, pooled)
        return out

    return Pool(str(path), labels, (timesteps, -(-UNITS // pooled)), read)


def _record(file: Any, path: Path, index: int) -> tuple[np.ndarray, np.ndarray]:
    where = f"{path}: record {index}"
    try:
        times, units = np.asarray(file["spikes/times"][index]), np.asarray(file["spikes/units"][index])
    except (OSError, ValueError) as error:
        raise DataError(f"{where}: {error}") from error
    if times.shape != units.shape:
        raise DataError(f"{where}: {times.size} times for {units.size} units")
    bad = (units < 0) | (units >= UNITS)
    if bad.any():
        raise DataError(f"{where}: event {int(np.argmax(bad))}: unit {units[np.argmax(bad)]} is outside 0 to {UNITS - 1}")
    check_times(times, where)
    return times, units


def _load(name: str, classes: int, request: Request) -> Recipe:
    steps = request.timesteps or _STEPS
    paths = {part: files.find(f"{name}/{name}_{part}.h5", request.folder) for part in ("train", "valid", "test")}
    # SHD has no validation part of its own, SSC has
    for part in ("train", "test"):
        if paths[part] is None:
            raise files.missing(f"{name}/{name}_{part}.h5", request.folder, "; unpack it first if it ends in .h5.gz")
    present = {part: path for part, path in paths.items() if path is not None}
    pools = {part: spike_pool(path, steps) for part, path in present.items()}
    sources = tuple((path.name, hash_file(path)) for path in present.values())
    return Recipe(name, pools["train"], pools["test"], classes, "events", pools.get("valid"), sources=sources)


def shd(request: Request) -> Recipe:
    """Spoken digits in two languages, 20 classes, `[T, 140]` counts (five neighbouring channels summed)."""
    return _load("shd", 20, request)


def ssc(request: Request) -> Recipe:
    """Speech commands, 35 classes, `[T, 140]` counts; has an official validation split."""
    return _load("ssc", 35, request)
