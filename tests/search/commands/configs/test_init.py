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
        (["--data", "table.csv"], "tables are not read"),
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
