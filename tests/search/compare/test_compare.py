"""A comparison end to end on a toy: resumed, tabulated, drawn; mistakes are answered with what, where and the nearest choice."""

import json
import os

import numpy as np
import pandas as pd
import pytest

from search.compare import report as compare_report
from search.compare import run as compare
from search.compare.plan import Plan, Unit
from search.compare.run import Folder
from search.compare.tables import Scale, best_known, claims, comparison, history, summary
from search.errors import UserError
from search.problem import config
from tests.search.command import codesign
from tests.search.toy import Silent, digital, toy_config

pytestmark = pytest.mark.slow  # compiles the training of two searchers


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = toy_config(tmp_path_factory.mktemp("toy"))
    path.write_text(digital(path.read_text()))
    file = config.read(path)
    folder = Folder(tmp_path_factory.mktemp("out") / "comparison")
    plan = Plan(path, ("random", "nsga2"), seeds=2, budget=2.5e4, steps=25)
    reporter = Silent()
    assert compare.run(plan, file, folder, reporter, lambda: None) == {}
    return plan, file, folder, reporter


def test_units_and_progress(finished) -> None:
    _, _, folder, reporter = finished
    results = folder.results()
    assert {(r["searcher"], r["seed"]) for r in results} == {(s, i) for s in ("random", "nsga2") for i in (0, 1)}
    for result in results:
        assert 0.5 * result["budget"] < result["spent"] <= 1.2 * result["budget"]
        assert result["designs"]
        assert np.all(np.isfinite([d["objectives"] for d in result["designs"]]))
    shares = [share for _, share, _ in reporter.seen]
    assert np.all(np.diff(shares) >= 0)
    assert shares[-1] == pytest.approx(1)


def test_a_finished_unit_is_skipped_and_others_are_kept(finished) -> None:
    plan, file, folder, _ = finished
    before = {p.name: p.stat().st_mtime_ns for p in folder.units.glob("*.json")}
    again = Silent()
    assert compare.run(plan, file, folder, again, lambda: None) == {}
    assert {p.name: p.stat().st_mtime_ns for p in folder.units.glob("*.json")} == before

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare.run(plan._replace(seeds=3), file, folder, again, stop)
    assert {p.name for p in folder.units.glob("*.json")} == set(before)


def test_another_comparison_is_refused(finished) -> None:
    plan, file, folder, _ = finished
    with pytest.raises(UserError, match="holds another comparison \\(budget differ"):
        compare.run(plan._replace(budget=3e4), file, folder, Silent(), lambda: None)
    with pytest.raises(UserError, match="is in use"):
        Folder(folder.path)


def test_exports(finished) -> None:
    _, file, folder, _ = finished
    found = compare_report.publish(folder.path, file.config, folder.results(), "random")
    assert set(found.searcher) == {"random", "nsga2"}
    table = pd.read_csv(folder.path / "comparison.csv")
    assert len(table) == 4
    assert table.hypervolume.between(0, 1).all()
    assert (table.hypervolume_gap >= -1e-9).all()
    front = pd.read_csv(folder.path / "front.csv")
    assert front.groupby(["searcher", "seed"]).on_front.any().all()
    course = pd.read_csv(folder.path / "history.csv")
    for _, own in course.groupby(["searcher", "seed"]):
        assert np.all(np.diff(own.sort_values("spent").validation_hypervolume) >= -1e-12)
    report = (folder.path / "report.md").read_text()
    assert "Reference point: error 0.9" in report or "Reference point: error 1" in report
    for name in ("hypervolume", "course", "budgets", "fronts"):
        assert (folder.path / "figures" / f"{name}.png").stat().st_size > 5000
        assert f"figures/{name}.png" in report


def synthetic(searcher: str, seed: int, error: float, energy: float) -> dict:
    design = {
        "objectives": [error, energy],
        "validation": [error, energy],
        "feasible": True,
        "error_std": 0.0,
        "origin": "member",
        "point": {},
    }
    bad = {**design, "objectives": [0.0, 1.0], "feasible": False}
    record = {"searcher": searcher, "seed": seed, "share": 1.0, "budget": 10.0, "spent": 9.0, "seconds": 1.0, "processor_seconds": 1.0}
    claim = {"relaxed": [error - 0.02, energy / 1.1], "rounded": [0.5, energy], "rounded_feasible": seed > 1, "hardened": [error, energy]}
    held = [claim] if searcher == "a" else []
    return record | {
        "found": 1,
        "references": [1.0, 1e4],
        "designs": [design, bad],
        "course": [[4.0, True, error, energy]],
        "claims": held,
    }


def test_statistics_on_known_results(finished) -> None:
    _, file, _, _ = finished
    results = [synthetic("a", s, 0.1, 1e3) for s in range(8)] + [synthetic("b", s, 0.2 + 0.01 * s, 1e4) for s in range(8)]
    scale = Scale(file.config, results)
    np.testing.assert_allclose(best_known(scale, results), scale.shares([[0.1, 1e3]]))
    table = comparison(scale, results)
    assert (table[table.searcher == "a"].hypervolume_gap.abs() < 1e-12).all(), "infeasible designs count nowhere"
    assert (table[table.searcher == "a"].igd_plus < 1e-12).all()
    found = summary(table, "a").set_index("searcher")
    assert found.loc["b", "rank_biserial"] == 1
    assert found.loc["b", "p_holm"] == pytest.approx(2 / 2**8, rel=0.01)
    assert np.isnan(found.loc["a", "p_holm"])
    relaxed = table[table.searcher == "a"]
    np.testing.assert_allclose(relaxed.gap_error, 0.02)
    np.testing.assert_allclose(relaxed.gap_energy, 1.1)
    assert relaxed.rounded_feasible.tolist() == [0, 0, 1, 1, 1, 1, 1, 1]
    assert table[table.searcher == "b"].gap_energy.isna().all(), "nothing was claimed"
    lines = compare_report.gaps(scale, claims(scale, results))
    assert lines == ["- a, budget 1: +2.00 points of error (+2.00), +10.0 % energy (+10.0 %); 75% feasible after rounding"]
    course = history(scale, results, points=10)
    own = course[(course.searcher == "a") & (course.seed == 0)].set_index("spent").validation_hypervolume
    assert own.loc[3.0] == 0 < own.loc[4.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--searchers", "gradeint,tpe"], "--searchers: unknown searcher 'gradeint' (did you mean 'gradient'?)"),
        (["--searchers", "tpe,tpe"], "--searchers: each may be named once"),
        (["--seeds", "0"], "--seeds: must be at least 1"),
        (["--budgets", "half"], "--budgets: must be numbers"),
        (["--budgets", "2"], "--budgets: must be shares above 0"),
    ],
)
def test_mistakes(tmp_path, arguments: list[str], message: str) -> None:
    done = codesign("compare", toy_config(tmp_path), "--output", tmp_path / "out", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "out").exists()


def test_command_in_two_processes(tmp_path, monkeypatch) -> None:
    out, path = tmp_path / "out", toy_config(tmp_path)
    path.write_text(digital(path.read_text()))
    monkeypatch.setenv("XLA_FLAGS", os.environ["XLA_FLAGS"])  # workers get others, which are forgotten with the test
    searchers = ("--searchers", "random,coordinate", "--seeds", "1")
    done = codesign("compare", path, "--output", out, *searchers, "--budget", "12000", "--steps-per-design", "25", "--workers", "2")
    assert "report:" in done.stdout
    assert {json.loads(p.read_text())["searcher"] for p in (out / "units").glob("*.json")} == {"random", "coordinate"}
    assert Unit("random", 0, 1.0).name == "random-000-1"
