"""Data of your own, by path.

| path | what it holds |
| --- | --- |
| `.npz`, or a folder of `.npy` | `x_train`, `y_train`, `x_test`, `y_test`: frames `[N, H, W, C]` or events `[N, T, ...]` |
| `.csv`, `.tsv` | a table: a line of names, one sample a line, the class in one column (`codesign.data.reading.table`) |
| `.npz` | `events` `[n, 5]` uint8 (40-bit ATIS), `offsets`, `labels`: recordings of a 34x34 event camera |
| `.npz` | `audio` `[n]` int16 at 8 kHz, `offsets`, `labels`: recordings, heard through the cochlea model |
| a folder | `.bin` recordings of the same camera, class in the name (`00001_label5.bin`) or the subfolder |
| a folder | `.aedat` (2.0, DVS128) or `.npz` recordings (`x`, `y`, `polarity`, `time_us`), class in the name or the subfolder |
| a folder | `.wav` recordings, class in the name (`yes_1.wav`) or the subfolder |
"""

import io
from pathlib import Path

import numpy as np

from codesign.data.dataset import DataError, Recipe, Request
from codesign.data.reading import files, table
from codesign.data.reading.arrays import names_in, own_arrays, read_npz
from codesign.data.sets import audio
from codesign.data.sets.event_sets import Binning, camera_pool, folder_pool, own_recordings, packed_pool


def own(path: Path, request: Request) -> Recipe:
    """The data set at a path; what has no split of its own gets one by seed.

    Raises:
        DataError: nothing there, or nothing that can be read; names file and record.
    """
    is_table = path.suffix.lower() in table.SUFFIXES and not path.is_dir()
    if not is_table and (request.target is not None or request.ignore):
        raise DataError(f"{path}: target and ignore are columns of a table ({', '.join(table.SUFFIXES)})")
    if path.is_dir():
        return _own_folder(path, request)
    if not path.is_file():
        raise DataError(f"{path}: no such file or folder")
    if is_table:
        found = table.own_table(path, request)
        if not request.standardise:
            check_shades(str(path), found)
        return found
    if path.suffix != ".npz":
        kinds = "an .npz file, a table (.csv, .tsv) or a folder (of .npy, .wav, .bin, .aedat or .npz files)"
        raise DataError(f"{path}: data of your own are {kinds}")
    # by the table of contents: the arrays themselves may be larger than memory
    if "x_train" in names_in(path):
        return own_arrays(path, request.standardise)
    if "events" in names_in(path):
        arrays = read_npz(io.BytesIO(files.read_bytes(path)), path, ("events", "offsets", "labels"))
        return own_recordings(packed_pool(path, arrays, _binning(request)), path.stem, request.seed)
    if "audio" in names_in(path):
        return audio.own_sounds(path, request)
    return own_arrays(path)  # the error for arrays that are not there


def check_shades(where: str, recipe: Recipe) -> None:
    """Refuse features outside [0, 1], which encoders cannot take.

    Raises:
        DataError: names the first.
    """
    for pool in (recipe.train, recipe.test):
        values = pool.read(np.arange(len(pool.labels)))
        if len(bad := np.argwhere(~((values >= 0) & (values <= 1)))):
            value = values[tuple(bad[0])]
            raise DataError(f"{where}: value {value:g} is not in [0, 1]; `standardise: true` brings columns of any range there")


def _binning(request: Request) -> Binning:
    return Binning(timesteps=request.timesteps or Binning.timesteps)


def _own_folder(path: Path, request: Request) -> Recipe:
    # the first kind that is there decides, in the order of the complaint below
    if any(path.glob("*.npy")):
        return own_arrays(path, request.standardise)
    if any(path.rglob("*.wav")):
        return audio.own_sounds(path, request)
    if any(path.rglob("*.bin")):
        return own_recordings(folder_pool(path, _binning(request)), path.name, request.seed)
    if any(path.rglob("*.aedat")) or any(path.rglob("*.npz")):
        timesteps = request.timesteps or Binning.timesteps
        return own_recordings(camera_pool(path, timesteps), path.name, request.seed)
    raise DataError(f"{path}: no .npy, .wav, .bin, .aedat or .npz files")
