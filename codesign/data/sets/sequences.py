"""Time series: ECG events with a label for each step (QTDB), and Japanese vowels."""

import io
from pathlib import Path
from typing import Final

import numpy as np

from codesign.data.dataset import DataError, Pool, Recipe, Request, array_pool
from codesign.data.reading import files

_PADDING: Final = -1  # in both files at the last step of every sample, first channel
_VOWEL_STEPS: Final = 16  # the series have 7 to 29


def decode_qtdb(content: bytes, where: Path | str) -> tuple[np.ndarray, np.ndarray]:
    """Events `[N, T, 4]` float32 in {0, 1} and labels `[N, T]`, -1 where a step has none.

    The value -1 is padding (one a sample, at the end) and becomes 0.

    SciPy's reader can crash on bytes that are no MATLAB file, so check a file's sum first, as `qtdb` does.

    Raises:
        DataError: not a MATLAB file, missing arrays, wrong shapes, events that are not binary, a step with two labels.
    """
    from scipy.io import loadmat

    try:
        arrays = loadmat(io.BytesIO(content), variable_names=("x", "y"))
        events, one_hot = arrays["x"], arrays["y"]
    except Exception as error:  # a corrupt file can raise anything
        raise DataError(f"{where}: not a readable MATLAB file with x and y ({error})") from error
    if events.ndim != 3 or one_hot.ndim != 3 or events.shape[:2] != one_hot.shape[:2]:
        raise DataError(f"{where}: x has shape {events.shape}, y {one_hot.shape}; expected [N, T, channels] and [N, T, classes]")
    for name, array, lowest in (("x", events, _PADDING), ("y", one_hot, 0)):
        bad = (array < lowest) | (array > 1)
        if bad.any():
            record, step, _ = np.argwhere(bad)[0]
            raise DataError(f"{where}: record {record}, step {step}: {name} is {array[tuple(np.argwhere(bad)[0])]}, expected 0 or 1")
    doubled = one_hot.sum(axis=2) > 1
    if doubled.any():
        record, step = np.argwhere(doubled)[0]
        raise DataError(f"{where}: record {record}, step {step}: more than one label")
    # the argmax of a step without a label would be the first class
    labels = np.where(one_hot.any(axis=2), one_hot.argmax(axis=2), -1)
    return (events == 1).astype(np.float32), labels


def qtdb(request: Request) -> Recipe:
    """ECG as level-crossing events `[1301, 4]`; classes P, PQ, QR, RS, ST, TP for each step.

    Source: B. Yin, F. Corradi, S. Bohte, "Accurate and efficient time-domain classification with adaptive spiking recurrent
    neural networks", 2021, from P. Laguna et al., "A database for evaluation of algorithms for measurement of QT", 1997.
    """
    pools, sources = [], []
    for part in ("train", "test"):
        path, content, source = files.read_known(f"qtdb_events/QTDB_{part}.mat", request.folder)
        events, labels = decode_qtdb(content, path)
        pools.append(array_pool(str(path), events, labels))
        sources.append(source)
    return Recipe("qtdb", pools[0], pools[1], 6, "events", sources=tuple(sources))


def decode_ts(content: bytes, where: Path | str) -> tuple[list[np.ndarray], np.ndarray]:
    """Series `[T, channels]` of any length and their labels from 0, of the sktime text format.

    Raises:
        DataError: no data, a value that is not a finite number, channels of different lengths or number, an undeclared class.
    """
    # a byte that is no text shows as a bad value, which has a line to be named
    lines = content.decode("utf-8", "replace").splitlines()
    start = next((number for number, line in enumerate(lines) if line.strip().lower() == "@data"), None)
    declared = next((line.split()[2:] for line in lines[: start or 0] if line.lower().startswith("@classlabel true")), None)
    if start is None or not declared:
        raise DataError(f"{where}: no @data or no '@classLabel true ...' line: truncated, or not a .ts file")
    series, labels = [], []
    for number, line in enumerate(lines[start + 1 :], start + 2):
        if not line.strip():
            continue
        *channels, label = line.split(":")
        if label.strip() not in declared:
            raise DataError(f"{where}: line {number}: class {label.strip()[:20]!r} is none of {', '.join(declared)}")
        labels.append(declared.index(label.strip()))
        series.append(_series(channels, f"{where}: line {number}"))
        if series[-1].shape[1] != series[0].shape[1]:
            raise DataError(f"{where}: line {number}: {series[-1].shape[1]} channels, the first sample has {series[0].shape[1]}")
    return series, np.array(labels, np.int32)


def _series(channels: list[str], where: str) -> np.ndarray:
    try:
        array = np.array([[float(value) for value in channel.split(",")] for channel in channels], np.float32).T
    except ValueError as error:
        raise DataError(f"{where}: {error}") from error
    if array.ndim != 2 or not np.isfinite(array).all():
        raise DataError(f"{where}: values that are not finite, or no values")
    return array


def resample(series: np.ndarray, steps: int) -> np.ndarray:
    """Linear interpolation of `[T, channels]` to `[steps, channels]`, both ends kept."""
    position = np.linspace(0, len(series) - 1, steps)
    # at most the last but one: the end is the far side of the last interval (a series of one step has none)
    lower = np.minimum(position.astype(np.int64), max(0, len(series) - 2))
    share = (position - lower)[:, None].astype(np.float32)
    return series[lower] * (1 - share) + series[np.minimum(lower + 1, len(series) - 1)] * share


def japanese_vowels(request: Request) -> Recipe:
    """Nine speakers saying two vowels: 12 LPC coefficients, resampled to T steps, standardised by the training samples.

    Source: M. Kudo, J. Toyama, M. Shimbo, "Multidimensional curve classification using passing-through regions", 1999.
    """
    steps = request.timesteps or _VOWEL_STEPS
    inputs, labels, names, sources = [], [], [], []
    for part in ("TRAIN", "TEST"):
        path, content, source = files.read_known(f"japanese_vowels/JapaneseVowels_{part}.ts", request.folder)
        series, part_labels = decode_ts(content, path)
        if not series:
            raise DataError(f"{path}: no samples")
        inputs.append(np.stack([resample(each, steps) for each in series]))
        labels.append(part_labels)
        names.append(str(path))
        sources.append(source)
    # by all that may be trained on: the validation samples, drawn from it later, count as well
    mean, spread = inputs[0].mean(axis=(0, 1)), inputs[0].std(axis=(0, 1))
    pools: list[Pool] = [
        array_pool(name, (each - mean) / spread, each_labels) for name, each, each_labels in zip(names, inputs, labels, strict=True)
    ]
    return Recipe("japanese_vowels", pools[0], pools[1], 9, "events", sources=tuple(sources))
