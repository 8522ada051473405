"""A comparison can be widened: what a searcher draws does not depend on who else there is."""

import jax
import pytest

from search.blackbox import registry
from search.unit.budgeted import stream


def test_streams_of_random_numbers_are_each_searchers_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [stream(name) for name in ("coordinate", "gradient", "nsga2", "random", "supernet_nsga2", "tpe")] == [0, 1, 2, 3, 4, 5]
    before = {name: stream(name) for name in registry.REGISTRY}
    monkeypatch.setitem(registry.REGISTRY, "annealing", ("nowhere:Annealing", "sorts before all others"))
    after = {name: stream(name) for name in registry.REGISTRY}
    assert {name: after[name] for name in before} == before
    assert len(set(after.values())) == len(after)
    jax.random.fold_in(jax.random.key(0), after["annealing"])  # of 32 bits
