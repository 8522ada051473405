"""What a resumed study finds in its store, piece by piece: the same designs under the same names, and nothing computed lost."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from search.designs.candidate import Candidate
from search.joint import harden
from search.joint.members import Member
from search.objectives.registry import find
from search.problem.schedule import Settings
from search.study import study
from search.study.store import Store
from search.study.study import Study
from tests.search.toy import Silent

SETTINGS = Settings(population=3, batch_size=10, warmup_steps=0, relax_steps=30, anneal_steps=0, finetune_steps=10)


def scored(member: int) -> Candidate:
    weights: Any = jnp.full(1, float(member))
    return Candidate(member=member, origin="member", point={}, network=weights, objectives=np.array([0.1, 1.0 + member]))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path) as held:
        for m in range(3):
            held.save_arrays(f"member_{m:03d}", jnp.full(1, float(m)))
            held.add_hardened(m, {"point": {}, "evaluations": 1, "rounded_feasible": True})
        yield held


@pytest.fixture
def resumed(store: Store, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A study of three members that are hardened; nothing is computed in earnest."""
    found = object.__new__(Study)
    objectives = (find("error"), find("energy"))
    problem: Any = SimpleNamespace(objectives=objectives, operation=SimpleNamespace(longest=5))
    problem.minimised = problem.comparable = np.asarray
    found.problem, found.store, found.settings, found.reporter = problem, store, SETTINGS, Silent()
    found.config = SimpleNamespace(seed=0, search=SimpleNamespace(designs=6, chips=2), network=SimpleNamespace(longest=8))  # type: ignore[assignment]
    found._ordering, found._safe_point, found._aged = objectives[1], lambda: None, lambda *a: {}  # type: ignore[assignment]
    found._keys = {name: jax.random.key(i) for i, name in enumerate(("harden", "finetune", "measure"))}
    evaluation = SimpleNamespace(cost=SimpleNamespace(energy=1.0, to_table=lambda: None))
    found._hardener = SimpleNamespace(  # type: ignore[assignment]
        problem=problem, evaluations=0, validation=lambda *a: evaluation, measure=lambda *a: (evaluation, np.zeros(2))
    )
    found._prices = lambda evaluation: ({}, {"values": [], "elasticities": {}})  # type: ignore[assignment]
    monkeypatch.setattr(harden, "variants", lambda hardener, m, *a: [scored(m)])
    monkeypatch.setattr(study, "is_finite", lambda *a: True)
    monkeypatch.setattr(study, "design_row", lambda *a: {})
    return found


def test_a_member_whose_measurement_failed_keeps_its_place_among_the_designs(resumed: Study) -> None:
    members = Member(jnp.zeros((3, 1)), {}, None, None)  # type: ignore[arg-type]
    population: Any = SimpleNamespace(alive=np.ones(3, bool), members=members, wish=lambda m: None)
    before = [c.member for c in resumed._hardened(population)]
    resumed.store.add_failed(1, "measure", "design d01: measured objectives not finite")
    assert [c.member for c in resumed._hardened(population)] == before == [0, 1, 2]
    resumed.store.add_failed(2, "harden", "error not finite at any legal design nearby")
    assert [c.member for c in resumed._hardened(population)] == [0, 1]


def test_a_design_in_the_store_has_its_weights(resumed: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    resumed._polish_evaluations = {2: 0}
    # the last thing that is written is what a kill leaves out
    monkeypatch.setattr(resumed.store, "add_design", killed)
    with pytest.raises(KeyboardInterrupt):
        resumed._measure([scored(2)])
    assert resumed.store.load_arrays("design_00", jnp.zeros(1)) == 2
    assert not resumed.store.design_names()


def test_effort_counts_the_steps_that_are_simulated(resumed: Study) -> None:
    population: Any = SimpleNamespace(skipped=np.zeros(3, int))
    resumed._polish_evaluations = {}
    spent = resumed._spent(population)
    assert spent["training_sample_steps"] == spent["minibatches"] * 10 * 5
    assert resumed._budget() == (30 + 10) * 10 * 5
