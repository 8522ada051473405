import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.compare.statistics import cliffs_delta, holm, median_interval, rank_biserial, wilcoxon
from search.objectives.pareto import hypervolume, inverted_generational_distance, non_dominated, normalised_hypervolume

# few different values, so that rows tie and repeat; some are no numbers
POINTS = st.integers(1, 4).flatmap(
    lambda columns: st.lists(st.tuples(*[st.sampled_from([0, 1, 2, 3, 1e-300, 1e300, np.nan, np.inf])] * columns), max_size=20)
)


@settings(deadline=None, max_examples=100)
@given(points=POINTS)
def test_front_is_what_the_definition_says(points: list[tuple[float, ...]]) -> None:
    values = np.array(points, float).reshape(len(points), -1 if points else 2)
    front = non_dominated(values)
    for i, a in enumerate(values):
        if not np.all(np.isfinite(a)):
            assert not front[i]
            continue
        beaten = any(np.all(b <= a) and np.any(b < a) for b in values if np.all(np.isfinite(b)))
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


def test_igd_plus_of_known_sets() -> None:
    known = np.array([[0.0, 1.0], [1.0, 0.0]])
    assert inverted_generational_distance(known, known) == pytest.approx(0)
    assert inverted_generational_distance(known - 0.1, known) == pytest.approx(0), "nothing is lacking beyond the front"
    assert inverted_generational_distance(known[:1], known) == pytest.approx(0.5), "the second lacks 1 in one direction only"
    assert inverted_generational_distance(np.array([[np.nan, 0.0]]), known) == np.inf


def test_holm_keeps_order_and_known_values() -> None:
    """Worked example: 0.01, 0.04, 0.03 -> 3 x 0.01, then 2 x 0.03, and 0.04 raised to that."""
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03])), [0.03, 0.06, 0.06])
    np.testing.assert_allclose(holm(np.array([0.9, 0.8])), [1, 1])
    assert holm(np.zeros(0)).shape == (0,)


def test_paired_statistics() -> None:
    ours = np.arange(10.0) + 1
    assert wilcoxon(ours, np.arange(10.0)) < 0.01
    assert wilcoxon(ours, ours) == 1
    assert rank_biserial(ours, np.arange(10.0)) == 1
    assert rank_biserial(ours, ours) == 0
    assert rank_biserial(np.array([1.0, 0, 0]), np.array([0.0, 2, 0])) == pytest.approx((1 - 2) / 3)
    assert cliffs_delta(np.array([3.0, 4]), np.array([1.0, 2])) == 1
    assert cliffs_delta(np.array([1.0, 4]), np.array([2.0, 3])) == 0


def test_interval_of_the_median_holds_it() -> None:
    values = np.array([0.4, 0.5, 0.55, 0.6, 0.9])
    low, high = median_interval(values)
    assert 0.4 <= low < 0.55 < high <= 0.9
    assert median_interval(values) == (low, high)
