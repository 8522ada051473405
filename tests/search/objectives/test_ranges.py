"""Shares of the box of a hypervolume, and what counts as feasible."""

import numpy as np
import pytest

from search.joint import lagrangian
from search.objectives import registry as objective


@pytest.mark.parametrize("name", ["energy", "error", "accuracy", "spikes"])
def test_no_share_is_better_than_the_best(name: str) -> None:
    found = objective.find(name)
    values = np.concatenate([[0, 1, 0.5], 10 ** np.random.default_rng(0).uniform(-9, 9, 200)])
    shares = found.share(values, 10.0)
    assert shares.min() >= 0
    assert np.all(np.isnan(found.share(np.asarray([np.nan, np.inf, -np.inf]), 10.0)))


def test_what_is_not_finite_is_not_feasible() -> None:
    g = np.asarray([[-np.inf, -1], [np.nan, -1], [np.inf, -1], [-2, 0]], np.float32)
    np.testing.assert_array_equal(lagrangian.feasible(g), [False, False, False, True])
