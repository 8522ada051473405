"""What a file promises is bounded before memory is asked for it, and what it reads is its own."""

import io
import struct
import wave
import zipfile
from pathlib import Path

import numpy as np
import pytest

from codesign.data import registry
from codesign.data.dataset import DataError
from codesign.data.reading.arrays import read_npz
from codesign.data.reading.event_files import read_npz_events
from codesign.data.sets.audio import read_wav


def arrays(**replaced: np.ndarray) -> dict[str, np.ndarray]:
    x = np.random.default_rng(0).random((40, 4, 4, 1)).astype(np.float32)
    return {"x_train": x, "y_train": np.arange(40) % 2, "x_test": x[:10], "y_test": np.arange(10) % 2} | replaced


@pytest.mark.parametrize(
    ("replaced", "message"),
    [
        ({"x_train": np.full((40, 3, 5), 1e300), "x_test": np.ones((10, 3, 5))}, r"train: record 0: value 1e\+300 is not a finite float32"),
        ({"x_train": np.full((40, 4, 4, 1), None)}, "Python objects|no array of numbers|corrupt"),
        ({"y_train": np.arange(40) * 10**9}, "38999999[0-9]* classes|classes, of which each"),
        ({"classes": np.array(2**62)}, "classes, of which each is an output"),
        ({"classes": np.array(-1)}, "classes must be one whole number"),
        ({"classes": np.array([2, 2])}, "classes must be one whole number"),
        ({"x_train": np.full((40, 28, 28), 200, np.uint8), "x_test": np.zeros((10, 28, 28), np.uint8)}, "images need a channel axis"),
    ],
)
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_numbers_that_no_network_could_use(tmp_path: Path, replaced: dict[str, np.ndarray], message: str, save: object) -> None:
    save(tmp_path / "mine.npz", **arrays(**replaced))  # type: ignore[operator]
    with pytest.raises(DataError, match=rf"mine\.npz: .*({message})"):
        registry.load(tmp_path / "mine.npz")


def test_a_header_of_more_than_is_there_and_a_bomb_are_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    np.save(out, np.zeros(8))
    false = out.getvalue().replace(b"(8,), }" + b" " * 10, b"(99999999999,), }", 1)
    assert false != out.getvalue()
    with zipfile.ZipFile(tmp_path / "false.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", false)
    with pytest.raises(DataError, match=r"a\.npy has a header of shape"):
        read_npz(tmp_path / "false.npz", "false.npz", ["a"])
    with (
        zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.npy", "w", force_zip64=True) as member,
    ):
        for _ in range(300):
            member.write(bytes(2**20))
    with pytest.raises(DataError, match=r"a.npy unpacks from \d+ to 314572800 bytes"):
        read_npz(tmp_path / "bomb.npz", "bomb.npz", ["a"])


@pytest.mark.parametrize("rate", [0, 1, 2**31 - 1])
def test_a_sampling_rate_that_no_sound_has(tmp_path: Path, rate: int) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(200))
    content = bytearray((tmp_path / "a.wav").read_bytes())
    content[24:28] = struct.pack("<I", rate)
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(DataError, match=f"a.wav: a sampling rate of {rate} Hz"):
        read_wav(tmp_path / "a.wav")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [("t", 2**62, "beyond"), ("t", -(2**62), "beyond"), ("x", 2**40, "x 1099511627776 is outside"), ("y", -1, "y -1 is outside")],
)
def test_an_event_far_outside(tmp_path: Path, field: str, value: int, message: str) -> None:
    events = {"x": np.arange(4), "y": np.arange(4), "p": np.arange(4) % 2, "t": np.arange(4)} | {field: np.array([value] * 4)}
    np.savez(tmp_path / "a.npz", **events)
    with pytest.raises(DataError, match=message):
        read_npz_events(tmp_path / "a.npz", 34, 34)


def test_a_sensor_of_any_size_is_refused_before_it_is_filled(tmp_path: Path) -> None:
    for k in range(8):
        np.savez(tmp_path / f"{k}_label{k % 2}.npz", x=[0, 60_000], y=[0, 60_000], p=[0, 1], t=[0, 9])
    with pytest.raises(DataError, match="pixels to 60000, 60000"):
        registry.load(tmp_path, timesteps=6)


def test_times_in_seconds_are_binned_evenly(tmp_path: Path) -> None:
    for k in range(8):
        np.savez(tmp_path / f"{k}_label{k % 2}.npz", x=np.zeros(10, int), y=np.zeros(10, int), p=np.zeros(10, int), t=np.arange(10) / 10)
    data = registry.load(tmp_path, timesteps=5, validation_share=0.5)
    # at most one event counts for a pixel and bin
    np.testing.assert_array_equal(data.train.inputs[0, :, 0, 0, 0], 1)


def test_hdf5_that_reads_other_files_is_refused(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    from codesign.data.reading.hdf5 import complaint

    (tmp_path / "secret").write_bytes(bytes(80))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("mine", data=np.arange(4))
        assert complaint(file) is None
        file["itself"] = file["/"]
        assert complaint(file) is None
        file["group/soft"] = h5py.SoftLink("/mine")
        assert "/group/soft is a link" in str(complaint(file))
        del file["group/soft"]
        file["outside"] = h5py.ExternalLink("/etc/passwd", "/")
        assert "/outside is a link" in str(complaint(file))
        del file["outside"]
        stored = file.create_dataset("stored", shape=(10,), dtype="f8", external=[(str(tmp_path / "secret"), 0, 80)])
        assert "/stored has its bytes in other files" in str(complaint(file))
        del stored, file["stored"]
        file.create_dataset("bomb", shape=(2**40,), dtype="f8", chunks=(2**20,), compression="gzip")
        assert "/bomb unpacks from" in str(complaint(file))
