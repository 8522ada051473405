"""`codesign init`: a config to begin with, accepted as it is."""

from pathlib import Path

import numpy as np
import pytest

from search.problem.config import read
from tests.search.command import codesign


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    draw = np.random.default_rng(0)
    split = {name: draw.random((40, 4, 4, 1), dtype=np.float32) for name in ("x_train", "x_test")}
    np.savez(tmp_path / "my data.npz", y_train=np.arange(40) % 3, y_test=np.arange(40) % 3, **split)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "my data.npz"


@pytest.mark.parametrize("hardware", ["crossbar", "systolic", "manycore", "hybrid"])
def test_a_config_for_data_of_your_own(own: Path, hardware: str) -> None:
    done = codesign("init", "--data", own.name, "--hardware", hardware)
    assert (done.returncode, done.stderr) == (0, "")
    assert "40 test samples of 4 x 4 x 1 (frames), 3 classes" in done.stdout
    assert "next: codesign run my_data.yaml" in done.stdout
    config = read(own.parent / "my_data.yaml").config
    assert (config.hardware.kind, config.data.name, config.search.batch_size) == (hardware, str(own), 34)
    assert codesign("check", "my_data.yaml").returncode == 0


def test_a_config_for_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [f"{i},{i % 3 + 0.25 * (i % 2)},{'round' if i % 2 else 'flat'},{'abc'[i % 3]}" for i in range(60)]
    (tmp_path / "things.csv").write_text("\n".join(["number,size,form,kind", *lines]))
    done = codesign("init", "--data", "things.csv", "--target", "kind", "--hardware", "systolic")
    assert (done.returncode, done.stderr) == (0, "")
    config = read(tmp_path / "things.yaml").config
    assert (config.data.target, config.data.standardise, config.data.ignore) == ("kind", True, [])
    assert codesign("check", "things.yaml", "--set", "data.ignore=[number]").returncode == 0


def test_nothing_is_overwritten(own: Path) -> None:
    (own.parent / "my_data.yaml").write_text("mine")
    for arguments in (["--data", own.name], ["--data", own.name, "--output", "my_data.yaml"]):
        done = codesign("init", *arguments)
        assert (done.returncode, "is there already" in done.stderr) == (2, True)
    assert (own.parent / "my_data.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--data", "digitz"], "did you mean 'digits'"),
        (["--data", "table.csv"], "no such file"),
        (["--data", "digits", "--target", "shape"], "columns of a table"),
        (["--data", "nothing.npz"], "no such file"),
        (["--data", "digits", "--hardware", "crosbar"], "did you mean 'crossbar'"),
        (["--data", "digits", "--output", "no/where.yaml"], "cannot be written"),
    ],
)
def test_mistakes(own: Path, arguments: list[str], hint: str) -> None:
    done = codesign("init", *arguments)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert hint in done.stderr
    assert [path.name for path in own.parent.iterdir()] == [own.name]
