"""Sound: wav files, and the Free Spoken Digit Dataset heard through the cochlea model."""

import difflib
import io
import re
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from codesign.data.dataset import DataError, Pool, Recipe, Request, subset
from codesign.data.encoders.cochlea import Cochlea
from codesign.data.reading import files
from codesign.data.reading.arrays import read_npz
from codesign.data.sets.event_sets import check_offsets
from codesign.data.splits import draw

_PACKED: Final = "fsdd/fsdd_5speakers_2500.npz"
_PACKED_ARRAYS: Final = ("audio", "offsets", "labels")
_FSDD_ARRAYS: Final = (*_PACKED_ARRAYS, "take", "speaker", "speaker_names")
_RATE_HZ: Final = 8000  # packed recordings do not say their rate: it is FSDD's
# below, no speech is left; above, no recorder: a wrong rate makes filters of any size
LOWEST_RATE_HZ: Final = 1000
HIGHEST_RATE_HZ: Final = 1_000_000
_TEST_TAKES: Final = 5  # the data set's own split: takes 0 to 4 are for testing
_FSDD_NAME: Final = re.compile(r"(\d)_([a-z]+)_(\d+)\.wav")

Hearing = Callable[[np.ndarray, float], np.ndarray]


def read_wav(path: Path) -> tuple[np.ndarray, int]:
    """Samples `[n]` float32 in [-1, 1), channels averaged, and the sampling rate [Hz].

    Raises:
        DataError: not a PCM wav file of 8, 16, 24 or 32 bits, truncated, empty, or of a sampling rate that no sound has.
    """
    try:
        with wave.open(str(path)) as file:
            channels, width, rate, count = file.getparams()[:4]
            data = file.readframes(count)
    except (OSError, EOFError, RuntimeError, wave.Error) as error:
        raise DataError(f"{path}: not a readable PCM wav file ({error or 'truncated'})") from error
    if len(data) != count * channels * width:
        raise DataError(f"{path}: the header promises {count} samples, the file ends after {len(data) // (channels * width)}")
    if not count or not 1 <= width <= 4:
        raise DataError(f"{path}: {count} samples of {width} bytes; expected at least one of 1 to 4 bytes")
    if not LOWEST_RATE_HZ <= rate <= HIGHEST_RATE_HZ:
        raise DataError(f"{path}: a sampling rate of {rate} Hz; sound has {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} Hz")
    samples = _pcm(data, width).reshape(-1, channels).mean(axis=1)
    # the loudest of 32 bits have more digits than a float32, which rounds them up to 1
    return np.clip(samples, -1, np.nextafter(np.float32(1), np.float32(0))), rate


def _pcm(data: bytes, width: int) -> np.ndarray:
    """PCM as float32: one byte is unsigned, more are signed and little-endian."""
    if width == 1:
        return np.frombuffer(data, np.uint8).astype(np.float32) / 128 - 1
    # aligned to the top of 32 bits: the sign bit lands where int32 has it, and one scale serves all widths
    high = np.zeros((len(data) // width, 4), np.uint8)
    high[:, 4 - width :] = np.frombuffer(data, np.uint8).reshape(-1, width)
    return high.view("<i4")[:, 0].astype(np.float32) / 2**31


def sound_pool(
    where: str, labels: np.ndarray, shape: tuple[int, ...], hear: Hearing, sound: Callable[[int], tuple[np.ndarray, int]]
) -> Pool:
    """A pool that reads recordings when asked and passes them through `hear`."""

    def read(indices: np.ndarray) -> np.ndarray:
        return np.stack([hear(*sound(int(index))) for index in indices])

    return Pool(where, labels, shape, read)


def wav_pool(folder: Path, cochlea: Cochlea) -> tuple[Pool, tuple[str, ...]]:
    """Wav files below a folder, and the class names; a class is the name's text before "_", else the parent folder.

    All files directly in the folder are classed by their names, those in subfolders by the subfolder.

    Raises:
        DataError: no wav files.
    """
    paths = sorted(folder.rglob("*.wav"))
    if not paths:
        raise DataError(f"{folder}: no .wav files")
    names = [path.stem.split("_")[0] if path.parent == folder else path.parent.name for path in paths]
    classes = tuple(sorted(set(names)))
    labels = np.array([classes.index(name) for name in names])
    shape = (cochlea.timesteps, cochlea.channels)
    return sound_pool(str(folder), labels, shape, cochlea.spikes, lambda index: read_wav(paths[index])), classes


def _packed(path: Path, content: bytes, names: tuple[str, ...]) -> tuple[dict[str, np.ndarray], Callable[[int], tuple[np.ndarray, int]]]:
    arrays = read_npz(io.BytesIO(content), path, names)
    audio, offsets = arrays["audio"], arrays["offsets"]
    if audio.ndim != 1 or audio.dtype != np.int16:
        raise DataError(f"{path}: audio has shape {audio.shape} {audio.dtype}; expected [samples] int16")
    check_offsets(path, offsets, arrays["labels"], len(audio))
    empty = np.diff(offsets) == 0
    if empty.any():
        raise DataError(f"{path}: record {int(np.argmax(empty))}: no samples")
    # in units of int16: loudness is relative to a recording's loudest, so that the unit cancels
    return arrays, lambda index: (audio[offsets[index] : offsets[index + 1]], _RATE_HZ)


def _recordings(folder: Path) -> tuple[dict[str, np.ndarray], Callable[[int], tuple[np.ndarray, int]]]:
    """The data set's own layout: `<digit>_<speaker>_<take>.wav`."""
    paths = sorted(folder.glob("*.wav"))
    matches = [_FSDD_NAME.fullmatch(path.name) for path in paths]
    bad = [path for path, match in zip(paths, matches, strict=True) if match is None]
    if bad or not paths:
        raise DataError(f"{bad[0] if bad else folder}: expected files named <digit>_<speaker>_<take>.wav")
    digits, speakers, takes = zip(*(match.groups() for match in matches if match), strict=True)
    names = sorted(set(speakers))
    arrays = {
        "labels": np.array(digits, np.int32),
        "take": np.array(takes, np.int32),
        "speaker": np.array([names.index(speaker) for speaker in speakers]),
        "speaker_names": np.array(names),
    }
    return arrays, lambda index: read_wav(paths[index])


def _fsdd(request: Request, name: str, shape: tuple[int, int], hear: Hearing) -> Recipe:
    folders = [place / "fsdd" / "recordings" for place in files.folders(request.folder)]
    recordings = next((folder for folder in folders if folder.is_dir()), None)
    sources: tuple[tuple[str, str], ...] = ()
    if recordings is not None:
        (arrays, sound), where = _recordings(recordings), str(recordings)
    else:
        path, content, source = files.read_known(_PACKED, request.folder)
        (arrays, sound), where, sources = _packed(path, content, _FSDD_ARRAYS), str(path), (source,)
    pool = sound_pool(where, arrays["labels"], shape, hear, sound)
    # all speakers are on both sides of this split; naming one makes the harder split of an unheard speaker
    tested = arrays["take"] < _TEST_TAKES
    if request.part is not None:
        speakers = [str(speaker) for speaker in arrays["speaker_names"]]
        if request.part not in speakers:
            near = difflib.get_close_matches(request.part, speakers, 1, 0)
            raise ValueError(f"{name}: no speaker {request.part!r} (did you mean {near[0]!r}?)")
        tested = arrays["speaker"] == speakers.index(request.part)
        name = f"{name}:{request.part}"
    train, test = subset(pool, np.flatnonzero(~tested)), subset(pool, np.flatnonzero(tested))
    return Recipe(name, train, test, 10, "events", sources=sources)


def fsdd(request: Request, cochlea: Cochlea | None = None) -> Recipe:
    """Spoken digits as spikes `[T, channels]`; takes 0 to 4 are the test samples, or all of one speaker with "fsdd:speaker".

    Source: Z. Jackson et al., Free Spoken Digit Dataset.

    Raises:
        ValueError: unknown speaker.
    """
    cochlea = cochlea or Cochlea(timesteps=request.timesteps or Cochlea.timesteps)
    return _fsdd(request, "fsdd", (cochlea.timesteps, cochlea.channels), cochlea.spikes)


def fsdd_loudness(request: Request, cochlea: Cochlea | None = None) -> Recipe:
    """As `fsdd`, but the graded loudness `[T, bands]` in [0, 1] before it becomes spikes."""
    cochlea = cochlea or Cochlea(timesteps=request.timesteps or Cochlea.timesteps)
    return _fsdd(request, "fsdd_loudness", (cochlea.timesteps, cochlea.bands), cochlea.loudness)


def own_sounds(path: Path, request: Request, cochlea: Cochlea | None = None) -> Recipe:
    """Your own recordings through the cochlea: a folder of wav files, or an npz of 8 kHz `audio`, `offsets` and `labels`.

    20 % by seed are the test samples.
    """
    cochlea = cochlea or Cochlea(timesteps=request.timesteps or Cochlea.timesteps)
    if path.is_dir():
        pool, names = wav_pool(path, cochlea)
        classes = len(names)
    else:
        arrays, sound = _packed(path, files.read_bytes(path), _PACKED_ARRAYS)
        shape = (cochlea.timesteps, cochlea.channels)
        pool = sound_pool(str(path), arrays["labels"], shape, cochlea.spikes, sound)
        classes = int(pool.labels.max()) + 1 if len(pool.labels) else 1
    kept, drawn = draw(pool.labels, 0.2, np.random.default_rng(request.seed))
    return Recipe(path.stem, subset(pool, kept), subset(pool, drawn), classes, "events")
