"""Whether one searcher is better than another, by how much, and how sure that is: tests and effect sizes over seeds."""

import numpy as np
from numpy.typing import NDArray


def wilcoxon(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """Two-sided p-value of the paired signed-rank test of `ours` against `theirs` `[pairs]`; 1 where all pairs are equal."""
    from scipy import stats

    difference = np.asarray(ours, np.float64) - np.asarray(theirs, np.float64)
    # scipy divides by 0 where there are no ranks to sum
    return 1.0 if not np.any(difference) else float(stats.wilcoxon(difference).pvalue)


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """`p_values` `[tests]` adjusted for several tests (Holm 1979): the family-wise error is kept."""
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p, kind="stable")
    # a larger p-value never gets a smaller adjusted one
    steps = np.minimum(np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order]), 1)
    adjusted = np.empty_like(p)
    adjusted[order] = steps
    return adjusted


def rank_biserial(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """Effect size of paired samples (Kerby 2014): share of rank sum in favour of `ours` minus that of `theirs`, from -1 to 1."""
    from scipy import stats

    difference = np.asarray(ours, np.float64) - np.asarray(theirs, np.float64)
    # equal pairs have no sign; Wilcoxon's test leaves them out as well
    difference = difference[difference != 0]
    if not len(difference):
        return 0.0
    ranks = stats.rankdata(np.abs(difference))
    return float(np.sum(ranks * np.sign(difference)) / np.sum(ranks))


def cliffs_delta(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """Effect size of unpaired samples: chance that one of `ours` is larger than one of `theirs`, minus the reverse, from -1 to 1."""
    return float(np.mean(np.sign(np.asarray(ours, np.float64)[:, None] - np.asarray(theirs, np.float64)[None])))


def median_interval(values: NDArray[np.float64], confidence: float = 0.95, draws: int = 2000) -> tuple[float, float]:
    """Percentile bootstrap interval of the median of `values` `[samples]`; the resampling is always the same."""
    values = np.asarray(values, np.float64)
    chosen = np.random.default_rng(0).integers(len(values), size=(draws, len(values)))
    low, high = np.quantile(np.median(values[chosen], axis=1), [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
