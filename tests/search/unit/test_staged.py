"""What a resumed unit finds in its journal, piece by piece: the same designs under the same names, and nothing computed lost."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from search.designs.candidate import Candidate
from search.joint import harden
from search.joint.members import Member
from search.objectives.registry import find
from search.problem.schedule import Settings
from search.study.journal import Journal
from search.study.store.store import Store
from search.study.unit import Unit
from search.unit.found import Chosen, Session
from search.unit.measured import measure
from search.unit.measured.measure import Measurement
from search.unit.staged import Staged

SETTINGS = Settings(population=3, batch_size=10, warmup_steps=0, relax_steps=30, anneal_steps=0, finetune_steps=10)
UNIT = Unit("0" * 12, {}, {})


def scored(member: int) -> Candidate:
    weights: Any = jnp.full(1, float(member))
    return Candidate(member=member, origin="member", point={}, network=weights, objectives=np.array([0.1, 1.0 + member]))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path) as held:
        held.add_units([UNIT])
        journal = held.journal(UNIT)
        for m in range(3):
            journal.save_arrays(f"member_{m:03d}", jnp.full(1, float(m)))
            journal.add_hardened(m, {"point": {}, "evaluations": 1, "rounded_feasible": True})
        yield held


def session(journal: Journal) -> Session:
    search = SimpleNamespace(designs=6, chips=2, kind="gradient", seed=None, baselines=False)
    keys = {name: jax.random.key(i) for i, name in enumerate(("harden", "finetune", "measure"))}
    config: Any = SimpleNamespace(seed=0, search=search)
    return Session(config, journal, lambda *a: None, lambda: None, keys)


@pytest.fixture
def problem() -> Any:
    objectives = (find("error"), find("energy"))
    found = SimpleNamespace(objectives=objectives, operation=SimpleNamespace(longest=5), paid=0.0)
    found.minimised = found.comparable = np.asarray
    return found


@pytest.fixture
def hardener(problem: Any) -> Any:
    evaluation = SimpleNamespace(cost=SimpleNamespace(energy=1.0, to_table=lambda: pd.DataFrame({"layer": ["a"], "component": ["adc"]})))
    return SimpleNamespace(problem=problem, evaluations=0, validation=lambda *a: evaluation, measure=lambda *a: (evaluation, np.zeros(2)))


@pytest.fixture
def resumed(store: Store, problem: Any, hardener: Any, monkeypatch: pytest.MonkeyPatch) -> Staged:
    """A search of three members that are hardened; nothing is computed in earnest."""
    monkeypatch.setattr(harden, "variants", lambda hardener, m, *a: [scored(m)])
    joint: Any = SimpleNamespace(problem=problem)
    return Staged(joint, hardener, SETTINGS, session(store.journal(UNIT)))


def test_a_member_whose_measurement_failed_keeps_its_place_among_the_designs(resumed: Staged) -> None:
    members = Member(jnp.zeros((3, 1)), {}, None, None)  # type: ignore[arg-type]
    population: Any = SimpleNamespace(alive=np.ones(3, bool), members=members, wish=lambda m: None)
    before = [c.member for c in resumed._hardened(population)]
    resumed._journal.add_failed(1, "measure", "design d01: measured objectives not finite")
    assert [c.member for c in resumed._hardened(population)] == before == [0, 1, 2]
    resumed._journal.add_failed(2, "harden", "error not finite at any legal design nearby")
    assert [c.member for c in resumed._hardened(population)] == [0, 1]


def test_a_design_in_the_store_has_its_weights(store: Store, problem: Any, hardener: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    measured = object.__new__(Measurement)
    measured._problem, measured._aged, measured._prices = problem, lambda *a: {}, lambda *a: ({}, {})  # type: ignore[assignment]
    measured._exact = lambda *a: None  # type: ignore[assignment]
    monkeypatch.setattr(measure, "is_finite", lambda *a: True)
    monkeypatch.setattr(measure, "design_row", lambda *a: {})
    own = session(store.journal(UNIT))
    # the last thing that is written is what a kill leaves out
    monkeypatch.setattr(own.journal, "add_design", killed)
    with pytest.raises(KeyboardInterrupt):
        measured(hardener, Chosen([scored(2)], {}, lambda candidate: {}, {}), own)
    again = store.journal(UNIT)
    assert again.load_arrays("design_00", jnp.zeros(1)) == 2
    assert not again.design_names()


def test_effort_counts_the_steps_that_are_simulated(resumed: Staged) -> None:
    population: Any = SimpleNamespace(skipped=np.zeros(3, int))
    spent = resumed._spent(population)
    assert spent["training_sample_steps"] == spent["minibatches"] * 10 * 5
    resumed._evaluations = {2: 7}
    assert resumed._effort(scored(2)) == {"polish_evaluations": 7, "budget_sample_steps": (30 + 10) * 10 * 5}
