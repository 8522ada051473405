"""Image data sets: the embedded digits, and IDX files (MNIST, Fashion-MNIST)."""

import math
from pathlib import Path
from typing import Final

import numpy as np

from codesign.data.dataset import DataError, Pool, Recipe, Request, array_pool, subset
from codesign.data.reading import files
from codesign.data.splits import draw

_UNSIGNED_BYTE: Final = 8


def digits(request: Request) -> Recipe:
    """The 1797 digits of 8x8 pixels that come with scikit-learn; 20 % by seed are the test samples.

    Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI, 1998 (its test part); 17 grey levels.
    """
    # here, as no other data set needs scikit-learn
    from sklearn.datasets import load_digits

    bundle = load_digits()
    pool = array_pool("scikit-learn digits", bundle.images[..., None], bundle.target, scale=16)
    kept, drawn = draw(pool.labels, 0.2, np.random.default_rng(request.seed))
    # a quarter of the remaining 80 %: shares of 60, 20 and 20 %
    return Recipe("digits", subset(pool, kept), subset(pool, drawn), 10, "frames", validation_share=0.25)


def decode_idx(content: bytes, where: Path | str) -> np.ndarray:
    """Array of an IDX file's (unzipped) content: magic 00 00 08 nd, nd big-endian sizes, then unsigned bytes in C order.

    Source: the format note of Y. LeCun, C. Cortes, "The MNIST database of handwritten digits".

    Raises:
        DataError: another magic number, or more or fewer bytes than the sizes say.
    """
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != _UNSIGNED_BYTE or not content[3]:
        raise DataError(f"{where}: not an IDX file of unsigned bytes (it begins with {content[:4].hex(' ') or 'nothing'})")
    header = 4 + 4 * content[3]
    if len(content) < header:
        raise DataError(f"{where}: truncated in its header")
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", content[3], 4))
    # in Python's integers: the sizes of a corrupt header may multiply beyond 64 bits
    if len(content) - header != math.prod(shape):
        raise DataError(f"{where}: shape {shape} needs {math.prod(shape)} bytes of data, the file has {len(content) - header}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _idx_pool(name: str, part: str, folder: Path | None) -> tuple[Pool, list[tuple[str, str]]]:
    image_path, image_bytes, image_source = files.read_known(f"{name}/{part}-images-idx3-ubyte.gz", folder)
    label_path, label_bytes, label_source = files.read_known(f"{name}/{part}-labels-idx1-ubyte.gz", folder)
    images, labels = decode_idx(image_bytes, image_path), decode_idx(label_bytes, label_path)
    if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels):
        raise DataError(f"{label_path}: labels of shape {labels.shape} for images of shape {images.shape} ({image_path})")
    return array_pool(str(label_path), images[..., None], labels, scale=255), [image_source, label_source]


def _idx(name: str, folder: Path | None) -> Recipe:
    train, train_sources = _idx_pool(name, "train", folder)
    test, test_sources = _idx_pool(name, "t10k", folder)
    return Recipe(name, train, test, 10, "frames", sources=(*train_sources, *test_sources))


def mnist(request: Request) -> Recipe:
    """Handwritten digits, 60000 + 10000 of 28x28 pixels."""
    return _idx("mnist", request.folder)


def fashion_mnist(request: Request) -> Recipe:
    """Clothing, 60000 + 10000 of 28x28 pixels (H. Xiao, K. Rasul, R. Vollgraf, arXiv:1708.07747)."""
    return _idx("fashion_mnist", request.folder)
