"""The reader of golden tables finds other files with the same columns, plain or compressed, and says what it misses."""

import gzip
import json

import pytest

from tests import golden_files


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CODESIGN_REFERENCE", str(tmp_path))
    (tmp_path / "tool").mkdir()
    return tmp_path / "tool"


def test_tables_are_recognised_by_their_columns(folder):
    (folder / "held_out.csv").write_text("a,b\n1,2\n")
    with gzip.open(folder / "more.csv.gz", "wt") as stream:
        stream.write("b,a,c\n4,3,5\n")
    (folder / "other.csv").write_text("x\n9\n")
    table = golden_files.tables("tool", ["a", "b"])
    assert table.a.tolist() == [1, 3]
    assert table.file.tolist() == ["held_out.csv", "more.csv.gz"]


def test_records_plain_and_compressed(folder):
    (folder / "cases.json").write_text(json.dumps([{"id": 1, "y": 2}]))
    with gzip.open(folder / "rest.json.gz", "wt") as stream:
        json.dump([{"id": 2, "y": 3}], stream)
    assert [record["id"] for record in golden_files.records("tool", ["id", "y"])] == [1, 2]


def test_a_missing_table_names_the_columns(folder):
    with pytest.raises(FileNotFoundError, match="columns a, z"):
        golden_files.tables("tool", ["z", "a"])
