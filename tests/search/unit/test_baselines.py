"""What designs stand beside: plain networks of the same shape on the recommended chip, and logistic regression."""

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest

from codesign.data.dataset import Split
from search.blackbox.workbench import Training, Workbench
from search.designs.candidate import Candidate
from search.errors import UserError
from search.problem import build, config
from search.problem.problem import Problem
from search.problem.sections.search import SearchConfig
from search.study.journal import NOTHING_HELD, Journal, Write
from search.unit import baselines
from search.unit.baselines import linear
from search.unit.found import Chosen, Session
from search.unit.plain import plain, plain_point
from tests.search.toy import TOY, digital


def written(folder: Path, text: str) -> Path:
    path = folder / "toy.yaml"
    path.write_text(text)
    return path


@pytest.fixture
def file(tmp_path: Path) -> config.ConfigFile:
    return config.read(written(tmp_path, digital(TOY)))


def row(design: str, error: float, energy: float, *, feasible: bool = True) -> dict[str, Any]:
    found = {"design": design, "feasible": feasible, "error": error, "error_mean": error, "energy_pj": energy}
    return found | {"validation_error": error, "validation_energy_pj": energy, "violation": energy}


class Kept:
    """A session whose journal holds two designs, and what it is told and shows."""

    def __init__(self, **search: Any) -> None:
        self.told, self.shown = list[Write](), list[tuple[str, float, str]]()
        rows = {"d00": row("d00", 0.5, 1e3), "d01": row("d01", 0.1, 2e3)}
        self.journal = Journal(NOTHING_HELD._replace(designs=rows), self.told.append)
        kept = {"baselines": True, "chips": 2, "kind": "random", "seed": 0, "steps_per_design": 100}
        setting: Any = SimpleNamespace(search=SimpleNamespace(**kept | search))
        show = lambda *a: self.shown.append(a)  # noqa: E731
        self.session = Session(setting, self.journal, show, lambda: None, {"measure": jax.random.key(5)})

    def found(self) -> list[dict[str, Any]]:
        return json.loads(self.journal.get("baselines") or "[]")


def chosen(*points: dict[str, Any]) -> Chosen:
    nothing: Any = None
    return Chosen([Candidate(0, "member", point, nothing, np.zeros(2)) for point in points], {}, lambda candidate: {}, {})


def test_networks_see_as_much_as_the_designs_have() -> None:
    search = SearchConfig(warmup_steps=1, relax_steps=20, anneal_steps=300, finetune_steps=4000, steps_per_design=7)
    assert baselines._steps(search) == 4321
    assert baselines._steps(search.model_copy(update={"kind": "tpe"})) == 7


@pytest.mark.slow  # two programs are compiled
def test_networks_in_few_bits_on_the_recommended_chip(file: config.ConfigFile) -> None:
    problem = build.build(file)
    bench, kept = Workbench(problem, build.settings(file.config), Training(1, 32, 1e-2)), Kept()
    small, large = (bench.point([at * (len(options) - 1) for options in bench.rows]) for at in (0, 1))
    baselines.measure(bench, chosen(large, small), kept.session)
    eight, four, model = kept.found()
    assert [one["name"] for one in kept.found()] == ["8-bit ANN", "4-bit ANN", "logistic regression"]
    for network in (eight, four):
        assert network["design"] == "d01", "the balanced one"
        assert network["why"] == ""
        assert network["timesteps"] == 1
        assert 0 <= network["test_error"] < 0.8, "better than chance"
        assert len(network["chip_errors"]) == 2
    assert (eight["weights_bits"], four["weights_bits"]) == (8 * (64 * 12 + 12 * 10), 4 * (64 * 12 + 12 * 10))
    assert eight["energy_pj"] > four["energy_pj"] > 0
    assert 0 < model["test_error"] < 0.4
    assert "energy_pj" not in model
    shares = [share for _, share, _ in kept.shown]
    assert (shares, shares[-1]) == (sorted(shares), 1)
    assert all("test error" in details for _, _, details in kept.shown[1:])


def test_nothing_is_done_where_nothing_is_asked_for() -> None:
    kept = Kept(baselines=False)
    baselines.measure(None, chosen(), kept.session)  # type: ignore[arg-type]
    assert not kept.told


def test_what_cannot_be_run_says_why(file: config.ConfigFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(problem: Problem) -> None:
        raise UserError("network: cannot be run on this chip: it takes events alone")

    monkeypatch.setattr(baselines, "rehearse", refused)
    problem, kept = build.build(file), Kept()
    bench = Workbench(problem, build.settings(file.config))
    point = bench.point([0] * len(bench.rows))
    baselines.measure(bench, chosen(point, point), kept.session)
    eight, four, model = kept.found()
    assert "it takes events alone" in eight["why"]
    assert "it takes events alone" in four["why"]
    assert "test_error" not in eight
    assert "test_error" in model
    # a resumed unit does nothing again
    before = len(kept.told)
    baselines.measure(None, chosen(), kept.session)  # type: ignore[arg-type]
    assert len(kept.told) == before


def test_the_plain_network_keeps_the_chip_and_leaves_out_time_and_spikes(file: config.ConfigFile, tmp_path: Path) -> None:
    problem = build.build(file)
    found = plain(problem)
    assert found.operation.longest == 1
    np.testing.assert_array_equal(found.operation.gate, 0)
    assert set(found.space.parameters) == {"rows", "columns", "weight_bits", "activation_bits"}
    assert plain_point(found, {"rows": 32, "columns": 8, "timesteps": 3, "weight_bits": [2, 2]}, 8) == {
        "rows": 32,
        "columns": 8,
        "weight_bits": 8,
        "activation_bits": 8,
    }
    # what is encoded as spikes takes as many steps as before
    rate = digital(TOY).replace("longest: 3}", "longest: 3, options: {encoding: rate}}")
    assert plain(build.build(config.read(written(tmp_path, rate)))).operation.longest == 3


def test_what_fills_up_counts_for_nothing() -> None:
    small, large = (Split(np.arange(float(n))[:, None], np.arange(n)) for n in (2, 5))
    filled = baselines._filled(small, 5)
    assert filled.inputs[:, 0].tolist() == [0, 1, 0, 1, 0]
    assert filled.labels.tolist() == [0, 1, -1, -1, -1]
    assert baselines._filled(large, 2) is large


def test_a_model_without_a_chip_sees_events_added_up(file: config.ConfigFile) -> None:
    dataset = build.build(file).dataset

    def spread(split: Split) -> Split:
        # the same in two steps, of which neither alone says what the sum says
        share = np.random.default_rng(0).uniform(-9, 9, split.inputs.shape)
        return Split(np.stack([split.inputs - share, share], axis=1), split.labels)

    parts = {name: spread(getattr(dataset, name)) for name in ("train", "validation", "test")}
    events = dataclasses.replace(dataset, kind="events", **parts)
    assert linear(events)["test_error"] == pytest.approx(linear(dataset)["test_error"], abs=0.05)
    each_step = dataclasses.replace(dataset, train=Split(dataset.train.inputs, dataset.train.labels[:, None]))
    assert "a label for each step" in linear(each_step)["why"]


def test_a_study_is_the_same_with_and_without(file: config.ConfigFile) -> None:
    search = file.config.search.model_copy(update={"baselines": True})
    assert file.config.model_copy(update={"search": search}).hash() == file.config.hash()
