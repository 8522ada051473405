"""A comparison end to end on a toy: resumed, tabulated, drawn; mistakes are answered with what, where and the nearest choice."""

import os

import numpy as np
import pandas as pd
import pytest

from search.compare import report as compare_report
from search.compare.plan import Plan
from search.compare.records import records
from search.compare.tables import Scale, best_known, claims, comparison, history, summary
from search.problem import config
from search.results.view import View
from search.study import driver
from search.study.engines.inline import Inline
from search.study.store.store import Store
from search.study.store.tables import reading
from search.unit.work import UnitWork
from tests.search.command import codesign
from tests.search.results.explained import unexplained
from tests.search.toy import Silent, digital, toy_config

pytestmark = pytest.mark.slow  # compiles the training of two searchers


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = toy_config(tmp_path_factory.mktemp("toy"))
    path.write_text(digital(path.read_text()))
    file = config.read(path)
    folder = tmp_path_factory.mktemp("out") / "comparison"
    plan = Plan(path, ("random", "nsga2"), seeds=2, steps=25)
    units, screen = plan.units(file.config, 2.5e4), Silent()
    with Store(folder) as store:
        store.put("kind", "compare")
        store.add_units(units)
        assert driver.run(units, store, Inline(), UnitWork, screen, lambda: None).failed == {}
    return file, folder, screen


def results_of(file, folder):
    with reading(folder) as tables:
        return records(tables, View.of(config.written(file.config)))


def test_units_and_progress(finished) -> None:
    file, folder, screen = finished
    results = results_of(file, folder)
    assert {(r["searcher"], r["seed"]) for r in results} == {(s, i) for s in ("random", "nsga2") for i in (0, 1)}
    for result in results:
        assert 0.5 * result["budget"] < result["spent"] <= 1.2 * result["budget"]
        assert result["designs"]
        assert np.all(np.isfinite([d["objectives"] for d in result["designs"]]))
        assert set(result["designs"][0]["point"]) >= {"rows", "weight_bits[dense1]"}
    assert screen.seen[-1][1] == pytest.approx(1)


def test_any_searcher_makes_a_study_of_its_own(finished) -> None:
    """`search.kind` in a config: the same rows as those of the gradient search, but for claims that nobody made."""
    _, folder, _ = finished
    with reading(folder) as tables:
        designs = tables.designs()
    assert {"energy_pj_p10", "validation_error", "relaxed_error", "feasible", "searcher", "budget_sample_steps"} <= set(designs.columns)
    assert designs.relaxed_error.isna().all()
    assert designs.groupby("unit").searcher.nunique().eq(1).all()


def test_exports(finished) -> None:
    file, folder, _ = finished
    found = compare_report.publish(folder, file.config, results_of(file, folder), "random")
    assert set(found.searcher) == {"random", "nsga2"}
    table = pd.read_csv(folder / "comparison.csv")
    assert len(table) == 4
    assert table.hypervolume.between(0, 1).all()
    assert (table.hypervolume_gap >= -1e-9).all()
    front = pd.read_csv(folder / "front.csv")
    assert front.groupby(["searcher", "seed"]).on_front.any().all()
    course = pd.read_csv(folder / "history.csv")
    for _, own in course.groupby(["searcher", "seed"]):
        assert np.all(np.diff(own.sort_values("spent").validation_hypervolume) >= -1e-12)
    for path in folder.glob("*.csv"):
        name = "course" if path.stem == "history" else path.stem
        assert not unexplained(name, pd.read_csv(path, nrows=1).columns, View.of(config.written(file.config))), path.name
    report = (folder / "report.md").read_text()
    assert "Reference point: error 0.9" in report or "Reference point: error 1" in report
    for name in ("hypervolume", "course", "budgets", "fronts"):
        assert (folder / "figures" / f"{name}.png").stat().st_size > 5000
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
    file, _, _ = finished
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
    with reading(out) as tables:
        assert {stored.unit.label["searcher"] for stored in tables.units()} == {"random", "coordinate"}
    again = codesign("compare", path, "--output", out, *searchers, "--budget", "12000", "--steps-per-design", "50")
    assert (again.returncode, "search.steps_per_design: 25 -> 50" in again.stderr) == (2, True)
