"""Fronts: which designs are worth building, and how good a set of them is."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from search.objectives.base import AbstractObjective


def non_dominated(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Rows that no other row beats: at least as good everywhere and better somewhere (all columns are minimised).

    Args:
        values: `[points, objectives]`; a row with a NaN is never on the front. Of equal rows the first is kept.
    """
    values = np.asarray(values, np.float64)
    front = np.zeros(len(values), bool)
    finite = np.flatnonzero(np.all(np.isfinite(values), axis=1))
    # places among a column's values are exact where sums of values would round: what beats a row has a smaller sum of them
    places = np.stack([np.unique(column, return_inverse=True)[1] for column in values[finite].T]).astype(np.int32)
    left = np.argsort(places.sum(axis=0), kind="stable")
    places = places[:, left]
    while len(left):
        # nothing that is left beats the first, nor is an earlier twin of it; it and all that it covers are done with
        front[finite[left[0]]] = True
        keep = np.any(places < places[:, :1], axis=0)
        left, places = left[keep], places[:, keep]
    return front


def hypervolume(values: NDArray[np.float64], reference: NDArray[np.float64]) -> float:
    """Volume between a set of points and `reference` (both `[.., objectives]`, minimised); points beyond it add nothing."""
    # imported here: fronts alone do without pymoo
    from pymoo.indicators.hv import HV

    values = np.asarray(values, np.float64)
    inside = values[np.all(np.isfinite(values) & (values < reference), axis=1)]
    return float(HV(ref_point=np.asarray(reference, np.float64))(inside)) if len(inside) else 0.0


def representatives(values: NDArray[np.float64], most: int) -> list[int]:
    """Rows that keep most of a front's hypervolume, chosen one after another (greedy; at least 63 % of the best choice's).

    Guerreiro, Fonseca and Paquete, Evolutionary Computation 2016: hypervolume is submodular.

    Args:
        values: the front, `[points, objectives]`, minimised, on scales that can be compared; the box is 1.1 times its extent.
        most: how many to choose.
    """
    values = np.asarray(values, np.float64)
    if len(values) <= most:
        return list(range(len(values)))
    low, high = values.min(axis=0), values.max(axis=0)
    # the box reaches beyond the worst, or the ends of the front would have no volume
    shares, corner = (values - low) / np.where(high > low, high - low, 1), np.full(values.shape[1], 1.1)
    chosen = list[int]()
    while len(chosen) < most:
        left = [i for i in range(len(values)) if i not in chosen]
        chosen.append(max(left, key=lambda i: hypervolume(shares[[*chosen, i]], corner)))
    return chosen


def normalised_hypervolume(error: NDArray[np.float64], energy_pj: NDArray[np.float64], energy_reference_pj: float) -> float:
    """Hypervolume of (error, log10 energy), as a share of the box from (0, reference / 1000) to (0.9, 10 reference).

    Ten classes by chance are 90 % wrong. The energy is counted in decades, as a factor counts the same anywhere.
    """
    decades = np.log10(np.maximum(np.asarray(energy_pj, np.float64), 1e-9) / energy_reference_pj)
    points = np.stack([np.asarray(error, np.float64) / 0.9, (decades + 3) / 4], axis=1)
    # a design beyond the best corner counts as one at it
    return hypervolume(np.clip(points, 0, None), np.ones(2))


def inverted_generational_distance(values: NDArray[np.float64], known: NDArray[np.float64]) -> float:
    """IGD+ (Ishibuchi et al. 2015): mean distance from the points of a known front to what a set lacks to dominate them; 0 is best.

    Args:
        values: `[points, objectives]`, minimised, on comparable scales.
        known: the front, likewise.

    Returns:
        The distance; infinite for a set without finite points.
    """
    from pymoo.indicators.igd_plus import IGDPlus

    values = np.asarray(values, np.float64)
    finite = values[np.all(np.isfinite(values), axis=1)]
    return float(IGDPlus(np.asarray(known, np.float64))(finite)) if len(finite) else float("inf")


def study_hypervolume(objectives: Sequence[AbstractObjective], values: NDArray[np.float64], references: Sequence[float]) -> float:
    """Share of the box between nothing and the best that a set of designs dominates; see `AbstractObjective.share`.

    Args:
        objectives: what the columns are.
        values: reported, `[designs, objectives]`.
        references: value of each that counts as ordinary.
    """
    values = np.asarray(values, np.float64)
    shares = [o.share(values[:, i], reference) for i, (o, reference) in enumerate(zip(objectives, references, strict=True))]
    # a design beyond the best corner counts as one at it, so that the volume stays a share
    return hypervolume(np.clip(np.stack(shares, axis=1), 0, None), np.ones(len(objectives)))
