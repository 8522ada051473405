"""Every registered searcher: legal points, finite objectives, a budget kept, the same designs for the same seed."""

import copy

import jax
import numpy as np
import pytest

from search.blackbox import registry
from search.blackbox.base import Ledger
from search.blackbox.joint import cost, scaled
from search.blackbox.workbench import Training, Workbench
from search.errors import UserError
from search.joint.harden import CANDIDATES
from search.problem import build, config
from search.problem.schedule import Settings
from tests.search.toy import digital, toy_config

SETTINGS = Settings(
    population=2,
    batch_size=16,
    warmup_steps=40,
    relax_steps=40,
    anneal_steps=20,
    finetune_steps=20,
    steps_per_call=10,
    polish_evaluations=32,
    scout_evaluations=64,
    tuned_designs=1,
)


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Workbench:
    path = toy_config(tmp_path_factory.mktemp("toy"))
    path.write_text(digital(path.read_text()))
    problem = build.build(config.read(path))
    # small minibatches: what rounding a training to whole device calls leaves of the budget is less than a tenth of it
    return Workbench(problem, SETTINGS, Training(steps=25, batch_size=8))


@pytest.fixture(scope="module")
def analog_bench(tmp_path_factory) -> Workbench:
    problem = build.build(config.read(toy_config(tmp_path_factory.mktemp("analog"))))
    return Workbench(problem, SETTINGS, Training(steps=25, batch_size=16))


@pytest.fixture(scope="module")
def budget(bench) -> float:
    return cost(bench, SETTINGS)


SLOW = dict.fromkeys(("gradient", "supernet_nsga2"), pytest.mark.slow)  # their compilation takes longer than all others together


@pytest.mark.parametrize("name", [pytest.param(name, marks=SLOW.get(name, ())) for name in registry.REGISTRY])
def test_conformance(bench, name: str) -> None:
    conforms(bench, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_conformance_on_simulated_analog_chips(analog_bench, name: str) -> None:
    """The searches that share weights among chips, where every evaluation draws a noisy one."""
    conforms(analog_bench, name)


def conforms(bench: Workbench, name: str) -> None:
    shares, budget = [], cost(bench, SETTINGS)
    key = jax.random.key(1)
    found = registry.find(name).run(bench, budget, key, lambda share, what: shares.append(share))
    problem = bench.problem
    assert found.candidates
    for candidate in found.candidates:
        assert np.all(np.isfinite(candidate.objectives))
        for parameter, index in problem.space.coordinates():
            value = float(np.ravel(candidate.point[parameter])[index])
            assert problem.space.parameters[parameter].is_legal(value), (parameter, value)
    one_design = bench.training_cost(bench.ledger(budget))
    assert 0.9 * budget < found.spent <= budget + one_design
    assert all(entry.spent <= found.spent for entry in found.course)
    assert all(b.spent >= a.spent for a, b in zip(found.course, found.course[1:], strict=False))
    assert np.all(np.diff(shares) >= 0)
    assert shares[-1] <= 1.01
    again = registry.find(name).run(bench, budget, jax.random.clone(key))
    assert [c.point for c in again.candidates] == [c.point for c in found.candidates]
    np.testing.assert_array_equal([c.objectives for c in again.candidates], [c.objectives for c in found.candidates])
    assert bench.traces <= 1, "training compiles once for all designs and searchers"


def test_training_one_design_teaches_it(bench) -> None:
    point = bench.point([len(row) - 1 for row in bench.rows])
    fresh = bench.problem.build(jax.random.key(0))
    before, _ = bench.score(fresh, [point], jax.random.key(1))
    after, _ = bench.score(bench.train(fresh, [point], jax.random.key(2), 200), [point], jax.random.key(1))
    assert after[0, 0] < before[0, 0] - 0.2


def test_scores_do_not_depend_on_company(bench) -> None:
    network = bench.problem.build(jax.random.key(0))
    draws = np.random.default_rng(0)
    points = [bench.point(bench.random_index(draws)) for _ in range(3)]
    together, _ = bench.score(network, points, jax.random.key(1))
    alone, _ = bench.score(network, points[2:], jax.random.key(1))
    np.testing.assert_allclose(together[2:], alone, rtol=1e-6)


def test_ledger_counts_training_and_looking() -> None:
    ledger = Ledger(1000, longest=4)
    assert ledger.training(10) == 40
    assert ledger.scoring(30) == 40
    ledger.pay(900)
    assert ledger.has_room(100)
    assert not ledger.has_room(100, reserve=0.05)


def test_gradient_settings_scale_to_the_budget(bench, budget) -> None:
    assert scaled(bench, budget) == SETTINGS
    twice = scaled(bench, 2 * budget)
    assert cost(bench, twice) <= 2 * budget
    assert twice.relax_steps > SETTINGS.relax_steps
    assert twice.population == SETTINGS.population
    with pytest.raises(UserError, match="does not hold a gradient search"):
        scaled(bench, budget / 1000)


def test_half_a_budget_scouts_less_and_keeps_every_stage(bench) -> None:
    """Looks that cost the same at any budget would leave a small one no training."""
    looking = copy.copy(bench)
    looking.settings = SETTINGS._replace(scout_evaluations=512, polish_evaluations=256, steps_per_call=5)
    half = scaled(looking, cost(looking, looking.settings) / 2)
    assert 0 < half.scout_evaluations < 400
    assert half.scout_evaluations % CANDIDATES == half.polish_evaluations % CANDIDATES == 0
    assert min(half.warmup_steps, half.relax_steps, half.anneal_steps, half.finetune_steps) > 0


def test_unknown_searcher_names_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean 'gradient'"):
        registry.find("gradeint")
