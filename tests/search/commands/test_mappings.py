"""`codesign mappings`: what is written is what `codesign cost` prices, and the search's own numbers."""

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.search.command import codesign

LAYERS = "name,kind,channels_in,channels_out,size,kernel,stride\nconv1,conv,3,8,8,3,2\nfc,dense,128,10,,,\n"


@pytest.mark.slow
def test_mappings_are_priced_as_they_were_found(tmp_path: Path) -> None:
    table, file = tmp_path / "two.csv", tmp_path / "out" / "nests.txt"
    table.write_text(LAYERS)
    ended = codesign("mappings", "--workload", table, "--mesh", 16, "--starts", 4, "--steps", 30, "--output", file)
    assert ended.returncode == 0, ended.stderr
    command, *nests = file.read_text().splitlines()
    assert len(nests) == 2
    priced = codesign(*shlex.split(command.removeprefix("# codesign ")), "--json")
    assert priced.returncode == 0, priced.stderr
    totals = json.loads(priced.stdout)["totals"]
    found = min(float(value) for value in re.findall(r"([\d.e+]+) (?:by gradients|from random)", ended.stdout))
    # 1 GHz: as many cycles as nanoseconds
    assert totals["energy_pj"] * 1e-6 * totals["latency_ns"] == pytest.approx(found, rel=1e-3)


@pytest.mark.parametrize(
    ("content", "complaint"), [(None, "No such file"), ("", "holds no mapping"), ("L3[WIO] Z28\n", "cannot read the loop 'Z28'")]
)
def test_bad_mappings_are_one_line(tmp_path: Path, content: str | None, complaint: str) -> None:
    path = tmp_path / "nests.txt"
    if content is not None:
        path.write_text(content)
    ended = codesign("cost", "--hardware", "timeloop", "--workload", "digits", "--set", f"mapping={path}")
    assert ended.returncode == 2
    assert complaint in ended.stderr


def test_what_has_no_mapping_is_told() -> None:
    ended = codesign("mappings", "--workload", "transformer")
    assert ended.returncode == 2
    assert "Gemmini keeps weights still" in ended.stderr
