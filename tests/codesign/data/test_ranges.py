"""Loudness, sound and encoded values stay within what is documented of them."""

import wave
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from codesign.data.encoders.cochlea import Cochlea, gammatone_filters, mel_filters
from codesign.data.encoders.encode import latency
from codesign.data.sets.audio import read_wav

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("scale", ["mel", "gammatone"])
@pytest.mark.parametrize("amplitude", [1e-4, 1.0, 3e4])
def test_loudness_is_a_share(scale: str, amplitude: float) -> None:
    cochlea = Cochlea(scale=scale)
    for _ in range(10):
        # bursts between silences: most frames are at the floor
        sound = amplitude * RNG.normal(size=3000) * (np.arange(3000) // 400 % 3 == 1)
        loudness = cochlea.loudness(sound, 8000)
        assert loudness.min() == 0
        assert loudness.max() == 1
        assert set(np.unique(cochlea.spikes(sound, 8000))) <= {0.0, 1.0}


@pytest.mark.parametrize("filters", [mel_filters, gammatone_filters])
def test_no_filter_exceeds_its_peak(filters) -> None:
    bank = filters(32, 129, 8000, 60)
    assert bank.min() >= 0
    assert bank.max() <= 1
    # with bins enough each peak is seen
    np.testing.assert_allclose(filters(32, 100_001, 8000, 60).max(axis=1), 1, rtol=1e-3)


@pytest.mark.parametrize(("width", "least", "most"), [(1, 0, 255), (2, -(2**15), 2**15 - 1), (4, -(2**31), 2**31 - 1)])
@pytest.mark.parametrize("channels", [1, 3])
def test_full_scale_is_below_one(tmp_path: Path, width: int, least: int, most: int, channels: int) -> None:
    path = tmp_path / "loud.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(8000)
        file.writeframes(b"".join(value.to_bytes(width, "little", signed=width > 1) * channels for value in (least, most)))
    samples, _ = read_wav(path)
    assert samples[0] == -1
    assert 0.99 < samples[1] < 1


@pytest.mark.parametrize("timesteps", [2, 5, 16, 33])
def test_a_latency_gives_the_value_back(timesteps: int) -> None:
    values = jnp.asarray(RNG.random(2000), jnp.float32)
    first = np.argmax(np.asarray(latency(values, timesteps)), axis=0)
    far = np.abs(1 - first / (timesteps - 1) - np.asarray(values, np.float64))
    assert far.max() <= 1 / (2 * (timesteps - 1)) + 2.0**-23
