"""The command line: exit codes, and one clear line instead of a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.search.command import codesign

ROOT = Path(__file__).parents[3]
QUICKSTART = ROOT / "configs" / "quickstart.yaml"


def process(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "search.commands.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["rnu"], "run"),
        (["run"], "config"),
        (["list", "hardwear"], "hardware"),
        (["run", "nowhere.yaml"], "does not exist"),
        (["check", str(ROOT)], "is a folder"),
        (["report", "nowhere"], "holds no study"),
        (["export", "nowhere"], "holds no study"),
    ],
)
def test_mistakes_exit_with_2_and_a_hint(arguments: list[str], hint: str) -> None:
    done = codesign(*arguments)
    assert done.returncode == 2, done.stderr
    assert hint.lower() in (done.stderr + done.stdout).lower()


def test_a_process_ends_with_the_code_and_one_line(tmp_path: Path) -> None:
    done = process("run", str(tmp_path / "nowhere.yaml"))
    assert (done.returncode, done.stdout, done.stderr.count("\n"), "does not exist" in done.stderr) == (2, "", 1, True)


def test_check_accepts_the_quickstart() -> None:
    done = process("check", str(QUICKSTART))
    assert (done.returncode, "searches 10 values" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("datasets", "digits"),
        ("hardware", "crossbar"),
        ("technologies", "rram_45nm"),
        ("objectives", "energy"),
        ("searchers", "gradient"),
        ("networks", "mlp"),
        ("workloads", "vgg9"),
    ],
)
def test_lists_name_what_configs_can_use(kind: str, name: str) -> None:
    done = codesign("list", kind)
    assert done.returncode == 0, done.stderr
    assert name in [line.split()[0] for line in done.stdout.splitlines()]


def test_cost_prints_a_table() -> None:
    done = codesign("cost", "--workload", "vgg9", "--hardware", "crossbar", "--set", "rows=128", "--set", "timesteps=5")
    assert done.returncode == 0, done.stderr
    assert "adc" in done.stdout
