"""A result folder: nothing half-written, nothing of others, damage told in one line, older folders brought up to date."""

import io
import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from search.errors import UserError
from search.study.journal import Write
from search.study.store.store import Store, as_csv
from search.study.store.tables import frame, reading
from search.study.unit import State, Unit, UnitFailedError
from tests.search.study.toy_work import units

ONE = Unit("a" * 12, {"seed": 1}, {"seed": 1, "parameters": {"rows": {}, "bits": {}}})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Store(tmp_path / "out") as store:
        store.put("kind", "run")
        store.add_units([ONE])
        store.begin(ONE)
        journal = store.journal(ONE)
        journal.put("spent", "{}")
        journal.save_arrays("population", jnp.arange(3.0))
        journal.add_failed(2, "relax", "first")
        journal.add_failed(2, "harden", "second")
        journal.add_design("d00", {"design": "d00", "rows": 64, "option": "=cmd", "error": 0.25}, pd.DataFrame(), {})
    return tmp_path / "out"


def test_what_is_written_is_read_again_by_a_later_process(folder: Path) -> None:
    with Store(folder) as store:
        journal = store.journal(ONE)
        assert journal.get("spent") == "{}"
        assert journal.design_names() == {"d00"}
        assert journal.designs()["d00"]["error"] == 0.25
        assert journal.failed() == {2: ("relax", "first")}
        np.testing.assert_array_equal(journal.load_arrays("population", jnp.zeros(3)), np.arange(3))
        with pytest.raises(UnitFailedError, match="checkpoint population was written by another version"):
            journal.load_arrays("population", jnp.zeros(4))
        stored = store.tables.units()[0]
        assert (stored.unit, stored.state, stored.attempts) == (ONE, State.RUNNING, 1)
        assert list(stored.unit.config["parameters"]) == ["rows", "bits"], "a seed's draws depend on the order"
    assert sorted(p.name for p in folder.iterdir()) == ["checkpoints", "study.db"]


def test_rows_of_one_write_are_there_together_or_not_at_all(folder: Path) -> None:
    with Store(folder) as store:
        with pytest.raises(sqlite3.Error):
            store.write(ONE, Write((("facts", ("spent", "new")), ("facts", ("spent", object())))))
        assert store.tables.facts("spent") == {ONE.name: "{}"}


def test_integers_stay_integers_and_what_is_missing_is_nan() -> None:
    table = frame([json.dumps({"rows": 64, "error": 0.5}), json.dumps({"rows": 32, "error": float("nan"), "aged": 1})])
    assert table.rows.dtype == np.int64
    assert table.error.isna().tolist() == [False, True]
    assert list(table.columns) == ["rows", "error", "aged"]


def test_text_that_begins_a_formula_is_quoted_in_csv() -> None:
    table = pd.DataFrame({"option": ["=cmd()", "@sum", "plain", "-2"], "value": [-1.5, 2.0, 3.0, 4.0]})
    again = pd.read_csv(io.StringIO(as_csv(table)))
    assert again.option.tolist() == ["'=cmd()", "'@sum", "plain", "'-2"]
    assert again.value.tolist() == table.value.tolist()


def test_numbers_in_csv_are_exact() -> None:
    values = [0.1 + 0.2, 1e-300, 123456789.123456789, float("nan")]
    again = pd.read_csv(io.StringIO(as_csv(pd.DataFrame({"value": values, "ok": [True, False, True, True]}))), float_precision="round_trip")
    np.testing.assert_array_equal(again.value, values)
    assert again.ok.dtype == bool


def test_a_second_writer_is_told_who_holds_the_folder_and_readers_are_welcome(folder: Path) -> None:
    with Store(folder) as store:
        with pytest.raises(UserError, match=r"in use by another run: process \d+ on .*, since"):
            Store(folder)
        store.put("note", "seen at once")
        with reading(folder) as tables:
            assert tables.get("note") == "seen at once"
            assert tables.designs().design.tolist() == ["d00"]
    with reading(folder) as tables:
        assert len(tables.units()) == 1


def test_a_killed_writer_leaves_a_folder_that_the_next_one_takes(folder: Path) -> None:
    code = f"""
import os, signal
from pathlib import Path
from search.study.store.store import Store
store = Store(Path({str(folder)!r}))
store.put("before", "the kill")
(Path({str(folder)!r}) / ".config.yaml.1.tmp").write_text("half")
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[4], check=False).returncode == -9
    with Store(folder) as store:
        assert store.tables.get("before") == "the kill"
    assert sorted(p.name for p in folder.iterdir()) == ["checkpoints", "study.db"]


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    path.write_bytes({"garbage": b"\x07" * len(content), "truncated": content[: len(content) // 2], "empty": b""}[how])


@pytest.mark.parametrize("how", ["garbage", "truncated", "empty"])
def test_a_damaged_database_is_one_line(folder: Path, how: str) -> None:
    (folder / "designs.csv").write_text("design\n")
    damage(folder / "study.db", how)
    before = (folder / "study.db").read_bytes()
    with pytest.raises(UserError, match=r"study\.db is damaged .*whole beside it: .*designs\.csv") as caught:
        Store(folder)
    assert "\n" not in str(caught.value)
    assert (folder / "study.db").read_bytes() == before, "nothing is silently started again"
    assert not (folder / ".lock").exists()


@pytest.mark.parametrize("how", ["garbage", "truncated", "empty"])
def test_a_damaged_checkpoint_counts_as_missing(folder: Path, how: str) -> None:
    damage(folder / "checkpoints" / ONE.name / "population.eqx", how)
    with Store(folder) as store:
        assert store.tables.checkpoints(ONE.name).damaged() == ["population"]
        assert store.journal(ONE).load_arrays("population", jnp.zeros(3)) is None


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "study.db") as other:
        other.execute("create table customers (name text)")
    other.close()
    with pytest.raises(UserError, match="is no study: its tables are customers"):
        Store(tmp_path)


def test_a_later_version_is_refused(folder: Path) -> None:
    with sqlite3.connect(folder / "study.db") as database:
        database.execute("pragma user_version = 99")
    database.close()
    with pytest.raises(UserError, match="written by a later version of codesign"):
        Store(folder)


FIRST = """
create table meta (key text primary key, value text not null);
create table history (step integer, member integer, stage text, row text not null, primary key (step, member));
create table designs (design text primary key, row text not null);
create table breakdown (design text, layer text, component text, row text not null, primary key (design, layer, component));
insert into meta values ('config_hash', 'b0b0b0b0b0b0'), ('state', 'done'), ('spent', '{"minibatches": 3}');
insert into history values (10, 0, 'relax', '{"loss": 1.5}');
insert into designs values ('d00', '{"design": "d00", "error": 0.5}');
insert into breakdown values ('d00', 'z', 'adc', '{"layer": "z", "component": "adc"}');
insert into breakdown values ('d00', 'a', 'adc', '{"layer": "a", "component": "adc"}');
"""


def test_a_folder_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "study.db") as old:
        old.executescript(FIRST)
    old.close()
    (tmp_path / "config.yaml").write_text("seed: 7\n")
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "design_00.eqx").write_bytes(b"weights")
    with Store(tmp_path) as store:
        stored = store.tables.units()[0]
        assert (stored.unit.name, stored.state, stored.unit.config) == ("b0b0b0b0b0b0", State.DONE, {"seed": 7})
        assert store.tables.designs().error.tolist() == [0.5]
        assert store.tables.breakdown().layer.tolist() == ["z", "a"], "layers keep the order of the network"
        assert store.tables.history().loss.tolist() == [1.5]
        assert store.tables.facts("spent") == {"b0b0b0b0b0b0": '{"minibatches": 3}'}
        assert store.tables.checkpoints("b0b0b0b0b0b0")["design_00"] == b"weights"


def test_units_that_are_there_stay_as_they_are(folder: Path) -> None:
    with Store(folder) as store:
        store.end(ONE, State.DONE)
        store.add_units([*units(2), ONE])
        assert [(u.unit.name, str(u.state)) for u in store.tables.units()] == [
            ("0" * 12, "waiting"),
            ("0" * 11 + "1", "waiting"),
            (ONE.name, "done"),
        ]


def test_a_folder_that_is_deleted_meanwhile_is_noticed_at_once(tmp_path: Path) -> None:
    with Store(tmp_path / "out") as store:
        store.add_units([ONE])
        journal = store.journal(ONE)
        shutil.rmtree(tmp_path / "out")
        with pytest.raises(FileNotFoundError, match="was deleted while it was written"):
            journal.put("spent", "{}")
        with pytest.raises(FileNotFoundError):
            journal.save_arrays("population", jnp.zeros(1))
    assert not (tmp_path / "out").exists()


def test_lists_and_mappings_are_json_in_csv() -> None:
    table = frame([json.dumps({"point": {"rows": 64, "bits": [2, 3]}, "relaxed": [0.5, 1.5]})])
    again = pd.read_csv(io.StringIO(as_csv(table)))
    assert json.loads(again.point[0]) == {"rows": 64, "bits": [2, 3]}
    assert json.loads(again.relaxed[0]) == [0.5, 1.5]
