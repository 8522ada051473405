"""CIFAR-10 in its standard forms (Python or binary batches), and a lossy JPEG subset of it.

Source of the formats: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009, and its data page.
"""

import hashlib
import io
import pickle
import tarfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from codesign.data.dataset import DataError, Recipe, Request, array_pool
from codesign.data.reading import files
from codesign.data.reading.arrays import read_npz

# stored as differences, which saves 14 MB
_JPEG: Final = "cifar10_jpeg/cifar10_jpeg_12k_delta.npz"
_ARCHIVE: Final = "cifar10/cifar-10-python.tar.gz"
_BATCHES: Final = tuple(f"data_batch_{number}" for number in range(1, 6))
_PIXELS: Final = 3 * 32 * 32
# what pickled arrays are made of; NumPy 2 renamed its module, and protocol 2 may spell bytes as an encoded text
_SAFE_GLOBALS: Final = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}

Part = tuple[np.ndarray, np.ndarray, tuple[str, str]]


class _ArraysOnly(pickle.Unpickler):
    """Reads arrays and refuses everything else, since a pickle can run code."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _SAFE_GLOBALS:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a CIFAR batch")
        # the published batches were pickled long before NumPy 2
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def decode_python_batch(content: bytes, where: Path | str) -> tuple[np.ndarray, np.ndarray]:
    """Images `[N, 32, 32, 3]` uint8 and labels of a pickled batch.

    Raises:
        DataError: not such a batch.
    """
    try:
        # written by Python 2, whose text is bytes: so are the keys
        batch = _ArraysOnly(io.BytesIO(content), encoding="bytes").load()
        data, labels = np.asarray(batch[b"data"]), np.asarray(batch[b"labels"])
    except Exception as error:  # a corrupt pickle can raise anything
        raise DataError(f"{where}: not a CIFAR-10 Python batch ({error})") from error
    if data.ndim != 2 or data.shape[1] != _PIXELS or data.dtype != np.uint8 or labels.shape != data.shape[:1]:
        raise DataError(f"{where}: data of shape {data.shape} {data.dtype} with {labels.shape} labels; expected [N, {_PIXELS}] uint8")
    # stored colour by colour; channels are last here
    return data.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), labels


def decode_binary_batch(content: bytes, where: Path | str) -> tuple[np.ndarray, np.ndarray]:
    """Images `[N, 32, 32, 3]` uint8 and labels of a binary batch: records of one label byte and 3072 pixel bytes.

    Raises:
        DataError: the size is not a whole number of records.
    """
    if not content or len(content) % (_PIXELS + 1):
        raise DataError(f"{where}: {len(content)} bytes are not a whole number of {_PIXELS + 1}-byte records: truncated?")
    records = np.frombuffer(content, np.uint8).reshape(-1, _PIXELS + 1)
    return records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), records[:, 0]


def _batch_files(folder: Path | None, pattern: str, decode: Callable[..., tuple[np.ndarray, np.ndarray]]) -> list[Part] | None:
    parts: list[Part] = []
    for name in (*_BATCHES, "test_batch"):
        relative = pattern.format(name)
        # also without our folder: the archive unpacks into a folder of its own
        path = files.find(f"cifar10/{relative}", folder) or files.find(relative, folder)
        if path is None:
            # some batches without the others are a broken copy, which the JPEG subset must not hide
            if parts:
                raise files.missing(f"cifar10/{relative}", folder, " (the other batches are there)")
            return None
        content = files.read_bytes(path)
        parts.append((*decode(content, path), (relative, hashlib.sha256(content).hexdigest())))
    return parts


def _archive(folder: Path | None) -> list[Part]:
    path, content, _ = files.read_known(_ARCHIVE, folder)
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            members = {Path(member.name).name: member for member in archive.getmembers() if member.isfile()}
            contents = {name: archive.extractfile(members[name]).read() for name in (*_BATCHES, "test_batch")}  # type: ignore[union-attr]
    except (tarfile.TarError, OSError, EOFError, KeyError) as error:
        raise DataError(f"{path}: corrupt or truncated archive ({error})") from error
    return [
        (*decode_python_batch(content, f"{path}: {name}"), (name, hashlib.sha256(content).hexdigest()))
        for name, content in contents.items()
    ]


def _standard(folder: Path | None) -> list[Part] | None:
    return _batch_files(folder, "cifar-10-batches-py/{}", decode_python_batch) or _batch_files(
        folder, "cifar-10-batches-bin/{}.bin", decode_binary_batch
    )


def cifar10(request: Request) -> Recipe:
    """The standard batches where they are (`cifar-10-batches-py`, `-bin` or the Python archive), else the JPEG subset by its name.

    Where nothing is there the archive is downloaded.

    Raises:
        DataError: nothing is there and it cannot be downloaded, or a batch is corrupt.
    """
    parts = _standard(request.folder)
    here = parts is not None or files.find(_ARCHIVE, request.folder) is not None
    if not here and files.find(_JPEG, request.folder):
        warnings.warn("cifar10: the standard batches are not there, so the lossy subset cifar10_jpeg is used", stacklevel=2)
        return cifar10_jpeg(request)
    parts = parts or _archive(request.folder)
    # the test batch is read last, whatever the form
    images, labels = (np.concatenate([part[field] for part in parts[:-1]]) for field in (0, 1))
    train = array_pool("CIFAR-10 data_batch_1 to 5", images, labels, scale=255)
    test = array_pool("CIFAR-10 test_batch", parts[-1][0], parts[-1][1], scale=255)
    return Recipe("cifar10", train, test, 10, "frames", sources=tuple(part[2] for part in parts))


def decode_deltas(deltas: np.ndarray) -> np.ndarray:
    """Images `[N, H, W, 3]` from differences `[N, 3, H, W]` along rows and columns, planes (R - G, G, B - G), modulo 256."""
    # bytes throughout: the differences wrap at 256, and their sums have to
    planes = deltas.cumsum(axis=2, dtype=np.uint8).cumsum(axis=3, dtype=np.uint8)
    planes[:, 0] += planes[:, 1]
    planes[:, 2] += planes[:, 1]
    return planes.transpose(0, 2, 3, 1)


def cifar10_jpeg(request: Request) -> Recipe:
    """10000 + 2000 photographs of CIFAR-10 that went through JPEG: not comparable with published CIFAR-10 accuracies."""
    path, content, source = files.read_known(_JPEG, request.folder)
    arrays = read_npz(io.BytesIO(content), path, ("d_train", "y_train", "d_test", "y_test"))
    pools = []
    for part in ("train", "test"):
        deltas, labels = arrays[f"d_{part}"], arrays[f"y_{part}"]
        if deltas.ndim != 4 or deltas.shape[1] != 3 or deltas.dtype != np.uint8 or labels.shape != deltas.shape[:1]:
            raise DataError(f"{path}: d_{part} {deltas.shape} {deltas.dtype} with y_{part} {labels.shape}; expected [N, 3, H, W] uint8")
        pools.append(array_pool(f"{path}: {part}", decode_deltas(deltas), labels, scale=255))
    return Recipe("cifar10_jpeg", pools[0], pools[1], 10, "frames", sources=(source,))
