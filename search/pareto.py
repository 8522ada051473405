"""Fronts: which designs are worth building, and how good a set of them is."""

import numpy as np
from numpy.typing import NDArray


def non_dominated(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Rows that no other row beats: at least as good everywhere and better somewhere (all columns are minimised).

    Args:
        values: `[points, objectives]`; a row with a NaN is never on the front. Of equal rows the first is kept.
    """
    values = np.asarray(values, np.float64)
    finite = np.all(np.isfinite(values), axis=1)
    front = finite.copy()
    for i in np.flatnonzero(finite):
        others = finite.copy()
        others[i] = False
        no_worse = np.all(values <= values[i], axis=1) & others
        better = np.any(values < values[i], axis=1)
        earlier_twin = np.arange(len(values)) < i
        front[i] = not np.any(no_worse & (better | earlier_twin))
    return front


def hypervolume(values: NDArray[np.float64], reference: NDArray[np.float64]) -> float:
    """Volume between a set of points and `reference` (both `[.., objectives]`, minimised); points beyond it add nothing."""
    from pymoo.indicators.hv import HV

    values = np.asarray(values, np.float64)
    inside = values[np.all(np.isfinite(values) & (values < reference), axis=1)]
    return float(HV(ref_point=np.asarray(reference, np.float64))(inside)) if len(inside) else 0.0


def normalised_hypervolume(error: NDArray[np.float64], energy_pj: NDArray[np.float64], energy_reference_pj: float) -> float:
    """Hypervolume of (error, log10 energy), as a share of the box from (0, reference / 1000) to (0.9, 10 reference).

    Ten classes by chance are 90 % wrong. The energy is counted in decades, as a factor counts the same anywhere.
    """
    decades = np.log10(np.maximum(np.asarray(energy_pj, np.float64), 1e-9) / energy_reference_pj)
    points = np.stack([np.asarray(error, np.float64) / 0.9, (decades + 3) / 4], axis=1)
    return hypervolume(np.clip(points, 0, None), np.ones(2))
