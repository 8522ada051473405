"""A study that does not end in a front between error and energy: events, other objectives, a bound that nothing meets, a lost member."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from search.joint import scalarise
from search.problem import build, config
from search.results import publish
from search.study.store.tables import reading
from tests.search.command import codesign
from tests.search.toy import TOY, Silent, digital, finished_study

pytestmark = pytest.mark.slow  # compiles studies of its own


DATA = "nmnist" if "CODESIGN_DATA" in os.environ else "synthetic"


def toy(folder: Path, extra: str) -> Path:
    path = folder / "toy.yaml"
    data = f"{{name: {DATA}, timesteps: 3, limit: 60}}"
    small = TOY.replace("hidden: [12]", "hidden: [8]").replace("{name: digits, limit: 120}", data).replace("population: 3", "population: 4")
    path.write_text(digital(small.replace("objectives: [error, energy]\n", "") + extra))
    return path


@pytest.fixture(scope="module")
def infeasible(tmp_path_factory) -> Path:
    """On events, three objectives without error, one of them maximised; a bound on a fourth that nothing can meet; a member that breaks."""
    folder = tmp_path_factory.mktemp("infeasible")
    path = toy(
        folder,
        "  scalarisation: tchebycheff\n  warm_start: shared\n  polish_evaluations: 32\n"
        "objectives: [accuracy, latency, area]\nconstraints: {power: 1.0e-6, error: 0.95}\n",
    )
    spread = scalarise.Tchebycheff.spread

    def broken(self, population: int, objectives: int) -> np.ndarray:
        preferences = spread(self, population, objectives)
        preferences[1] = np.nan
        return preferences

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scalarise.Tchebycheff, "spread", broken)
        return finished_study(path, Silent())


def test_a_member_that_breaks_is_restarted_then_recorded_and_touches_no_other(infeasible: Path) -> None:
    failed = pd.read_csv(infeasible / "failed.csv")
    assert failed.member.tolist() == [1]
    assert failed.stage.tolist() == ["relax"]
    assert "not finite" in failed.reason[0]
    history = pd.read_csv(infeasible / "history.csv")
    lost = history[history.member == 1]
    assert lost[lost.stage == "warm-up"].latency.notna().all(), "the shared supernet is healthy"
    relax = lost[lost.stage == "relax"]
    assert not relax.failed.iloc[0], "restarted first"
    assert relax.failed.iloc[1:].all()
    assert history[history.member != 1][["loss", "latency", "area"]].notna().all().all()
    assert set(pd.read_csv(infeasible / "designs.csv").member) == {0, 2, 3}
    report = (infeasible / "report.html").read_text()
    assert "Failed members" in report
    with reading(infeasible) as tables:
        (spent,) = (json.loads(held) for held in tables.facts("spent").values())
    # all of its updates in the call after which it was restarted, and in the one after which it was given up
    lost_updates = 2 * config.read(infeasible / "config.yaml").config.search.steps_per_call
    assert spent["skipped_updates"] == lost_updates
    assert f"{lost_updates} updates were left out because a gradient was not finite" in report


def test_events_are_searched_from_end_to_end(infeasible: Path) -> None:
    """Events are sparse and reach the first layer as they are: its rate is the data's, not a coded frame's."""
    problem = build.build(config.read(infeasible.parent / "toy.yaml"))
    assert problem.operation.longest == problem.dataset.sample_shape[0]
    designs = pd.read_csv(infeasible / "designs.csv")
    assert len(designs) >= 3
    assert np.isfinite(designs[["error_mean", "energy_pj"]].to_numpy()).all()
    active = float((problem.dataset.test.inputs > 0).mean())
    assert designs["input_rate[dense1]"].between(0.5 * active, 2 * active).all()


def test_any_objectives_make_a_study(infeasible: Path) -> None:
    designs = pd.read_csv(infeasible / "designs.csv")
    for column in ("accuracy", "latency_ns", "area_um2", "power_mw", "error_mean", "energy_pj", "gap_accuracy", "gap_latency", "gap_area"):
        assert designs[column].notna().any(), column
    np.testing.assert_allclose(designs.accuracy, 1 - designs.error_mean, atol=1e-6)
    own = designs[designs.origin == "member"]
    np.testing.assert_allclose(own.gap_accuracy, own.accuracy - own.relaxed_accuracy, atol=1e-6)
    np.testing.assert_allclose(own.gap_latency, own.latency_ns / own.relaxed_latency_ns, rtol=1e-6)
    assert (designs.polish_evaluations > 0).all()


def test_an_infeasible_problem_says_why_and_exits_with_1(infeasible: Path) -> None:
    designs = pd.read_csv(infeasible / "designs.csv")
    assert not designs.feasible.any()
    assert (designs.tightest == "power").all()
    closest = designs.sort_values("power_mw").iloc[0].design
    why = publish.infeasible(infeasible)
    assert why is not None
    assert why.startswith(f"infeasible because of power: the nearest design, {closest}, has power ")
    assert why.endswith("against at most 1 nW")
    assert why in (infeasible / "report.html").read_text()
    assert pd.read_csv(infeasible / "pareto.csv").empty
    again = codesign("run", infeasible.parent / "toy.yaml", "--output", infeasible, "--resume")
    assert again.returncode == 1
    assert again.stderr.strip().splitlines()[-1] == why
    assert "Build nothing yet" in again.stdout
