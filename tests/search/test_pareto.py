import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.pareto import hypervolume, non_dominated, normalised_hypervolume

POINTS = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=20)


@settings(deadline=None, max_examples=100)
@given(points=POINTS)
def test_front_is_what_the_definition_says(points: list[tuple[int, int]]) -> None:
    values = np.array(points, float)
    front = non_dominated(values)
    for i, a in enumerate(values):
        beaten = any(np.all(b <= a) and np.any(b < a) for b in values)
        twin = any(np.all(b == a) for b in values[:i])
        assert front[i] == (not beaten and not twin)


def test_rows_with_nan_are_never_on_the_front() -> None:
    np.testing.assert_array_equal(non_dominated(np.array([[np.nan, 0], [1, 1.0], [2, 2]])), [False, True, False])


def test_hypervolume_of_known_fronts() -> None:
    assert hypervolume(np.array([[0.0, 0.0]]), np.ones(2)) == pytest.approx(1)
    assert hypervolume(np.array([[0.0, 0.5], [0.5, 0.0]]), np.ones(2)) == pytest.approx(0.75)
    assert hypervolume(np.array([[2.0, 2.0]]), np.ones(2)) == 0
    assert hypervolume(np.array([[np.nan, 0.0]]), np.ones(2)) == 0


def test_normalised_hypervolume_grows_with_better_designs() -> None:
    base = normalised_hypervolume(np.array([0.1]), np.array([1e4]), 1e4)
    assert 0 < base < 1
    assert normalised_hypervolume(np.array([0.05]), np.array([1e4]), 1e4) > base
    assert normalised_hypervolume(np.array([0.1]), np.array([1e3]), 1e4) > base
    assert normalised_hypervolume(np.array([0.9]), np.array([1e3]), 1e4) == 0
