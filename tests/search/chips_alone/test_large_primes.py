"""A dimension with a large prime factor is mapped exactly."""

import jax.numpy as jnp
import numpy as np

from search.chips_alone.mappings import SLOTS, K, after_moves


def moved(factors: list[float], prime: int) -> np.ndarray:
    """Factors of K after a move of the prime from the fourth slot to the last."""
    before, move = np.ones((SLOTS, 7), np.float32), np.ones((1, SLOTS, 7), np.float32)
    before[:, K], move[0, 3:, K] = factors, (float(prime) ** -1, prime)
    after = np.asarray(after_moves(jnp.asarray(before), jnp.asarray(move), 128))[0]
    assert np.all(np.delete(after, K, axis=1) == 1)
    return after[:, K]


def test_a_factor_moves_only_where_it_is() -> None:
    np.testing.assert_array_equal(moved([1, 1, 1, 2018, 1], 1009), [1, 1, 1, 2, 1009])
    np.testing.assert_array_equal(moved([7, 1, 5, 12, 4], 3), [7, 1, 5, 4, 12])
    # 1 / 1009 is all but 0, and 1010 / 1009 all but 1
    for factors in ([1, 1, 1, 1, 1009], [1, 1, 1, 1010, 1]):
        np.testing.assert_array_equal(moved(factors, 1009), factors)
