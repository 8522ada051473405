"""A cochlea model: a filter bank on an ear's frequency scale, compression, and neurons that turn each band into spikes.

Sound -> power spectrum of short frames -> bands (mel or gammatone) -> logarithmic compression -> integrate-and-fire spikes.
"""

import dataclasses
import functools
from typing import Final, Literal, get_args

import numpy as np

Scale = Literal["mel", "gammatone"]
Code = Literal["levels", "integrate"]
_ORDER: Final = 4
_FLOOR_DB: Final = 60.0


def mel_filters(bands: int, bins: int, rate_hz: float, low_hz: float) -> np.ndarray:
    """Triangular filters `[bands, bins]`, evenly spaced in mel; each has its peak of 1 at its centre, which may lie between two bins.

    Source: mel = 2595 log10(1 + f / 700), D. O'Shaughnessy, "Speech Communication", 1987.
    """
    # up to half the sampling rate: rate / 2 / 700
    mel = np.linspace(2595 * np.log10(1 + low_hz / 700), 2595 * np.log10(1 + rate_hz / 1400), bands + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    frequency = np.linspace(0, rate_hz / 2, bins)
    rising = (frequency - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - frequency) / (edges[2:] - edges[1:-1])[:, None]
    return np.clip(np.minimum(rising, falling), 0, None).astype(np.float32)


def gammatone_filters(bands: int, bins: int, rate_hz: float, low_hz: float) -> np.ndarray:
    """Power response `[bands, bins]` of fourth-order gammatone filters, evenly spaced in ERB number; 1 at their centres.

    |H(f)|^2 = (1 + ((f - fc) / b)^2)^-4 with b = 1.019 ERB(fc) and ERB(f) = 24.7 (1 + 4.37 f / 1000).
    Source: R. Patterson et al., "Complex sounds and auditory images", 1992; B. Glasberg, B. Moore, "Derivation of auditory filter
    shapes from notched-noise data", 1990.
    """
    # below half the rate: at 8 kHz this leaves the highest filter about one bandwidth above its centre
    highest_hz = 0.9 * rate_hz / 2
    lowest, highest = (21.4 * np.log10(1 + 4.37 * edge_hz / 1000) for edge_hz in (low_hz, highest_hz))
    number = np.linspace(lowest, highest, bands)
    centre = (10 ** (number / 21.4) - 1) * 1000 / 4.37
    width = 1.019 * 24.7 * (1 + 4.37 * centre / 1000)
    frequency = np.linspace(0, rate_hz / 2, bins)
    return ((1 + ((frequency - centre[:, None]) / width[:, None]) ** 2) ** -_ORDER).astype(np.float32)


def integrate_and_fire(drive: np.ndarray) -> np.ndarray:
    """Spikes in {0, 1} of neurons that sum a drive in [0, 1] and lose 1 at each spike; time is the first axis.

    The spike count of any stretch is the sum of the drive over it, to within 1; neurons start half full.
    """
    spikes = np.empty_like(drive)
    # half full: counts are the rounded sums of the drive, neither early nor late in the mean
    potential = np.full(drive.shape[1:], 0.5, drive.dtype)
    for step, current in enumerate(drive):
        potential += current
        spikes[step] = potential >= 1
        potential -= spikes[step]
    return spikes


@dataclasses.dataclass(frozen=True)
class Cochlea:
    """From sound to spikes.

    Attributes:
        bands: filters, each of which is one input channel.
        timesteps: frames that a recording of any length is spread over.
        scale: "mel" or "gammatone".
        frame_s: length of a spectrum frame [s].
        low_hz: lowest frequency of the bank.
        code: "levels": each band has a fibre per level, which fires in the frames whose loudness reaches it (auditory nerve
            fibres differ in threshold: M. Liberman, J. Acoust. Soc. Am. 63, 1978); "integrate": one integrate-and-fire neuron
            per band, whose rate is the loudness.
        levels: loudness thresholds in (0, 1] of code "levels".
    """

    bands: int = 32
    timesteps: int = 32
    scale: Scale = "mel"
    frame_s: float = 0.032  # 256 samples at 8 kHz
    low_hz: float = 60.0
    code: Code = "levels"
    levels: tuple[float, ...] = (0.3, 0.45, 0.6, 0.75, 0.9)

    def __post_init__(self) -> None:
        """Refuse a bank without bands or steps, or an unknown scale."""
        if self.bands < 1 or self.timesteps < 1 or self.frame_s <= 0:
            raise ValueError(f"a cochlea needs bands, timesteps and frames, got {self.bands}, {self.timesteps}, {self.frame_s} s")
        for name, value, known in (("scale", self.scale, get_args(Scale)), ("code", self.code, get_args(Code))):
            if value not in known:
                raise ValueError(f"{name} {value!r} is unknown; use one of {', '.join(known)}")
        if not self.levels or not all(0 < level <= 1 for level in self.levels):
            raise ValueError(f"levels must be in (0, 1], got {self.levels}")

    @property
    def channels(self) -> int:
        """Input channels of a network that listens."""
        return self.bands * (len(self.levels) if self.code == "levels" else 1)

    def loudness(self, sound: np.ndarray, rate_hz: float) -> np.ndarray:
        """Loudness of each band, `[timesteps, bands]` float32 in [0, 1]: 0 is 60 dB below the recording's loudest, 1 that.

        Args:
            sound: samples `[n]`, in any unit.
            rate_hz: sampling rate.
        """
        frame = max(16, round(self.frame_s * rate_hz))
        window, filters = _bank(self.scale, self.bands, frame, rate_hz, self.low_hz)
        # half a frame of silence at both ends: frames are centred on the part of the sound that they stand for
        padded = np.pad(np.asarray(sound, np.float32), frame // 2)
        centres = (np.arange(self.timesteps) + 0.5) * len(sound) / self.timesteps
        starts = np.minimum(centres.astype(np.int64), len(padded) - frame)
        frames = np.lib.stride_tricks.sliding_window_view(padded, frame)[starts] * window
        power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
        energy = power.astype(np.float32) @ filters.T
        reference = energy.max()
        # silence has no loudest
        if reference <= 0:
            return np.zeros_like(energy)
        # floored before the logarithm: an empty band would be minus infinity
        decibels = 10 * np.log10(np.maximum(energy / reference, 10 ** (-_FLOOR_DB / 10)))
        # the logarithm of the floor is a rounding beyond it
        return np.clip(1 + decibels / _FLOOR_DB, 0, 1).astype(np.float32)

    def spikes(self, sound: np.ndarray, rate_hz: float) -> np.ndarray:
        """Binary spikes `[timesteps, channels]` float32 of a `sound` `[samples]`; with levels, those of a band are next to each other."""
        loudness = self.loudness(sound, rate_hz)
        if self.code == "integrate":
            return integrate_and_fire(loudness)
        # in the loudness's precision: what lies on a threshold reaches it
        reached = loudness[:, :, None] >= np.asarray(self.levels, np.float32)
        return reached.reshape(self.timesteps, self.channels).astype(np.float32)


# recordings of one sampling rate share a bank
@functools.lru_cache(maxsize=16)
def _bank(scale: Scale, bands: int, frame: int, rate_hz: float, low_hz: float) -> tuple[np.ndarray, np.ndarray]:
    build = mel_filters if scale == "mel" else gammatone_filters
    return np.hanning(frame).astype(np.float32), build(bands, frame // 2 + 1, rate_hz, low_hz)
