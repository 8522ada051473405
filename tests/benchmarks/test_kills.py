"""Killed at random moments and resumed, a study ends as if nothing had happened; `python -m benchmarks kills` does more of it."""

from pathlib import Path

import pytest

from benchmarks.kills.command import kill


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["local", "ray"])
def test_killed_studies_lose_and_double_nothing(engine: str, tmp_path: Path) -> None:
    if engine == "ray":
        pytest.importorskip("ray", reason="Ray has no release for this Python")
    counts = kill(tmp_path, 10, engine, seed=7)
    assert counts["studies"] >= 1
    assert counts["of drivers"] + counts["of workers"] == 10
