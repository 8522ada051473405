"""Technologies in configs: by name or by parts, and what cannot be told where it stands."""

from pathlib import Path

import pytest

from search.errors import UserError
from search.problem import build, config
from tests.search.toy import toy_config


def written(folder: Path, technology: str, **changes: str) -> Path:
    path = toy_config(folder)
    text = path.read_text()
    assert "technology: rram_45nm" in text
    text = text.replace("technology: rram_45nm", f"technology: {technology}")
    for before, after in changes.values():
        assert before in text
        text = text.replace(before, after)
    path.write_text(text)
    return path


def test_by_parts(tmp_path: Path) -> None:
    problem = build.build(config.read(written(tmp_path, "{process: cmos_28nm, memory: lstp, device: pcm}")))
    assert str(problem.technology.parts) == "{process: cmos_28nm, memory: lstp, device: pcm, offchip: lpddr4}"
    # what has no bound in the config is bounded all the same
    assert "excess" in [limit.objective.name for limit in problem.limits]


@pytest.mark.parametrize(
    ("technology", "message"),
    [
        ("{process: cmos_28nm, mem: lop}", r"toy\.yaml:\d+: hardware\.technology\.mem: unknown key \(did you mean 'memory'\?\)$"),
        ("{process: cmos_27nm}", r"hardware\.technology: unknown process 'cmos_27nm' \(did you mean 'cmos_28nm'\?\)"),
        ("digital_28nm", r"toy\.yaml:\d+: hardware\.technology: a crossbar needs a memory device: rram_"),
        ("loihi_14nm", r"toy\.yaml:\d+: hardware\.technology: technology 'loihi_14nm' has the calibrated events"),
    ],
)
def test_mistakes_stand_where_they_are(tmp_path: Path, technology: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        build.build(config.read(written(tmp_path, technology)))
