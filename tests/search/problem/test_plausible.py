"""Configs that look right: what `check` accepts runs, and what it refuses it refuses with place and reason."""

import re
from pathlib import Path

import pytest

from search.errors import UserError
from search.problem import build, config
from tests.search.command import codesign
from tests.search.problem.plausible import BASES, PLAUSIBLE, RUNS

REFUSED = [case for case in PLAUSIBLE if case[3] != RUNS]
ACCEPTED = [case for case in PLAUSIBLE if case[3] == RUNS]


def written(folder: Path, base: str, old: str, new: str) -> Path:
    assert BASES[base].count(old) >= 1, old
    path = folder / "study.yaml"
    path.write_text(BASES[base].replace(old, new, 1))
    return path


@pytest.mark.parametrize(("base", "old", "new", "message"), REFUSED, ids=[f"{case[0]}-{case[2]}" for case in REFUSED])
def test_what_cannot_run_is_refused_where_it_stands(tmp_path: Path, base: str, old: str, new: str, message: str) -> None:
    path = written(tmp_path, base, old, new)
    with pytest.raises(UserError, match=rf"^{re.escape(str(path))}:\d+: ") as caught:
        build.check(config.read(path))
    assert message in str(caught.value)


def test_what_is_accepted_can_be_built(tmp_path: Path) -> None:
    for base, old, new, _ in ACCEPTED:
        build.build(config.read(written(tmp_path, base, old, new)))


# each compiles a study of its own for half a minute: every third is run, of each family some, and the mixed chip
RUN = [*ACCEPTED[:-1:3], ACCEPTED[-1]]


@pytest.mark.slow
@pytest.mark.parametrize(("base", "old", "new", "message"), RUN, ids=[f"{case[0]}-{case[2]}" for case in RUN])
def test_what_is_accepted_runs(tmp_path: Path, base: str, old: str, new: str, message: str) -> None:
    path = written(tmp_path, base, old, new)
    assert codesign("check", path).returncode == 0
    ended = codesign("run", path, "--output", tmp_path / "results")
    # a study may find nothing feasible in six steps; it has designs and a report all the same
    assert (tmp_path / "results" / "report.html").is_file(), ended.stderr
