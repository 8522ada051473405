"""The measurement on solved wires: what is measured how well, what a gap is, and what a killed unit finds again."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pandas as pd
import pytest

from search.study.store.store import Store
from search.study.unit import Unit
from search.unit.found import Chosen, Session
from search.unit.measured import exact
from search.unit.measured.exact import ExactErrors, Plan

UNIT = Unit("0" * 12, {}, {})
SMALL, LARGE = [(64, 64, 10)], [(256, 256, 10)]


def test_recommended_designs_come_first_and_are_always_measured() -> None:
    sizes = {"d02": SMALL, "d00": LARGE, "d01": SMALL, "d03": LARGE}
    found = exact._affordable(sizes, ["d02", "d00"], chips=2, budget=1000)
    # the large array would take 2800; its cheap solver does for who is recommended, and what is left is no new size
    assert found == {"d02": "exact", "d00": "line mean-field", "d01": "exact", "d03": "line mean-field"}
    assert exact._affordable(sizes, ["d02", "d00"], chips=2, budget=0) == dict.fromkeys(["d02", "d00"], "line mean-field")


def test_a_gap_is_what_solved_wires_err_more_on_the_same_samples() -> None:
    right = np.ones((2, 2, 10))
    right[:, 0, :3] = 0  # solved wires err on three samples, the search's form on one of them
    right[:, 1, 0] = 0
    found = exact._columns(right)
    assert (found["error_exact"], found["exact_gap"], found["exact_samples"]) == pytest.approx((0.3, 0.2, 10))
    assert found["exact_gap_se"] == pytest.approx(np.std([1, 1] + [0] * 8, ddof=1) / 10**0.5)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path) as held:
        held.add_units([UNIT])
        for name in ("d00", "d01"):
            held.journal(UNIT).add_design(name, {"error": 0.1}, pd.DataFrame(columns=["layer", "component"]), {})
        yield held


def test_a_killed_measurement_goes_on_where_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def on_chip(self: Any, network: int, *_: Any) -> tuple[np.ndarray, np.ndarray]:
        asked.append(network)
        if asked == [0, 0, 1]:
            raise KeyboardInterrupt
        return np.zeros(4), np.ones(4)

    monkeypatch.setattr(ExactErrors, "plan", lambda *_: Plan({"d00": "exact", "d01": "exact"}, 1, 4))
    monkeypatch.setattr(ExactErrors, "_samples", lambda *_: None)
    monkeypatch.setattr(ExactErrors, "_on_chip", on_chip)
    monkeypatch.setattr(exact, "as_values", lambda *_: {})
    errors = object.__new__(ExactErrors)
    errors.problem = SimpleNamespace(space=None)  # type: ignore[assignment]
    candidates: Any = [SimpleNamespace(network=number, point={}) for number in range(2)]
    config: Any = SimpleNamespace(seed=0, search=SimpleNamespace(chips=3, exact_chips=2))

    def measure() -> None:
        keys = {"measure": jax.random.key(0)}
        own = Session(config, store.journal(UNIT), lambda *_: None, lambda: None, keys)
        errors(Chosen(candidates, {}, lambda _: {}, {}), own)

    with pytest.raises(KeyboardInterrupt):
        measure()
    measure()
    assert asked == [0, 0, 1, 1, 1]
    rows = store.journal(UNIT).designs()
    assert [row["exact_gap"] for row in rows.values()] == [1, 1]
    assert rows["d00"]["error"] == 0.1
