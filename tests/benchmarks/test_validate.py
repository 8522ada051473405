"""The machinery of `python -m benchmarks validate`: what a tool that is not there does, and what the page says."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.validate import command, environment, report
from benchmarks.validate.comparison import EXACT, Row, Tool, factor, within

REQUIREMENTS = ("a-tool==1.0",)


def tool(golden: list[Row], requirements: tuple[str, ...] = REQUIREMENTS) -> Tool:
    def compared(cases: list[dict[str, Any]], found: list[Any]) -> list[Row]:
        return [Row(case["name"], "cycles", 2.0 * case["seed"], theirs, EXACT) for case, theirs in zip(cases, found, strict=True)]

    return Tool(
        "sometool",
        "SomeTool",
        requirements,
        "Sentences.",
        lambda seed: [{"name": "a", "seed": seed}],
        compared,
        lambda: golden,
        ("A reason.",),
    )


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, one: Tool, *arguments: str) -> str:
    monkeypatch.setattr(command, "TOOLS", {one.name: one})
    monkeypatch.setattr(sys, "argv", ["validate", "--page", str(folder / "page.md"), "--folder", str(folder / "tools"), *arguments])
    command.main()
    return (folder / "page.md").read_text()


def test_ratios_and_bars() -> None:
    assert within(0.02).holds(1.019)
    assert not within(0.02).holds(0.979)
    assert factor(2).holds(0.5)
    assert not factor(2).holds(2.1)
    assert Row("a", "b", 0.0, 0.0, EXACT).holds
    assert not Row("a", "b", 1.0, 0.0, EXACT).holds
    assert Row("a", "b", 7.0, 1.0).holds


def test_a_tool_that_cannot_be_installed_is_named_and_its_stored_numbers_compared(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> Path:
        raise environment.NotInstalledError("no wheel for this Python")

    monkeypatch.setattr(environment, "installed", fail)
    with pytest.raises(SystemExit) as stopped:
        run(monkeypatch, tmp_path, tool([Row("stored", "cycles", 3, 3, EXACT)]))
    assert stopped.value.code == 1
    page = (tmp_path / "page.md").read_text()
    assert "**Not run here:** no wheel for this Python. Compared below: stored numbers." in page
    assert "| stored | cycles | 3 | 3 | 1.000 | equal | yes |" in page
    assert "not run: no wheel" in capsys.readouterr().out


def test_a_tool_is_run_by_its_script_in_its_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "run_sometool.py"
    script.write_text("import json, sys\nc = json.load(open(sys.argv[1]))\njson.dump([4 for _ in c], open(sys.argv[2], 'w'))\n")
    monkeypatch.setattr(Tool, "script", script)
    monkeypatch.setattr(environment, "installed", lambda *_: Path(sys.executable))
    page = run(monkeypatch, tmp_path, tool([]), "--seed", "2")
    assert "| a | cycles | 4 | 4 | 1.000 | equal | yes |" in page
    with pytest.raises(SystemExit):
        run(monkeypatch, tmp_path, tool([]), "--seed", "3")
    assert "| 6 | 4 | 1.500 | equal | **no** |" in (tmp_path / "page.md").read_text()


def test_a_script_that_fails_says_why(tmp_path: Path) -> None:
    script = tmp_path / "run_sometool.py"
    script.write_text("raise ValueError('it is broken')")
    with pytest.raises(environment.ScriptError, match="it is broken"):
        environment.run(Path(sys.executable), script, [])


def test_an_environment_that_has_what_is_asked_for_is_kept(tmp_path: Path) -> None:
    (tmp_path / environment.READY).write_text(json.dumps(list(REQUIREMENTS)))
    assert environment.installed(tmp_path, REQUIREMENTS) == environment.python(tmp_path)
    assert not environment.python(tmp_path).exists(), "nothing was made anew"


def test_a_run_of_one_tool_keeps_the_sections_of_the_others(tmp_path: Path) -> None:
    page, order = tmp_path / "page.md", ["A", "B", "C"]
    report.write(page, {"C": "## C\n\nold\n", "A": "## A\n\nold\n"}, order)
    report.write(page, {"B": "## B\n\nnew\n", "A": "## A\n\nnew\n"}, order)
    assert page.read_text().split("## ")[1:] == ["A\n\nnew\n\n", "B\n\nnew\n\n", "C\n\nold\n"]


def test_the_page_has_a_section_for_every_tool() -> None:
    text = command.PAGE.read_text()
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == [each.title for each in command.TOOLS.values()]
    assert "Not run here" not in text.replace("**Not run here:** it is not a package", "")
