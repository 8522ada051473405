"""Killed at random moments and resumed, a study ends as if nothing had happened; `python -m benchmarks kills` does more of it."""

from pathlib import Path

import pytest

from benchmarks.kills.command import kill


@pytest.mark.slow
# Ray takes half a minute to begin anew after every kill of a driver
@pytest.mark.parametrize(("engine", "kills"), [("local", 10), ("ray", 4)])
def test_killed_studies_lose_and_double_nothing(engine: str, kills: int, tmp_path: Path) -> None:
    if engine == "ray":
        pytest.importorskip("ray", reason="Ray has no release for this Python")
    counts = kill(tmp_path, kills, engine, seed=7)
    assert counts["of drivers"] + counts["of workers"] == kills
