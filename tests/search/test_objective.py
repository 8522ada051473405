import sys

import jax
import numpy as np
import pytest

from search import objective
from search.errors import UserError
from search.constraint import Constraint
from search.recommend import choose, sentence
from search.view import View
from tests.trained import mean_evaluation, trained


@pytest.fixture(scope="module")
def evaluation():
    t = trained()
    return mean_evaluation(t, t.design, t.test, exact=False, chips=2)


@pytest.mark.parametrize("name", sorted(objective.REGISTRY))
def test_every_objective_is_finite_smooth_and_named(evaluation, name: str) -> None:
    found = objective.find(name)
    assert found.name == name
    assert found.unit
    assert found.column.startswith(name)
    assert np.isfinite(float(found(evaluation)))
    gradient = jax.grad(found.relaxed)(evaluation)
    leaves = [np.asarray(x) for x in jax.tree.leaves(gradient)]
    assert all(np.all(np.isfinite(x)) for x in leaves)
    assert any(np.any(x != 0) for x in leaves), "a dead gradient"


def test_a_users_objective_by_import_path(tmp_path, monkeypatch, evaluation) -> None:
    (tmp_path / "mine.py").write_text(
        "from search.objective import AbstractObjective\n"
        "class Spikes(AbstractObjective):\n"
        "    name, unit = 'spikes', '1'\n"
        "    def __call__(self, evaluation):\n"
        "        work = evaluation.workload\n"
        "        return (work.output_rate * work.static('neurons_out') * work.timesteps).sum()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert float(objective.find("mine:Spikes")(evaluation)) > 0
    sys.modules.pop("mine")
    with pytest.raises(UserError, match="cannot be imported"):
        objective.find("mine:Spokes")


def test_unknown_objectives_name_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean 'energy'"):
        objective.find("enrgy")


def test_the_recommendation_is_chosen_by_validation_data() -> None:
    import pandas as pd

    row = {
        "origin": "member",
        "rows": 64.0,
        "columns": 32.0,
        "adc_bits": 5.0,
        "error": 0.1,
        "error_std": 0.01,
        "chips": 16,
        "latency_ns": 1e3,
    }
    designs = pd.DataFrame(
        [
            {**row, "design": "d00", "feasible": True, "validation_error": 0.030, "error_mean": 0.02, "energy_pj": 9e3},
            {**row, "design": "d01", "feasible": True, "validation_error": 0.035, "error_mean": 0.06, "energy_pj": 3e3},
            {**row, "design": "d02", "feasible": True, "validation_error": 0.200, "error_mean": 0.01, "energy_pj": 1e3},
            {**row, "design": "d03", "feasible": False, "validation_error": 0.001, "error_mean": 0.01, "energy_pj": 1e2},
        ]
    )
    error, energy = objective.find("error"), objective.find("energy")
    view = View((error, energy), (Constraint(error, 0.05),), ("rows", "columns", "adc_bits"))
    chosen = choose(designs, view)
    assert chosen is not None
    assert chosen.design == "d01"
    assert sentence(designs, view).startswith(
        "Build d01: arrays of 64 x 32, adc bits 5; 6.0% test error (± 1.0% over 16 simulated chips) at 3 nJ"
    )
    assert "3.0x less energy" in sentence(designs, view)
    nothing = sentence(designs.assign(feasible=False, violation=[0.3, 0.1, 0.4, 0.5], error=[0.1, 0.055, 0.3, 0.4]), view)
    assert nothing == "Build nothing yet: infeasible because of error: the nearest design, d01, has error 5.50% against at most 5.00%."
