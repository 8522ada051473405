"""What a study says of its prices: who stays on the front, and what could change that."""

import numpy as np
import pandas as pd
import pytest

from search.objectives.registry import find
from search.results.prices import influential, with_prices
from search.results.recommend import infeasible
from search.results.view import View

VIEW = View((find("error"), find("energy")))
DESIGNS = pd.DataFrame({"design": ["a", "b", "c"], "feasible": [True, True, False], "on_front": [True, True, False]})
# errors are the same in every draw; b is the cheaper one in three draws of four
VALUES = {"a": [[0.1, 1.0]] * 4, "b": [[0.1, 0.9], [0.1, 0.8], [0.1, 0.7], [0.1, 1.1]], "c": [[0.0, 0.1]] * 4}
SLOPES = {"a": {"leak": 0.9, "adder": 0.1}, "b": {"leak": 0.9, "adder": 0.6}, "c": {"leak": 0.0, "adder": 0.0}}
DRAWN = {name: {"values": VALUES[name], "elasticities": SLOPES[name]} for name in VALUES}
CONSTANTS = {
    name: {"value": 1.0, "unit": "pJ", "low": 0.5, "high": 2.0, "source": "a paper", "spread": 0.4} for name in ("leak", "adder", "unused")
}


def test_a_design_is_on_the_front_as_often_as_no_feasible_one_beats_it() -> None:
    found = with_prices(VIEW, DESIGNS, DRAWN)
    np.testing.assert_allclose(found.front_probability, [0.25, 0.75, 0.0])


def test_of_a_study_without_draws_nothing_is_said() -> None:
    assert "front_probability" not in with_prices(VIEW, DESIGNS, {})
    nothing = influential(DESIGNS, {}, CONSTANTS, "a")
    assert nothing.empty
    # the file of an empty table is read like that of a full one
    assert list(nothing.columns) == list(influential(DESIGNS, DRAWN, CONSTANTS, "a").columns)


def test_what_moves_all_designs_alike_changes_no_verdict() -> None:
    found = influential(DESIGNS, DRAWN, CONSTANTS, "a")
    assert list(found.constant) == ["adder", "leak"]
    # one standard deviation of 0.4 over a difference of elasticities of 0.5
    assert found["shift"][0] == pytest.approx(20)
    assert found["shift"][1] == pytest.approx(0, abs=1e-9)
    assert found.elasticity[1] == 0.9


def test_one_design_alone_names_what_moves_its_joules() -> None:
    alone = DESIGNS.assign(on_front=[True, False, False])
    assert influential(alone, DRAWN, CONSTANTS, "a").constant[0] == "leak"


def test_no_legal_design_is_told_as_such() -> None:
    designs = pd.DataFrame({"design": ["d00"], "feasible": [False], "violation": [30.0], "tightest": ["excess"], "excess": [0.4055]})
    assert infeasible(designs, VIEW) == "no design is legal: the nearest, d00, asks for 1.5 times what its technology can do"
