"""What a sweep shows: a line for each unit, the front of all that can be compared, and nothing of what a config says as HTML."""

import json
from pathlib import Path

import pandas as pd
import pytest

from search.problem import config
from search.results import sweep
from search.results.view import View
from search.study.journal import Write
from search.study.store.store import Store
from search.study.unit import State, Unit
from tests.search.results.explained import unexplained
from tests.search.toy import toy_config


def unit(number: int, values: dict, **label: object) -> Unit:
    return Unit(f"{number:012x}", label, values)


def design(name: str, error: float, energy: float) -> str:
    costs = {"error": error, "energy_pj": energy, "latency_ns": 1.0, "area_um2": 1.0, "error_mean": error, "error_std": 0.0}
    known = {f"validation_{key}": value for key, value in costs.items()}
    return json.dumps({"design": name, "feasible": True, "chips": 1, **costs, **known, "seed": 7})


def finished(folder: Path, units: list[Unit], energies: dict[str, list[float]]) -> Path:
    with Store(folder) as store:
        store.put("kind", "sweep")
        store.add_units(units)
        for one in units:
            rows = [("designs", (f"d{i:02d}", design(f"d{i:02d}", 1 / energy, energy))) for i, energy in enumerate(energies[one.name])]
            store.begin(one)
            store.write(one, Write(tuple(rows)))
            store.end(one, State.DONE if rows else State.FAILED, "" if rows else "nothing is finite\nTraceback ...", {"wall_s": 90.0})
        return sweep.publish(store)


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> dict:
    return config.written(config.read(toy_config(tmp_path_factory.mktemp("toy"))).config)


def test_fronts_are_common_to_what_can_be_compared(values: dict, tmp_path: Path) -> None:
    other = {**values, "data": {**values["data"], "limit": 60}}
    units = [unit(0, values, seed=0), unit(1, values, seed=1), unit(2, other, seed=0), unit(3, values, seed=2)]
    beaten = {"0" * 12: [10.0, 20.0], units[1].name: [20.0, 40.0], units[2].name: [30.0], units[3].name: []}
    page = finished(tmp_path / "out", units, beaten)
    table = pd.read_csv(tmp_path / "out" / "units.csv").set_index("unit")
    assert table.state.tolist() == ["done", "done", "failed", "done"]
    assert table.on_front.tolist() == [2, 1, 0, 1], "of equal designs the first counts; other data, another front"
    assert table.reason.tolist()[2] == "nothing is finite"
    designs = pd.read_csv(tmp_path / "out" / "designs.csv")
    assert list(designs.columns[:3]) == ["unit", "seed", "design"]
    assert designs.seed.tolist() == [0, 0, 1, 1, 0], "what was varied, not the column of the same name"
    view = View.of(values)
    assert not unexplained("units", table.reset_index().columns, view, ["seed"])
    # what a sweep adds: the designs themselves are made up here
    assert not unexplained("designs", {"unit", "seed", "seed_of_design", "on_front"} & set(designs.columns), view, ["seed"])
    assert "1m 30s" in page.read_text() or "90 s" in page.read_text()


def test_what_a_config_says_is_text(values: dict, tmp_path: Path) -> None:
    units = [unit(0, values, variant="<script>alert(1)</script>", hidden=[64, 32])]
    page = finished(tmp_path / "out", units, {units[0].name: [10.0, 20.0]}).read_text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
