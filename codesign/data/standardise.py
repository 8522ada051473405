"""Features of any range, brought into that of a chip's inputs."""

import dataclasses
from typing import Final

import numpy as np

from codesign.data.dataset import DataError, Pool, Recipe, Standard

DEVIATIONS: Final = 3.0
"""Standard deviations to each side that are told apart; 99.7 % of a normal distribution."""
_CHUNK: Final = 4096


def standardised(recipe: Recipe) -> Recipe:
    """The same with each feature (last axis) as its distance from the mean of the training samples, in standard deviations.

    Distances beyond `DEVIATIONS` are cut off, and the rest mapped to [0, 1], which is what encoders and converters take: the mean becomes
    0.5. What never varies becomes 0.5 everywhere. Validation samples that are drawn from the training pool are among those counted; test
    samples are not.

    Raises:
        DataError: a value that is not finite.
    """
    mean, deviation = _statistics(recipe.train)
    # a constant is at its mean everywhere, whatever it is divided by
    standard = Standard(mean, np.where(deviation > 0, deviation, 1.0), DEVIATIONS)

    def of(pool: Pool) -> Pool:
        return dataclasses.replace(pool, read=lambda indices: standard(pool.read(indices)))

    validation = None if recipe.validation is None else of(recipe.validation)
    return dataclasses.replace(recipe, train=of(recipe.train), test=of(recipe.test), validation=validation, standard=standard)


def _statistics(pool: Pool) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each feature; in two passes, as squares of large values would cancel."""
    mean = _averaged(pool, np.zeros(pool.sample_shape[-1]), 1)
    if not np.all(np.isfinite(mean)):
        raise DataError(f"{pool.where}: a value is not finite")
    return mean, np.sqrt(_averaged(pool, mean, 2))


def _averaged(pool: Pool, centre: np.ndarray, power: int) -> np.ndarray:
    total, count = np.zeros(pool.sample_shape[-1]), 0
    for start in range(0, len(pool.labels), _CHUNK):
        block = pool.read(np.arange(start, min(start + _CHUNK, len(pool.labels)))).reshape(-1, pool.sample_shape[-1])
        total += ((block.astype(np.float64) - centre) ** power).sum(axis=0)
        count += len(block)
    return total / max(count, 1)
