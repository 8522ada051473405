"""A seeded part of `python -m benchmarks fuzz`: no mutated input ends in a traceback, hangs, or takes a gigabyte."""

from pathlib import Path

import pytest

from benchmarks.fuzz import configs, files
from benchmarks.fuzz.watched import watch

CASES = {"fast": (range(50), range(110)), "slow": (range(50, 350), range(110, 400))}
# a case takes about a second; what is a hang on a busy machine is one on an idle machine too
HANG = 60.0


@pytest.fixture(autouse=True)
def data_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configs.registry, "load", configs.remembering())


@pytest.mark.parametrize("size", ["fast", pytest.param("slow", marks=pytest.mark.slow)])
def test_mutated_configs(tmp_path: Path, size: str) -> None:
    configs.check(configs.FOLDER / "quickstart.yaml")
    found = []
    for case in CASES[size][0]:
        (tmp_path / "study.yaml").write_bytes(configs.text_of(0, case))
        verdict = watch(lambda: configs.check(tmp_path / "study.yaml"), configs.PROMISED, HANG)
        found += [(case, verdict)] * (verdict.outcome not in ("accepted", "refused"))
    assert not found


@pytest.mark.parametrize("size", ["fast", pytest.param("slow", marks=pytest.mark.slow)])
def test_damaged_files(tmp_path: Path, size: str) -> None:
    found = []
    for case in CASES[size][1]:
        kind, content = files.content_of(0, case)
        path = tmp_path / f"damaged.{kind.suffix}"
        path.write_bytes(content)
        verdict = watch(lambda kind=kind, path=path: kind.read(path), kind.promised, HANG)  # type: ignore[misc]
        found += [(case, kind.name, verdict)] * (verdict.outcome not in ("accepted", "refused"))
    assert not found
