"""`codesign sweep` as a user runs it: again, wider, changed, with a unit that cannot be done."""

from pathlib import Path

import pandas as pd
import pytest

from tests.search.command import codesign
from tests.search.toy import digital, toy_config

SMALL = "search: {population: 2, warmup_steps: 10, relax_steps: 10, anneal_steps: 10, tuned_designs: 0, scout_evaluations: 0, designs: 2}"


def swept(folder: Path, seeds: str) -> Path:
    base = toy_config(folder)
    base.write_text(digital(base.read_text()))
    path = folder / "swept.yaml"
    path.write_text(f"extends: toy.yaml\nname: swept\n{SMALL}\nsweep:\n  grid:\n    seed: {seeds}\n")
    return path


def test_what_it_would_do_is_said_without_a_folder(tmp_path: Path) -> None:
    path = swept(tmp_path, "[0, 1, 2]")
    said = codesign("sweep", path, "--output", tmp_path / "out", "--dry-run", "--workers", "2")
    assert said.returncode == 0
    assert "3 units" in said.stdout
    assert "with 2 at a time" in said.stdout
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_again_it_does_nothing_and_wider_only_what_is_new(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = codesign("sweep", swept(tmp_path, "[0]"), "--output", out)
    assert (first.returncode, "1 of 1 units are done" in first.stdout) == (0, True), first.stderr
    before = pd.read_csv(out / "designs.csv")
    again = codesign("sweep", swept(tmp_path, "[0]"), "--output", out)
    assert "measure" not in again.stderr
    wider = codesign("sweep", swept(tmp_path, "[0, 1]"), "--output", out)
    assert (wider.returncode, "2 of 2 units are done" in wider.stdout) == (0, True), wider.stderr
    designs = pd.read_csv(out / "designs.csv")
    assert set(designs.seed) == {0, 1}
    old = designs[designs.seed == 0].reset_index(drop=True)
    pd.testing.assert_frame_equal(old.drop(columns="on_front"), before.drop(columns="on_front"), check_dtype=False)  # whole numbers
    changed = codesign("sweep", swept(tmp_path, "[0, 1]"), "--output", out, "--set", "search.chips=3")
    assert (changed.returncode, "search.chips: 4 -> 3" in changed.stderr) == (2, True)
    for kind in ("csv", "parquet"):
        assert str(out / kind / f"designs.{kind}") in codesign("export", out, "--format", kind).stdout
    parquet = pd.read_parquet(out / "parquet" / "designs.parquet")
    assert len(parquet) == len(designs)
