"""A finite corner is a design, whatever its neighbours are."""

from types import SimpleNamespace

import jax
import numpy as np
import pytest

from codesign.parameters.integer import Integer
from codesign.parameters.space import Space
from search.designs.candidate import Scores
from search.joint.harden import Hardener, NothingFiniteError


def hardener(finite: set[float]) -> Hardener:
    """One that finds merit only at some values of its only parameter."""
    found = object.__new__(Hardener)
    found.problem = SimpleNamespace(space=Space({"bits": Integer(1, 8)}, 1), objectives=(SimpleNamespace(name="error"),))  # type: ignore[assignment]

    def score(network, points, preference, key) -> Scores:
        values = np.array([[p["bits"] if p["bits"] in finite else np.nan] for p in points])
        return Scores(values, values[:, 0], np.zeros((len(points), 0)), values)

    found.score = score  # type: ignore[method-assign]
    return found


def test_a_corner_without_finite_neighbours_stands() -> None:
    point, rounded = hardener({4.0}).harden(None, {"bits": np.float32(4)}, np.ones(1), jax.random.key(0))  # type: ignore[arg-type]
    assert (point, rounded) == ({"bits": 4.0}, [4.0])


def test_without_a_finite_corner_there_is_no_design() -> None:
    with pytest.raises(NothingFiniteError, match="error not finite"):
        hardener({7.0}).harden(None, {"bits": np.float32(4)}, np.ones(1), jax.random.key(0))  # type: ignore[arg-type]
