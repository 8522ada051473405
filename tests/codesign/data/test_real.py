"""The data sets themselves, where `CODESIGN_DATA` points to them."""

import os
from pathlib import Path

import numpy as np
import pytest

from codesign.data import registry
from codesign.data.reading import event_files
from codesign.data.sets import audio

FOLDER = os.environ.get("CODESIGN_DATA")
pytestmark = pytest.mark.skipif(FOLDER is None, reason="CODESIGN_DATA is not set: it names the folder with the real data sets")


def file(relative):
    path = Path(FOLDER or "") / relative
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return path


@pytest.mark.parametrize(
    ("name", "relative", "sizes", "shape"),
    [
        ("mnist", "mnist", (60000, 10000), (28, 28, 1)),
        ("fashion_mnist", "fashion_mnist", (60000, 10000), (28, 28, 1)),
        ("cifar10_jpeg", "cifar10_jpeg", (10000, 2000), (32, 32, 3)),
        ("nmnist", "nmnist_small", (700, 200), (6, 34, 34, 2)),
        ("fsdd", "fsdd", (2250, 250), (32, 160)),
        ("qtdb", "qtdb_events", (618, 141), (1301, 4)),
        ("japanese_vowels", "japanese_vowels", (270, 370), (16, 12)),
    ],
)
def test_official_sizes_and_shapes(name, relative, sizes, shape):
    file(relative)
    data = registry.load(name)
    assert (len(data.train.labels) + len(data.validation.labels), len(data.test.labels)) == sizes
    assert data.sample_shape == shape
    assert np.isfinite(data.train.inputs).all()
    assert len(data.sources) >= 1


@pytest.mark.parametrize(
    ("name", "mean", "spread"),
    [
        ("mnist", [0.130660], [0.308108]),
        ("fashion_mnist", [0.286041], [0.353024]),
        ("cifar10_jpeg", [0.4941, 0.4843, 0.4489], [0.2455, 0.2434, 0.2608]),
    ],
)
def test_pixel_statistics_are_the_published_ones(name, mean, spread):
    file(name)
    data = registry.load(name)
    pixels = np.concatenate([data.train.inputs, data.validation.inputs]).reshape(-1, len(mean))
    decimals = 6 if len(mean) == 1 else 4
    np.testing.assert_allclose(pixels.mean(0, dtype=np.float64), mean, atol=0.6 * 10**-decimals)
    np.testing.assert_allclose(pixels.std(0, dtype=np.float64), spread, atol=0.6 * 10**-decimals)


def test_qtdb_has_the_published_steps_of_each_class():
    file("qtdb_events")
    data = registry.load("qtdb")
    labels = np.concatenate([data.train.labels, data.validation.labels]).ravel()
    np.testing.assert_array_equal(np.bincount(labels + 1)[1:], [100530, 49485, 46503, 35776, 242792, 263147])
    np.testing.assert_array_equal(np.bincount(data.test.labels.ravel() + 1)[1:], [24153, 10145, 9840, 9065, 55885, 55297])
    assert np.mean(labels == -1) == pytest.approx(0.082, abs=0.001)


def test_single_recordings_equal_the_packed_ones():
    with np.load(file("nmnist_small/nmnist_small_900.npz")) as arrays:
        offsets, labels, events = (arrays[name] for name in ("offsets", "labels", "events"))
    for path in sorted(file("nmnist_small/raw").glob("*.bin")):
        index = int(path.name[:5]) - 1
        assert labels[index] == int(path.stem[-1])
        packed = event_files.decode_atis(events[offsets[index] : offsets[index + 1]])
        for single, other in zip(event_files.read_atis(path), packed, strict=True):
            np.testing.assert_array_equal(single, other)


def test_single_wavs_equal_the_packed_ones():
    with np.load(file("fsdd/fsdd_5speakers_2500.npz")) as arrays:
        offsets, sound = arrays["offsets"], arrays["audio"]
        names = arrays["speaker_names"]
        ids = {
            (int(d), str(names[s]), int(t)): k
            for k, (d, s, t) in enumerate(zip(arrays["labels"], arrays["speaker"], arrays["take"], strict=True))
        }
    for path in file("fsdd/raw").glob("*.wav"):
        digit, speaker, take = path.stem.split("_")
        index = ids[int(digit), speaker, int(take)]
        samples, rate = audio.read_wav(path)
        assert rate == 8000
        np.testing.assert_array_equal(samples * 32768, sound[offsets[index] : offsets[index + 1]])
