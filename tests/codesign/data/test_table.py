"""Tables of your own: what becomes of their columns, and what is refused, by line and column."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.data import registry
from codesign.data.dataset import DataError, Recipe, array_pool
from codesign.data.standardise import DEVIATIONS, standardised


def table(folder: Path, text: str, name: str = "mine.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def things(folder: Path, separator: str = ",", name: str = "mine.csv") -> Path:
    rows = [[i, 100 + i % 7, "round" if i % 2 else "flat", "yes" if i % 3 else "no"] for i in range(60)]
    lines = [separator.join(map(str, row)) for row in [["id", "size", "form", "ripe"], *rows]]
    return table(folder, "\n".join(lines), name)


@pytest.mark.parametrize(("separator", "name"), [(",", "mine.csv"), (";", "mine.csv"), ("\t", "mine.tsv"), (",", "MINE.CSV")])
def test_columns_become_features_and_classes(tmp_path: Path, separator: str, name: str) -> None:
    data = registry.load(things(tmp_path, separator, name), ignore=["id"], standardise=True)
    # size, and one column for each of two texts
    assert (data.kind, data.sample_shape, data.classes) == ("frames", (3,), 2)
    assert len(data.train.labels) + len(data.validation.labels) == 48
    assert len(data.test.labels) == 12
    # every class by its share
    assert data.test.labels.sum() == 8
    assert len(data.sources[0][1]) == 64
    assert (data.features, data.class_names) == (("size", "form=flat", "form=round"), ("no", "yes"))
    # what was learnt of the training samples is there for others
    assert data.standard is not None
    np.testing.assert_allclose(data.standard(np.concatenate([data.standard.mean[None]] * 2)), 0.5)


def test_the_target_may_be_any_column(tmp_path: Path) -> None:
    data = registry.load(things(tmp_path), target="form", ignore=["id"], standardise=True)
    assert (data.sample_shape, data.classes) == ((3,), 2)


@pytest.mark.parametrize(
    ("text", "asked", "said"),
    [
        ("a,b\n1,x\n,y\n1,x\n1,y", {}, "line 3: a is missing"),
        ("a,b\n0.1,x\n0.2,y\n0.3,\n0.1,x", {}, "line 4: b is missing"),
        ("a,b\n0.1,x\n7,y\n0.3,y\n0.1,x", {}, "value 7 is not in .0, 1.; `standardise: true`"),
        ("a,b\n0.1,x\ninf,y\n0.3,y\n0.1,x", {"standardise": True}, "line 3: a is inf"),
        ("a,b\n0.1,0.5\n0.2,0.7\n0.2,0.7\n0.1,0.5", {}, "holds fractions, and only classes"),
        ("a,b\n0.1,1\n0.2,2\n0.2,3\n0.1,4", {}, "4 different values in 4 lines: is it a class"),
        ("a,b\n0.1,x\n0.2,x", {"target": "c"}, "no column 'c'; it has a, b"),
        ("a,b\n0.1,x\n0.2,x", {"ignore": ["a"]}, "no column is left"),
        ("a,a\n0.1,x\n0.2,x", {}, "two columns are called 'a'"),
        ("0.1,2\n0.2,3", {}, "must name the columns"),
        ("\n0.2,3", {}, "first line is empty"),
        ("a,b", {}, "no samples"),
        ("a,b\n" + "\n".join(f"name {i},{i % 2}" for i in range(200)), {}, "200 different texts; leave it out with `ignore: .a.`"),
    ],
)
def test_what_is_refused_is_named(tmp_path: Path, text: str, asked: dict, said: str) -> None:
    with pytest.raises(DataError, match=said):
        registry.load(table(tmp_path, text), **asked)


def test_bytes_are_no_table(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_bytes(b"a,b\n\xff\xfe\x00")
    with pytest.raises(DataError, match="is not text"):
        registry.load(tmp_path / "mine.csv")


def test_columns_are_for_tables_only() -> None:
    with pytest.raises(ValueError, match="columns of a table"):
        registry.load("digits", target="shape")


def test_own_arrays_of_any_range(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    arrays = {
        "x_train": draw.normal(50, 9, (40, 5)),
        "y_train": np.arange(40) % 2,
        "x_test": draw.normal(50, 9, (8, 5)),
        "y_test": np.arange(8) % 2,
    }
    np.savez(tmp_path / "mine.npz", **arrays)
    with pytest.raises(DataError, match="standardise: true"):
        registry.load(tmp_path / "mine.npz")
    data = registry.load(tmp_path / "mine.npz", standardise=True)
    assert data.train.inputs.min() >= 0
    assert data.test.inputs.max() <= 1


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=40))
def test_standardised_features(values: list[float]) -> None:
    inputs = np.asarray(values, np.float32)[:, None]
    labels = np.zeros(len(values), np.int64)
    other = array_pool("test", inputs[:1], labels[:1])
    found = standardised(Recipe("mine", array_pool("train", inputs, labels), other, 1, "frames")).train.read(np.arange(len(values)))
    assert np.all((found >= 0) & (found <= 1))
    expected = inputs.astype(np.float64)
    spread = expected.std() or 1.0
    expected = np.clip((expected - expected.mean()) / spread, -DEVIATIONS, DEVIATIONS) / (2 * DEVIATIONS) + 0.5
    np.testing.assert_allclose(found, expected, atol=1e-3)
