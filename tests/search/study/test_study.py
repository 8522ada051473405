"""A study from end to end, as a user runs it: the folder's content, its independence of interruptions, and its refusals."""

import errno
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import search
from codesign.cost import Cost
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.technology import catalogue
from codesign.workloads.workload import Workload, dense
from search.errors import UserError
from search.objectives.pareto import non_dominated
from search.problem import build, config
from search.results import publish
from search.results.exports import write_tables
from search.study.screens import choose
from search.study.store import files
from search.study.store.store import Store
from search.study.unit import Unit
from tests.search.command import codesign
from tests.search.results.explained import unexplained
from tests.search.toy import Silent, finished_study
from tests.search.toy import toy_config as plain_config

pytestmark = pytest.mark.slow  # a whole study, and the command line in processes of its own

ROOT = Path(__file__).parents[3]
COLUMNS = {"design", "searcher", "seed", "error_mean", "error_std", "chips", "gap_error", "gap_energy", "feasible", "on_front"}
SURE = {"energy_pj_p10", "energy_pj_p90", "latency_ns_p10", "latency_ns_p90", "area_um2_p10", "area_um2_p90", "front_probability"}


def toy_config(folder: Path, **replaced: str) -> Path:
    """With every measurement that there is."""
    return plain_config(folder, **{"exact_chips": "1\n  recalibrate: true", **replaced})


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> tuple[Path, Silent]:
    reporter = Silent()
    return finished_study(toy_config(tmp_path_factory.mktemp("toy")), reporter), reporter


def independent_cost(row: pd.Series) -> Cost:
    """The exact cost of a row of designs.csv, from nothing but the row."""
    layers = ["dense1", "dense2"]
    chip = Crossbar.of(
        rows=row.rows, adc_bits=row.adc_bits, cell_bits=1, programming_sigma=[row[f"programming_sigma[{n}]"] for n in layers]
    )
    work = Workload.of(
        [dense("dense1", 64, 12), dense("dense2", 12, 10)],
        input_rate=[row[f"input_rate[{n}]"] for n in layers],
        output_rate=[row[f"output_rate[{n}]"] for n in layers],
        weight_density=[row[f"weight_density[{n}]"] for n in layers],
        weight_magnitude=[row[f"weight_magnitude[{n}]"] for n in layers],
        timesteps=row.timesteps,
        weight_bits=[row[f"weight_bits[{n}]"] for n in layers],
        activation_bits=[4, 1],
        state_bits=12,
        neuron=["lif", "integrator"],
    )
    return chip.cost(work, catalogue.load("rram_45nm"))


def test_every_column_is_explained(finished, tmp_path: Path) -> None:
    folder = shutil.copytree(finished[0], tmp_path / "copy")
    view = search.load(folder).view
    for path in (*folder.glob("*.csv"), *write_tables(folder, "csv")):
        found = unexplained(path.stem, pd.read_csv(path, nrows=1).columns, view)
        assert not found, f"{path.name}: {found} are not in search/results/columns.py"


def test_the_folder_holds_what_is_promised(finished) -> None:
    folder, _ = finished
    for name in ("designs.csv", "pareto.csv", "breakdown.csv", "history.csv", "config.yaml", "provenance.json", "report.html", "study.db"):
        assert (folder / name).stat().st_size > 0, name
    assert {p.name for p in (folder / "figures").iterdir()} == {"pareto.png", "breakdown.png", "gap.png", "history.png"}
    designs = pd.read_csv(folder / "designs.csv")
    assert set(designs.columns) >= COLUMNS | SURE
    assert (designs.energy_pj_p10 < designs.energy_pj).all()
    assert (designs.energy_pj < designs.energy_pj_p90).all()
    # common draws: joules are unsure, verdicts mostly not
    assert designs.front_probability[designs.on_front].mean() > 0.5
    assert len(pd.read_csv(folder / "prices.csv")) == 5
    assert "How sure the prices are" in (folder / "report.html").read_text()
    ages = ["error_1h", "error_1d", "error_30d"]
    aged = designs[ages + [f"{age}_std" for age in ages]].to_numpy()
    assert np.all((aged >= 0) & (aged <= 1))
    assert designs.error_30d_recalibrated.notna().all()
    exact = designs[designs.on_front]
    assert exact.exact_wires.isin(["exact", "line mean-field"]).any()
    assert (exact.exact_gap.dropna().abs() < 0.2).all()
    for name, mean in (("chip_errors", "error_mean"), ("validation_chip_errors", "validation_error")):
        chips = np.array([json.loads(text) for text in designs[name]])
        assert chips.shape == (len(designs), 4)
        np.testing.assert_allclose(chips.mean(axis=1), designs[mean], atol=1e-6)
    provenance = json.loads((folder / "provenance.json").read_text())
    assert {"versions", "seed", "commit", "config_hash", "machine"} <= set(provenance)
    report = (folder / "report.html").read_text()
    assert "Build d" in report
    assert 'src="http' not in report, "the report opens offline"


def test_every_design_is_legal(finished) -> None:
    designs = pd.read_csv(finished[0] / "designs.csv")
    space = build.build(config.read(finished[0] / "config.yaml")).space
    assert len(designs) >= 3
    for _, row in designs.iterrows():
        for name, index in space.coordinates():
            column = f"{name}[dense{index + 1}]" if space.parameters[name].per_layer else name
            assert space.parameters[name].is_legal(row[column]), (row.design, column, row[column])


def test_energies_equal_an_independent_call_of_the_exact_model(finished) -> None:
    folder, _ = finished
    breakdown = pd.read_csv(folder / "breakdown.csv")
    for _, row in pd.read_csv(folder / "designs.csv").iterrows():
        cost = independent_cost(row)
        assert row.energy_pj == pytest.approx(float(cost.energy), rel=1e-5)
        assert row.latency_ns == pytest.approx(float(cost.latency), rel=1e-5)
        assert row.area_um2 == pytest.approx(float(cost.area), rel=1e-5)
        part = breakdown[breakdown.design == row.design]
        for column in ("energy_pj", "latency_ns", "area_um2"):
            assert part[column].sum() == pytest.approx(row[column], rel=1e-5), column


def test_the_front_is_the_front(finished) -> None:
    designs = pd.read_csv(finished[0] / "designs.csv")
    np.testing.assert_array_equal(designs.on_front, non_dominated(designs[["error", "energy_pj"]].to_numpy()))
    front = pd.read_csv(finished[0] / "pareto.csv")
    assert set(front.design) == set(designs.design[designs.on_front])


def test_progress_names_stages_and_never_goes_back(finished) -> None:
    seen = finished[1].seen
    stages = [stage for i, (stage, _, _) in enumerate(seen) if i == 0 or seen[i - 1][0] != stage]
    assert stages == ["start", "compile", "warm-up", "relax", "anneal", "harden", "measure"]
    shares = [share for _, share, _ in seen]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)
    assert all(word in seen[2][2] for word in ("step", "loss", "energy", "hypervolume"))


def test_exports_can_be_made_again_from_the_store(finished) -> None:
    folder, _ = finished
    before = (folder / "designs.csv").read_text()
    (folder / "designs.csv").write_text(before.splitlines()[0] + "\n")
    publish.republish(folder)
    assert (folder / "designs.csv").read_text() == before
    assert len(json.loads(publish.designs_json(folder, "d00"))) == 1
    with pytest.raises(UserError, match="did you mean"):
        publish.designs_json(folder, "d000")


def test_designs_are_read_from_the_store_whatever_became_of_the_tables(finished, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(finished[0], tmp_path / "out"))
    whole = publish.designs_json(folder, None)
    (folder / "designs.csv").write_text("")
    assert publish.designs_json(folder, None) == whole


def test_a_study_without_relaxed_values_and_course_has_a_report(finished, tmp_path: Path) -> None:
    """As searchers leave it that are not the gradient search."""
    folder = Path(shutil.copytree(finished[0], tmp_path / "out"))
    shutil.rmtree(folder / "figures")
    (folder / "history.csv").unlink()
    with closing(sqlite3.connect(folder / "study.db")) as database, database:
        for design, text in database.execute("select design, row from designs").fetchall():
            row = {key: None if key.startswith(("relaxed_", "rounded_", "gap_")) else value for key, value in json.loads(text).items()}
            database.execute("update designs set row = ? where design = ?", (json.dumps(row), design))
        database.execute("delete from history")
        database.execute("update facts set value = '{}' where key = 'spent'")
    page = publish.republish(folder).read_text()
    assert "Relaxed against hardened" not in page
    assert "Build d" in page
    assert {p.name for p in (folder / "figures").iterdir()} == {"pareto.png", "breakdown.png"}
    assert not (folder / "history.csv").exists(), "an empty file cannot be read"


def test_a_report_of_a_sweep_is_that_of_a_sweep(finished, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(finished[0], tmp_path / "out"))
    with closing(sqlite3.connect(folder / "study.db")) as database, database:
        database.execute("update study set value = 'sweep' where key = 'kind'")
        database.execute("""update units set label = '{"seed": 3}'""")
    assert "a sweep" in publish.republish(folder).read_text()
    assert list(pd.read_csv(folder / "designs.csv").columns[:3]) == ["unit", "seed", "design"]
    refused = codesign("export", folder, "--format", "nir")
    assert refused.returncode == 2
    assert "holds a sweep" in refused.stderr


def test_a_folder_in_use_is_refused(finished, tmp_path: Path) -> None:
    folder, _ = finished
    path = toy_config(tmp_path)
    again = codesign("run", path, "--output", folder)
    assert (again.returncode, "finished study" in again.stderr) == (2, True)
    other = codesign("run", toy_config(tmp_path, seed="4"), "--output", folder, "--resume")
    assert (other.returncode, "another study" in other.stderr) == (2, True)
    with Store(folder):
        locked = codesign("run", path, "--output", folder, "--resume")
    assert (locked.returncode, "in use by another run" in locked.stderr) == (2, True)
    stranger = tmp_path / "mine"
    stranger.mkdir()
    (stranger / "thesis.txt").write_text("precious")
    refused = codesign("run", path, "--output", stranger)
    assert (refused.returncode, "holds no study" in refused.stderr) == (2, True)
    assert (stranger / "thesis.txt").read_text() == "precious"
    blocked = tmp_path / "file"
    blocked.write_text("")
    inside = codesign("run", path, "--output", blocked / "out")
    assert (inside.returncode, inside.stderr.count("\n")) == (2, 1)


def test_a_full_disk_gives_one_line_and_loses_nothing(tmp_path: Path, monkeypatch) -> None:
    def full(where: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(where))

    monkeypatch.setattr(files, "write_bytes", full)
    done = codesign("run", toy_config(tmp_path), "--output", tmp_path / "out")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "No space left on device" in done.stderr
    assert "--resume" in done.stderr


class Stopping(Silent):
    """A screen that asks for a stop, as Ctrl-C does, when it hears of a stage."""

    def __init__(self, at: str) -> None:
        super().__init__()
        self.at = at

    def show(self, unit: Unit, stage: str, share: float, details: str) -> None:
        if stage == self.at:
            self.at = ""  # a second one would stop at once
            signal.raise_signal(signal.SIGINT)


def test_an_interrupted_and_a_killed_study_resume_to_the_same_designs(finished, tmp_path: Path, monkeypatch) -> None:
    path = toy_config(tmp_path)
    out = tmp_path / "out"
    command = ["run", path, "--output", out]

    def stopped(at: str, by: signal.Signals, *resume: str) -> tuple[int, str]:
        """A process that gets a signal when it first speaks of the stage."""
        arguments = [sys.executable, "-m", "search.commands.cli", *map(str, command), *resume]
        process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
        assert process.stderr is not None
        next(line for line in process.stderr if at in line)
        process.send_signal(by)
        rest = process.stderr.read()
        return process.wait(), rest

    def says_how_to_continue(code: int, said: str) -> None:
        assert code == 130, said
        assert f"codesign run {path} --output {out} --resume" in said
        assert "Traceback" not in said

    says_how_to_continue(*stopped("relax", signal.SIGINT))
    with monkeypatch.context() as patch:
        patch.setattr(choose, "screen", lambda progress: Stopping("harden"))
        again = codesign(*command, "--resume")
    says_how_to_continue(again.returncode, again.stderr)
    code, rest = stopped("harden", signal.SIGKILL, "--resume")
    assert code == -signal.SIGKILL, rest
    done = codesign(*command, "--resume")
    assert done.returncode == 0, done.stderr
    assert (out / "report.html").exists()
    assert (out / "designs.csv").read_text() == (finished[0] / "designs.csv").read_text()
