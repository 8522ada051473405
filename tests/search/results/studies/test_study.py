"""A result folder in Python: tables with their types, selection, filters, and no JAX for reading."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import search
from search.errors import UserError
from search.problem import config
from search.results.studies.layers import layers_of
from search.results.studies.typed import typed
from search.study.unit import Unit
from tests.search.results.test_sweep import finished
from tests.search.toy import toy_config


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> dict:
    return config.written(config.read(toy_config(tmp_path_factory.mktemp("toy"))).config)


@pytest.fixture(scope="module")
def folder(values: dict, tmp_path_factory: pytest.TempPathFactory) -> Path:
    other = {**values, "data": {**values["data"], "limit": 60}}
    labels = [{"search.kind": "tpe", "seed": 0}, {"search.kind": "tpe", "seed": 1}, {"search.kind": "nsga2", "seed": 0}, {"seed": 9}]
    units = [Unit(f"{i:012x}", label, other if i == 3 else values) for i, label in enumerate(labels)]
    energies = [[10.0, 20.0], [15.0], [5.0], [30.0]]
    out = tmp_path_factory.mktemp("sweep") / "out"
    finished(out, units, {unit.name: own for unit, own in zip(units, energies, strict=True)})
    return out


def test_tables_of_a_sweep(folder: Path) -> None:
    study = search.load(folder)
    assert len(study.units) == 4
    assert study.designs.groupby("unit").size().tolist() == [2, 1, 1, 1]
    # errors are 1 / energy: nothing is beaten, in either of the two groups
    assert len(study.front) == 5
    assert study.history.empty


def test_units_are_chosen_by_what_was_varied(folder: Path) -> None:
    study = search.load(folder)
    assert set(study.where(kind="tpe").designs["search.kind"]) == {"tpe"}
    assert len(study.where(seed=[0, 1]).units) == 3
    assert len(study.where(**{"search.kind": "tpe"}, seed=lambda seed: seed > 0).designs) == 1
    with pytest.raises(UserError, match=r"varied: search\.kind, seed"):
        study.where(colour="red")
    with pytest.raises(UserError, match="no unit has seed 5"):
        study.where(seed=5)


def test_fronts_of_what_was_varied_are_told_apart(folder: Path) -> None:
    """Both parts lie in one folder: catches two fronts that take one name, and a part with the other's designs."""
    study = search.load(folder).where(seed=[0, 1])
    parts = study.split("kind")
    assert {value: set(part.designs["search.kind"]) for value, part in parts.items()} == {value: {value} for value in parts}
    assert len(parts) == 2
    assert [trace.name for trace in study.plot.compare(by="kind").data] == [f"kind {value}" for value in parts]


def test_what_cannot_be_compared_is_not(folder: Path) -> None:
    study = search.load(folder)
    with pytest.raises(UserError, match=r"cannot be compared .* choose some with .where"):
        _ = study.view
    assert study.where(seed=[0, 1]).view.columns == ["error", "energy_pj"]


def test_a_name_of_several_designs_is_asked_back(folder: Path) -> None:
    study = search.load(folder)
    with pytest.raises(UserError, match="is a design of 4 units"):
        study.design("d00")
    with pytest.raises(UserError, match="did you mean 'd01'"):
        study.design("d10")
    with pytest.raises(UserError, match=r"share from 0 to 1, such as 0\.03"):
        study.where(seed=[0, 1]).best(error=3)
    assert study.design("d00", unit="000000000002").row.energy_pj == 5.0
    assert study.design(study.designs.iloc[-1]).row.energy_pj == 30.0


def test_reading_needs_no_jax(folder: Path) -> None:
    script = f"import sys, search; print(len(search.load({str(folder)!r}).designs)); assert 'jax' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == "5\n", done.stderr


def test_no_study(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no study"):
        search.load(tmp_path / "nothing")


def test_it_shows_what_it_holds(folder: Path) -> None:
    text, page = repr(search.load(folder)), search.load(folder)._repr_html_()
    for shown in (text, page):
        assert "4 units (4 done), 5 measured designs, 5 on the front" in shown


def test_searched_whole_numbers_are_integers() -> None:
    parameters = {"rows": {"kind": "power_of_two"}, "bits": {"kind": "integer"}, "sigma": {"kind": "continuous"}}
    designs = pd.DataFrame({"rows": [16.0, 64.0], "bits[a]": [2.0, np.nan], "sigma": [1.0, 2.0], "rowsum": [1.0, 2.0]})
    found = typed(designs, [{"parameters": parameters}])
    assert [str(kind) for kind in found.dtypes] == ["int64", "Int64", "float64", "float64"]


def test_a_parameter_that_is_whole_in_one_unit_only_stays_as_it_is() -> None:
    configs = [{"parameters": {"bits": {"kind": kind}}} for kind in ("integer", "continuous")]
    assert typed(pd.DataFrame({"bits": [2.0, 3.0]}), configs).bits.dtype == np.float64


def test_layers_join_shapes_settings_and_costs() -> None:
    row = pd.Series({"design": "d00", "weight_bits[a]": 3, "weight_bits[b]": 4, "weight_bits[of another unit]": np.nan})
    costs = pd.DataFrame(
        {"layer": ["a", "b", "a"], "component": ["x", "x", "y"], "energy_pj": [1.0, 2.0, 3.0], "latency_ns": [1.0, 1.0, np.nan]}
    )
    table = layers_of(row, costs, [{"name": "a", "kind": "dense"}, {"name": "b", "kind": "dense"}])
    assert table.layer.tolist() == ["a", "b"]
    assert table.energy_pj.tolist() == [4.0, 2.0]
    assert table.weight_bits.tolist() == [3, 4]
