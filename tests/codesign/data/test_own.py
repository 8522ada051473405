import numpy as np
import pytest

from codesign.data import registry
from codesign.data.dataset import DataError

RNG = np.random.default_rng(0)


def frames(**changes):
    arrays = {
        "x_train": RNG.random((30, 4, 4, 1), np.float32),
        "y_train": np.arange(30) % 3,
        "x_test": RNG.random((6, 4, 4, 1), np.float32),
        "y_test": np.arange(6) % 3,
    }
    return arrays | changes


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_frames_come_back_whatever_the_compression(tmp_path, save):
    arrays = frames()
    save(tmp_path / "mine.npz", **arrays)
    data = registry.load(tmp_path / "mine.npz", validation_share=0.2)
    assert (data.name, data.kind, data.classes, data.sample_shape) == ("mine", "frames", 3, (4, 4, 1))
    assert [len(split.labels) for split in (data.train, data.validation, data.test)] == [24, 6, 6]
    np.testing.assert_array_equal(data.test.inputs, arrays["x_test"])
    assert len(data.sources[0][1]) == 64


def test_a_folder_of_npy_files_is_the_same(tmp_path):
    arrays = frames()
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    np.testing.assert_array_equal(registry.load(str(tmp_path)).test.inputs, arrays["x_test"])


def test_bytes_are_scaled_and_an_official_validation_split_is_kept(tmp_path):
    arrays = frames(x_train=np.full((30, 4, 4, 1), 255, np.uint8), x_validation=np.zeros((3, 4, 4, 1)), y_validation=np.arange(3))
    np.savez(tmp_path / "mine.npz", **arrays)
    data = registry.load(tmp_path / "mine.npz")
    assert data.train.inputs.max() == 1
    assert len(data.train.labels) == 30
    np.testing.assert_array_equal(data.validation.labels, np.arange(3))


def test_axes_and_an_explicit_kind_tell_frames_from_events(tmp_path):
    path = tmp_path / "mine.npz"
    for shape, options, kind in (
        ((5,), {}, "frames"),
        ((7, 5), {}, "events"),
        ((4, 4, 1), {}, "frames"),
        ((4, 4, 1), {"kind": "events"}, "events"),
        ((7, 4, 4, 2), {}, "events"),
    ):
        arrays = frames(x_train=np.zeros((30, *shape)), x_test=np.zeros((6, *shape)))
        np.savez(path, **arrays, **options)
        assert registry.load(path).kind == kind


def test_labels_for_each_step(tmp_path):
    arrays = frames(x_train=np.zeros((30, 7, 2)), x_test=np.zeros((6, 7, 2)))
    arrays |= {"y_train": RNG.integers(-1, 3, (30, 7)), "y_test": RNG.integers(-1, 3, (6, 7)), "classes": 3}
    np.savez(tmp_path / "mine.npz", **arrays)
    assert registry.load(tmp_path / "mine.npz").train.labels.shape[1:] == (7,)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_train": RNG.random((30, 4, 4, 1)) * 2}, r"mine\.npz: train: record \d+: value .* is not in \[0, 1\] \(or uint8\)"),
        ({"x_test": np.full((6, 4, 4, 1), np.nan)}, "test: record 0: value nan"),
        ({"y_train": np.arange(29)}, r"y_train has shape \(29,\) for x_train of shape \(30, 4, 4, 1\)"),
        ({"y_train": np.arange(30) % 3 * 1.0}, "y_train must be integers"),
        ({"y_test": np.array([0, 1, 2, 0, -1, 1])}, r"test: record 4: label -1 is outside 0 to 2"),
        ({"classes": 2}, "record 2: label 2 is outside 0 to 1"),
        ({"y_train": np.arange(30) % 3 + 1, "y_test": np.arange(6) % 3 + 1}, "labels begin at 1; they count from 0"),
        ({"x_test": np.zeros((6, 5, 5, 1))}, r"samples have shape \(5, 5, 1\), those of .*train \(4, 4, 1\)"),
        ({"x_test": np.zeros((0, 4, 4, 1)), "y_test": np.zeros(0, int)}, r"mine\.npz: test: no samples"),
        ({"x_train": np.array(["a"] * 30)}, "expected numbers"),
        ({"kind": "film"}, "kind is 'film'; use 'frames' or 'events'"),
    ],
)
def test_unusable_arrays_are_named(tmp_path, save, changes, message):
    save(tmp_path / "mine.npz", **frames(**changes))
    with pytest.raises(DataError, match=message):
        registry.load(tmp_path / "mine.npz")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("cut", [10, 2000, -1])
def test_truncated_files_are_named(tmp_path, save, cut):
    path = tmp_path / "mine.npz"
    save(path, **frames())
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DataError, match=r"mine\.npz: corrupt or truncated"):
        registry.load(path)


def test_a_flipped_bit_in_a_mapped_array_is_noticed(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, **frames())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"mine\.npz: corrupt or truncated"):
        registry.load(path)


def test_a_missing_array_or_file_is_named(tmp_path):
    arrays = frames()
    del arrays["y_test"]
    (tmp_path / "empty").mkdir()
    np.savez(tmp_path / "mine.npz", **arrays)
    with pytest.raises(DataError, match=r"mine\.npz: no array 'y_test'; it has x_train"):
        registry.load(tmp_path / "mine.npz")
    with pytest.raises(DataError, match=r"other\.npz: no such file or folder"):
        registry.load(tmp_path / "other.npz")
    with pytest.raises(DataError, match=r"no \.npy, \.wav, \.bin, \.aedat or \.npz files"):
        registry.load(tmp_path / "empty")
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(DataError, match=r"mine\.txt: data of your own are"):
        registry.load(tmp_path / "mine.txt")


def test_packed_recordings_by_path_get_a_split_by_seed(tmp_path):
    events = np.zeros((300, 5), np.uint8)
    events[:, 2] = 128
    np.savez(tmp_path / "mine.npz", events=events, offsets=np.arange(31) * 10, labels=np.arange(30) % 3)
    data = registry.load(tmp_path / "mine.npz", timesteps=2, validation_share=0.5)
    assert [len(split.labels) for split in (data.train, data.validation, data.test)] == [12, 12, 6]
    assert data.train.inputs[0, 0, 0, 0, 1] == data.train.inputs[0].sum() == 1


@pytest.mark.parametrize("suffix", [".npz", ".aedat"])
def test_a_folder_of_camera_recordings_is_timed_from_their_first_events(tmp_path, suffix):
    for k in range(20):
        time, x = np.array([5000, 5000 + 99]), np.array([3, k % 2])
        path = tmp_path / "mine" / f"{k}_label{k % 2}{suffix}"
        path.parent.mkdir(exist_ok=True)
        if suffix == ".npz":
            np.savez(path, x=x, y=[0, 2], p=[1, -1], t=time)
        else:
            # a DVS128 counts columns from the right, and 0 is a rise
            address = (127 - x) << 1 | np.array([0, 2]) << 8 | [0, 1]
            path.write_bytes(b"#!AER-DAT2.0\r\n" + np.stack([address, time], 1).astype(">u4").tobytes())
    data = registry.load(tmp_path / "mine", timesteps=2, validation_share=0.5)
    assert data.sample_shape == ((2, 3, 4, 2) if suffix == ".npz" else (2, 128, 128, 2))
    np.testing.assert_array_equal(data.train.inputs[:, 0, 0, 3, 1], 1)
    np.testing.assert_array_equal(data.train.inputs[:, 1, 2, 1, 0], data.train.labels)
    (tmp_path / "mine" / f"bad_label1{suffix}").write_bytes(b"#")
    with pytest.raises(DataError, match=rf"bad_label1\{suffix}: "):
        registry.load(tmp_path / "mine")


def test_a_folder_here_is_found_without_a_slash_and_names_come_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits").mkdir()
    (tmp_path / "mine").mkdir()
    for name, array in frames().items():
        np.save(tmp_path / "mine" / f"{name}.npy", array)
    assert registry.load("mine").name == "mine"
    assert registry.load("digits", limit=20).sample_shape == (8, 8, 1)


def test_timesteps_cannot_be_asked_of_what_has_its_own(tmp_path):
    np.savez(tmp_path / "mine.npz", **frames(x_train=np.zeros((30, 7, 2)), x_test=np.zeros((6, 7, 2))))
    with pytest.raises(ValueError, match="timesteps=4 cannot be asked of mine, which has 7 steps of its own"):
        registry.load(tmp_path / "mine.npz", timesteps=4)
    with pytest.raises(ValueError, match="no time axis: encode it"):
        registry.load("digits", timesteps=4)
    with pytest.raises(ValueError, match="at least 1"):
        registry.load("synthetic", timesteps=0)
