"""Image data sets: the embedded digits, IDX files (MNIST, Fashion-MNIST) and CIFAR-10."""

from pathlib import Path

import numpy as np

from codesign.data.dataset import Recipe, array_pool, draw, subset


def digits(folder: Path | None, seed: int) -> Recipe:
    """The 1797 digits of 8x8 pixels that come with scikit-learn; 20 % by seed are the test samples.

    Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI, 1998 (its test part); 17 grey levels.
    """
    from sklearn.datasets import load_digits

    bundle = load_digits()
    pool = array_pool("scikit-learn digits", bundle.images[..., None], bundle.target, scale=16)
    kept, drawn = draw(pool.labels, 0.2, np.random.default_rng(seed))
    return Recipe("digits", subset(pool, kept), subset(pool, drawn), 10, "frames", validation_share=0.25)
