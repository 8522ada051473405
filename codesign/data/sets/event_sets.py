"""Event-camera data sets: many recordings packed in one file, and folders of single recordings."""

import dataclasses
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from codesign.data.dataset import DataError, Pool, Recipe, Request, subset
from codesign.data.reading import files
from codesign.data.reading.arrays import read_npz
from codesign.data.reading.event_files import DVS128, AddressLayout, decode_atis, read_aedat, read_atis, read_npz_events
from codesign.data.reading.events import Events, bin_events, check_events
from codesign.data.splits import draw

_PACKED: Final = "nmnist_small/nmnist_small_900.npz"
# the split that comes with the packed subset: ids 701 to 850 and 60001 to 60050 are its test part (docs/data.md)
_LAST_TRAINING_ID: Final = 700
# an npz recording does not say how large its sensor is; the largest coordinates of all of them do
_ANY_SIZE: Final = 2**16
MOST_CELLS: Final = 2**26
"""Pixels times steps of one sample: 512 MB, and far above any camera's in any use."""
_MOST_DIGITS: Final = 5  # of a class
_LABEL_IN_NAME: Final = re.compile(r"_label(\d+)$")


@dataclasses.dataclass(frozen=True)
class Binning:
    """How recordings become frames over time: sensor size, bins, window, largest count (1: binary spikes).

    The defaults are those of N-MNIST: 34x34 pixels and three saccades of 100 ms.
    """

    timesteps: int = 6
    height: int = 34
    width: int = 34
    # events after the third saccade (the packed ones go on to 336 ms) are left out
    window_us: float = 300_000
    ceiling: int | None = 1

    def __post_init__(self) -> None:
        """Refuse a binning without bins."""
        if self.timesteps < 1 or self.window_us <= 0:
            raise ValueError(f"binning needs at least one timestep and a window, got {self.timesteps} and {self.window_us} us")

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Shape of a binned recording."""
        return (self.timesteps, self.height, self.width, 2)

    def __call__(self, events: Events) -> np.ndarray:
        """Counts of one recording, `[timesteps, height, width, 2]`."""
        return bin_events(
            events,
            timesteps=self.timesteps,
            height=self.height,
            width=self.width,
            window_us=self.window_us,
            ceiling=self.ceiling,
        )


def recording_pool(where: str, labels: np.ndarray, binning: Binning, recording: Callable[[int], Events]) -> Pool:
    """A pool that reads, checks and bins recordings when asked."""

    def read(indices: np.ndarray) -> np.ndarray:
        out = np.empty((len(indices), *binning.shape), np.float32)
        for position, index in enumerate(indices):
            events = recording(int(index))
            # subsets ask by the file's own numbers, so this is a record that can be looked up
            check_events(events, binning.height, binning.width, f"{where}: record {index}")
            out[position] = binning(events)
        return out

    return Pool(where, labels, binning.shape, read)


def packed_pool(path: Path, arrays: dict[str, np.ndarray], binning: Binning) -> Pool:
    """Recordings of 40-bit events one after another: `events` `[n, 5]`, `offsets` `[N + 1]`, `labels` `[N]`.

    Raises:
        DataError: wrong shapes, or offsets that do not cut the events into recordings.
    """
    events, offsets, labels = (arrays[name] for name in ("events", "offsets", "labels"))
    if events.ndim != 2 or events.shape[1] != 5 or events.dtype != np.uint8:
        raise DataError(f"{path}: events has shape {events.shape} {events.dtype}; expected [n, 5] uint8")
    check_offsets(path, offsets, labels, len(events))
    return recording_pool(str(path), labels, binning, lambda index: decode_atis(events[offsets[index] : offsets[index + 1]]))


def check_offsets(path: Path, offsets: np.ndarray, labels: np.ndarray, length: int) -> None:
    """Refuse offsets `[N + 1]` that do not cut `length` items into N records, one for each label.

    Raises:
        DataError: names file and record.
    """
    if labels.ndim != 1 or offsets.shape != (len(labels) + 1,):
        raise DataError(f"{path}: offsets of shape {offsets.shape} for labels of shape {labels.shape}; expected [N + 1] and [N]")
    if offsets.dtype.kind not in "iu":
        raise DataError(f"{path}: offsets must be integers, got {offsets.dtype}")
    if offsets[0] != 0 or offsets[-1] != length:
        raise DataError(f"{path}: offsets run from {offsets[0]} to {offsets[-1]}, the data from 0 to {length}")
    # signed: differences of unsigned offsets would wrap where they go backwards
    backwards = np.diff(offsets.astype(np.int64)) < 0
    if backwards.any():
        raise DataError(f"{path}: record {int(np.argmax(backwards))}: offsets go backwards")


def folder_pool(folder: Path, binning: Binning) -> Pool:
    """Single `.bin` recordings below a folder: the class is in the name (`00001_label5.bin`), else the parent folder's name.

    Raises:
        DataError: no recordings, or one whose class cannot be told.
    """
    paths = sorted(folder.rglob("*.bin"))
    if not paths:
        raise DataError(f"{folder}: no .bin recordings")
    labels = np.array([_label(path) for path in paths])
    return recording_pool(str(folder), labels, binning, lambda index: read_atis(paths[index], binning.height, binning.width))


def _label(path: Path) -> int:
    match = _LABEL_IN_NAME.search(path.stem)
    text = match.group(1) if match else path.parent.name
    if not text.isdecimal() or len(text) > _MOST_DIGITS:
        raise DataError(f"{path}: no class in the name (as in 00001_label5.bin) nor in the folder's ({path.parent.name!r})")
    return int(text)


def camera_pool(folder: Path, timesteps: int, layout: AddressLayout = DVS128) -> Pool:
    """Single `.aedat` (2.0) or `.npz` recordings below a folder, classed as in `folder_pool`, each timed from its first event.

    The window is that of the longest recording. The sensor of `.aedat` files is the layout's, that of `.npz` files reaches to the
    largest coordinates; a folder of both has the larger one.

    Raises:
        DataError: no recordings, one whose class cannot be told, or a bad one.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".aedat", ".npz"))
    if not paths:
        raise DataError(f"{folder}: no .aedat or .npz recordings")

    def recording(index: int) -> Events:
        path = paths[index]
        events = read_aedat(path, layout) if path.suffix == ".aedat" else read_npz_events(path, _ANY_SIZE, _ANY_SIZE)
        # a camera's clock does not begin with the recording
        return events._replace(time_us=events.time_us - events.time_us[0]) if len(events.time_us) else events

    # one look at all recordings first: samples need one sensor size and one window
    # (half open, so it is longer than the longest recording)
    height = width = 1
    longest: float = 0
    for index, path in enumerate(paths):
        events = recording(index)
        if path.suffix == ".aedat":
            height, width = max(height, layout.height), max(width, layout.width)
        elif len(events.x):
            height, width = max(height, int(events.y.max()) + 1), max(width, int(events.x.max()) + 1)
        longest = max(longest, _window(events)) if len(events.x) else longest
        if timesteps * height * width > MOST_CELLS:
            raise DataError(f"{path}: pixels to {width - 1}, {height - 1} in {timesteps} steps make a sample of more than {MOST_CELLS}")
    labels = np.array([_label(path) for path in paths])
    return recording_pool(str(folder), labels, Binning(timesteps, height, width, longest or 1), recording)


def _window(events: Events) -> float:
    """The shortest half-open window that holds a recording."""
    last = events.time_us[-1]
    # whole numbers are of microseconds, others of any unit: one more would be a window of another length
    return float(np.nextafter(last, np.inf)) if events.time_us.dtype.kind == "f" and last > 0 else int(last) + 1


def nmnist(request: Request, binning: Binning | None = None) -> Recipe:
    """N-MNIST: the complete folders `nmnist/Train` and `nmnist/Test` where they are, else the packed 900 recordings.

    Of the packed ones ids 1 to 700 may be trained on and the other 200 are the test samples.
    """
    binning = binning or Binning(timesteps=request.timesteps or Binning.timesteps)
    for place in files.folders(request.folder):
        if (place / "nmnist" / "Train").is_dir():
            train, test = (folder_pool(place / "nmnist" / part, binning) for part in ("Train", "Test"))
            return Recipe("nmnist", train, test, 10, "events")
    path, content, source = files.read_known(_PACKED, request.folder)
    arrays = read_npz(io.BytesIO(content), path, ("events", "offsets", "labels", "ids"))
    pool = packed_pool(path, arrays, binning)
    trained = arrays["ids"] <= _LAST_TRAINING_ID
    # by id, not by position: the last ids are recordings of MNIST's test images
    train, test = subset(pool, np.flatnonzero(trained)), subset(pool, np.flatnonzero(~trained))
    return Recipe("nmnist_small", train, test, 10, "events", sources=(source,))


def own_recordings(pool: Pool, name: str, seed: int) -> Recipe:
    """Recordings of your own without an official split: 20 % by seed are the test samples."""
    kept, drawn = draw(pool.labels, 0.2, np.random.default_rng(seed))
    classes = int(pool.labels.max()) + 1 if len(pool.labels) else 1
    return Recipe(name, subset(pool, kept), subset(pool, drawn), classes, "events")
