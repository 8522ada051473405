"""Recordings that are odd: none at all, of two kinds, with fractions for pixels, or with a # where data begin."""

import http.client
import io
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from codesign.data import registry
from codesign.data.dataset import DataError
from codesign.data.reading import files
from codesign.data.reading.event_files import DAVIS240, read_aedat, read_npz_events
from codesign.data.sets.event_sets import camera_pool

HEADER = b"#!AER-DAT2.0\r\n# made by \xfc\r\n#\r\n"


@pytest.mark.parametrize("arrays", [{"events": np.zeros((0, 5), np.uint8)}, {"audio": np.zeros(0, np.int16)}], ids=["events", "audio"])
def test_no_recordings_are_named(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez(tmp_path / "mine.npz", **arrays, offsets=np.zeros(1, np.int64), labels=np.zeros(0, np.int64))
    with pytest.raises(DataError, match=r"mine\.npz: no samples"):
        registry.load(str(tmp_path / "mine.npz"), seed=0)


def test_offsets_are_integers(tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", events=np.zeros((4, 5), np.uint8), offsets=np.array([0, 1.5, 4]), labels=np.zeros(2, np.int64))
    with pytest.raises(DataError, match="offsets must be integers, got float64"):
        registry.load(str(tmp_path / "mine.npz"), seed=0)


def save(path: Path, x: float) -> None:
    zeros = np.zeros(2)
    np.savez(path, x=np.array([0, x]), y=zeros, p=zeros, t=np.arange(2))


@pytest.mark.parametrize("large", ["0", "9"])
def test_a_folder_of_both_kinds_has_the_larger_sensor(tmp_path: Path, large: str) -> None:
    """Whichever is read first."""
    (tmp_path / "5_label0.aedat").write_bytes(HEADER + np.array([0, 1], ">u4").tobytes())
    save(tmp_path / f"{large}_label1.npz", 299)
    pool = camera_pool(tmp_path, 1)
    assert pool.sample_shape == (1, 128, 300, 2)
    assert pool.read(np.arange(2)).sum() == 3


@pytest.mark.parametrize(("x", "what"), [(3.5, "x 3.5 is no whole number"), (np.nan, "x nan is outside 0 to 9")])
def test_pixels_are_whole(tmp_path: Path, x: float, what: str) -> None:
    save(tmp_path / "a.npz", x)
    with pytest.raises(DataError, match=f"event 1: {what}"):
        read_npz_events(tmp_path / "a.npz", 10, 10)
    save(tmp_path / "b.npz", 3.0)
    assert read_npz_events(tmp_path / "b.npz", 10, 10).x[1] == 3


@pytest.mark.parametrize("header", [HEADER, b"", b"#!AER-DAT2.0\n"])
@pytest.mark.parametrize("x", [0, 160, 175, 239])
def test_an_event_that_begins_like_a_header_is_an_event(tmp_path: Path, header: bytes, x: int) -> None:
    rows = np.array([140, 141, 142, 143, 10], np.uint32)
    words = np.stack([rows << 22 | x << 12 | 1 << 11, np.full(5, 10, np.uint32)], axis=1).astype(">u4")
    path = tmp_path / "a.aedat"
    for first in range(4):
        path.write_bytes(header + words[first:].tobytes())
        found = read_aedat(path, DAVIS240)
        np.testing.assert_array_equal(found.y, rows[first:])
        assert np.all(found.x == x)


def test_a_cut_header_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.aedat").write_bytes(HEADER[:-2])
    with pytest.raises(DataError, match="truncated in its header"):
        read_aedat(tmp_path / "a.aedat")


def test_a_transfer_that_ends_too_early_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Cut(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise http.client.IncompleteRead(b"half", 4)

    monkeypatch.setattr(urllib.request, "urlopen", lambda address, timeout: Cut())
    with pytest.raises(DataError, match=r"could not be read .*IncompleteRead"):
        files.download("https://nowhere.invalid/file", tmp_path / "file", "0")
    assert not (tmp_path / "file").exists()
