import gzip
import io
import pickle
import struct
import tarfile

import numpy as np
import pytest

from codesign.data import registry
from codesign.data.dataset import DataError
from codesign.data.reading import files
from codesign.data.sets import cifar, images


def idx(array):
    array = np.asarray(array, np.uint8)
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def test_idx_round_trip():
    array = np.random.default_rng(0).integers(0, 256, (5, 4, 3))
    np.testing.assert_array_equal(images.decode_idx(idx(array), "f"), array)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an IDX file"),
        (b"PNG\0" * 9, "not an IDX file"),
        (b"\0\0\x0d\x01" + b"\0" * 8, "not an IDX file of unsigned bytes"),
        (idx(np.zeros((2, 3, 3)))[:9], "truncated in its header"),
        (idx(np.zeros((2, 3, 3)))[:-1], "needs 18 bytes of data, the file has 17"),
        (idx(np.zeros((2, 3, 3))) + b"\0", "the file has 19"),
    ],
)
def test_bad_idx_names_the_file(content, message):
    with pytest.raises(DataError, match=f"some/file: .*{message}"):
        images.decode_idx(content, "some/file")


def put_mnist(folder, train_labels=None, pixels=None):
    rng = np.random.default_rng(0)
    for part, count in (("train", 40), ("t10k", 10)):
        labels = np.arange(count) % 10 if train_labels is None or part == "t10k" else train_labels
        frames = rng.integers(0, 256, (count, 28, 28)) if pixels is None else pixels
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(frames)))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))


@pytest.fixture
def unchecked(monkeypatch):
    monkeypatch.setattr(files, "KNOWN", {})


@pytest.mark.usefixtures("unchecked")
def test_idx_sets_come_out_scaled(tmp_path):
    put_mnist(tmp_path)
    data = registry.load("mnist", folder=tmp_path, validation_share=0.25)
    assert data.train.inputs.shape == (30, 28, 28, 1)
    assert 0.99 < data.train.inputs.max() <= 1
    assert [name for name, _ in data.sources][:1] == ["mnist/train-images-idx3-ubyte.gz"]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"train_labels": np.full(40, 10)}, "train-labels.*record 0: label 10 is outside 0 to 9"),
        ({"train_labels": np.zeros(39)}, r"labels of shape \(39,\) for images of shape \(40, 28, 28\)"),
        ({"pixels": np.zeros((40, 28))}, r"labels of shape \(40,\) for images of shape \(40, 28\)"),
    ],
)
def test_inconsistent_idx_sets_name_the_file(tmp_path, options, message):
    put_mnist(tmp_path, **options)
    with pytest.raises(DataError, match=message):
        registry.load("mnist", folder=tmp_path)


def test_a_changed_known_file_is_refused(tmp_path):
    put_mnist(tmp_path)
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte\.gz: the content's sha256"):
        registry.load("mnist", folder=tmp_path)


RNG = np.random.default_rng(1)
PIXELS = RNG.integers(0, 256, (20, 3072), np.uint8)
LABELS = np.arange(20) % 10
NAMES = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]


def python_batch():
    return pickle.dumps({b"data": PIXELS, b"labels": LABELS.tolist()}, protocol=2)


def binary_batch():
    return np.concatenate([LABELS[:, None].astype(np.uint8), PIXELS], axis=1).tobytes()


def put_batches(folder, form):
    if form == "archive":
        with tarfile.open(folder / "cifar-10-python.tar.gz", "w:gz") as archive:
            for name in NAMES:
                info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
                info.size = len(python_batch())
                archive.addfile(info, io.BytesIO(python_batch()))
        return
    below = folder / "cifar10" / f"cifar-10-batches-{form}"
    below.mkdir(parents=True)
    for name in NAMES:
        (below / (name + (".bin" if form == "bin" else ""))).write_bytes(binary_batch() if form == "bin" else python_batch())


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("form", ["py", "bin", "archive"])
def test_cifar_forms_agree(tmp_path, form):
    put_batches(tmp_path, form)
    data = registry.load("cifar10", folder=tmp_path)
    assert (data.name, data.sample_shape, len(data.test.labels)) == ("cifar10", (32, 32, 3), 20)
    expected = PIXELS.reshape(20, 3, 32, 32).transpose(0, 2, 3, 1) / np.float32(255)
    np.testing.assert_allclose(data.test.inputs, expected, rtol=1e-6)
    np.testing.assert_array_equal(data.test.labels, LABELS)


def test_a_missing_batch_is_named(tmp_path):
    put_batches(tmp_path, "bin")
    (tmp_path / "cifar10/cifar-10-batches-bin/data_batch_3.bin").unlink()
    with pytest.raises(DataError, match=r"data_batch_3\.bin not found"):
        registry.load("cifar10", folder=tmp_path)


def test_truncated_batches_and_archives_are_refused(tmp_path):
    with pytest.raises(DataError, match="not a whole number of 3073-byte records"):
        cifar.decode_binary_batch(binary_batch()[:-1], "f")
    with pytest.raises(DataError, match="f: not a CIFAR-10 Python batch"):
        cifar.decode_python_batch(python_batch()[:-40], "f")
    with pytest.raises(DataError, match=r"data of shape \(20, 5\)"):
        cifar.decode_python_batch(pickle.dumps({b"data": PIXELS[:, :5], b"labels": LABELS}), "f")
    put_batches(tmp_path, "archive")
    path = tmp_path / "cifar-10-python.tar.gz"
    with pytest.raises(DataError, match=r"cifar-10-python\.tar\.gz: the content's sha256"):
        registry.load("cifar10", folder=tmp_path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(DataError, match=r"cifar-10-python\.tar\.gz: corrupt or truncated"):
        registry.load("cifar10", folder=tmp_path)


def test_a_pickle_that_would_run_code_is_refused():
    with pytest.raises(DataError, match="has no place in a CIFAR batch"):
        cifar.decode_python_batch(b"cos\nsystem\n(S'true'\ntR.", "f")


def put_deltas(path, **changes):
    frames = RNG.integers(0, 256, (20, 4, 4, 3), np.uint8)
    planes = np.stack([frames[..., 0] - frames[..., 1], frames[..., 1], frames[..., 2] - frames[..., 1]], 1)
    deltas = np.diff(np.diff(planes, axis=3, prepend=np.uint8(0)), axis=2, prepend=np.uint8(0))
    arrays = {"d_train": deltas, "y_train": LABELS, "d_test": deltas, "y_test": LABELS} | changes
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **arrays)
    return frames


@pytest.mark.usefixtures("unchecked")
def test_deltas_decode_to_the_pixels(tmp_path):
    frames = put_deltas(tmp_path / "cifar10_jpeg/cifar10_jpeg_12k_delta.npz")
    with pytest.warns(UserWarning, match="lossy subset"):
        data = registry.load("cifar10", folder=tmp_path)
    assert data.name == "cifar10_jpeg"
    np.testing.assert_allclose(data.test.inputs, frames / np.float32(255), rtol=1e-6)


@pytest.mark.usefixtures("unchecked")
def test_deltas_of_a_wrong_shape_or_a_truncated_file_are_refused(tmp_path):
    path = tmp_path / "cifar10_jpeg_12k_delta.npz"
    put_deltas(path, y_test=LABELS[:3])
    with pytest.raises(DataError, match=r"d_test .* with y_test \(3,\)"):
        registry.load("cifar10_jpeg", folder=tmp_path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"delta\.npz: corrupt or truncated"):
        registry.load("cifar10_jpeg", folder=tmp_path)
