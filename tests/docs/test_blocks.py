"""Every code block of README and docs does what a reader would expect of it: each page in order, in a folder of its own.

Python runs, in one namespace for each page. Configs are checked; fragments over a small config. Commands are parsed, the quick ones run;
those that search run where later Python looks at their results, with budgets of seconds, and such pages are slow tests.
"""

import functools
import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import search
from codesign.workloads.table import read_workload
from search.commands.cli import app
from search.commands.configs.check import check
from search.objectives import registry
from search.problem.config import Config
from tests.docs.blocks import LANGUAGES, PAGES, ROOT, Block, blocks_of
from tests.search.command import codesign

QUICK = {"check", "cost", "init", "list", "schema"}
SEARCHES = {"run", "sweep"}
# budgets of seconds, where a page looks at what a search has found
TINY = {
    "data.limit": 120,
    "search.population": 2,
    "search.batch_size": 32,
    "search.warmup_steps": 20,
    "search.relax_steps": 10,
    "search.anneal_steps": 10,
    "search.finetune_steps": 10,
    "search.steps_per_call": 10,
    "search.chips": 2,
    "search.aged_chips": 0,
    "search.exact_chips": 0,
    "search.baselines": False,
    "search.designs": 4,
    "constraints": {},
}
BASE = """
name: fragment
data: {name: digits, limit: 120}
network: {kind: mlp, hidden: [16], longest: 4}
hardware: {kind: crossbar, technology: rram_45nm}
parameters:
  rows: {kind: power_of_two, low: 16, high: 128}
  adc_bits: {kind: integer, low: 3, high: 8}
search: {aged_chips: 0, exact_chips: 0}
"""


def searches(page: Path) -> bool:
    """Whether the page's Python looks at what its commands have found."""
    return any(block.language == "python" and "results/" in block.text for block in blocks_of(page))


def parameters() -> Iterator[Any]:
    for page in PAGES:
        if blocks_of(page):
            marks = [pytest.mark.slow] if searches(page) else []
            yield pytest.param(page, id=str(page.relative_to(ROOT)), marks=marks)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a reader has at hand: the repository's configs, and bases that fragments name; afterwards nothing of it is known."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(search, "run", functools.partial(search.run, progress="quiet", **TINY))
    known = registry.REGISTRY.copy()
    shutil.copytree(ROOT / "configs", "configs")
    shutil.copy(ROOT / "configs" / "quickstart.yaml", "quickstart.yaml")
    Path("base.yaml").write_text(BASE)
    Path("bases").mkdir()
    Path("bases/crossbar.yaml").write_text(BASE)
    yield
    registry.REGISTRY.clear()
    registry.REGISTRY.update(known)
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "/").is_relative_to(tmp_path):
            del sys.modules[name]


def test_blocks_say_what_they_are() -> None:
    found = [block for page in PAGES for block in blocks_of(page)]
    assert len(found) > 60, "the pages have examples, and this file must see them"
    assert not [block.where for block in found if block.language not in LANGUAGES]


@pytest.mark.parametrize("page", parameters())
@pytest.mark.usefixtures("folder")
def test_page(page: Path) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks_of(page):
        if not block.is_run:
            continue
        if block.title:
            Path(block.title).parent.mkdir(parents=True, exist_ok=True)
            Path(block.title).write_text(block.text)
        if block.language == "python" and not block.title:
            run_python(block, namespace)
        elif block.language == "yaml":
            check_yaml(block)
        elif block.language == "bash":
            check_shell(block, really=searches(page))


def run_python(block: Block, namespace: dict[str, Any]) -> None:
    # as many empty lines before it as the page has, so that a traceback names the page's own line
    code = compile("\n" * (block.line - 1) + block.text, str(block.page), "exec")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".* has moved to ")
        exec(code, namespace)


def check_yaml(block: Block) -> None:
    path = Path(block.title or f"block{block.line}.yaml")
    keys = {match[1] for match in re.finditer(r"^(\w+):", block.text, re.MULTILINE)}
    if "layers" in keys:
        path.write_text(block.text)
        assert len(read_workload(path))
        return
    whole = {name for name, field in Config.model_fields.items() if field.is_required()} <= keys or "extends" in keys
    path.write_text(block.text if whole else f"extends: base.yaml\n{block.text}")
    assert check(path, ()), block.where


def check_shell(block: Block, *, really: bool) -> None:
    subprocess.run(["bash", "-n"], input=block.text, text=True, check=True)
    for line in block.text.replace("\\\n", " ").splitlines():
        for words in commands(line):
            check_command(words, block.where, really=really)


def commands(line: str) -> Iterator[list[str]]:
    """The commands of a line, without variables, redirections and comments."""
    for part in re.split(r"&&|;|\|", re.sub(r"(^| )#.*", "", line)):
        try:
            words = shlex.split(part.partition(" > ")[0].strip().rstrip("&"))
        except ValueError:
            continue
        while words and re.match(r"[A-Z_]+=", words[0]):
            words.pop(0)
        if words:
            yield words


def check_command(words: list[str], where: str, *, really: bool) -> None:
    name, *arguments = words
    if Path(name).name == "codesign":
        app.parse_args(arguments, exit_on_error=False, print_error=False)
        if arguments[0] in QUICK or (really and arguments[0] not in SEARCHES):
            done = codesign(*arguments)
            assert done.returncode == 0, f"{where}: {' '.join(words)}: {done.stderr}"
        # one with a folder of its own is a variation that nobody looks at
        elif really and "--output" not in arguments:
            done = codesign(*arguments, *(word for key, value in TINY.items() for word in ("--set", f"{key}={value}")))
            assert done.returncode == 0, f"{where}: {' '.join(words)}: {done.stderr}"
    elif arguments[:1] == ["-m"] and Path(name).name.startswith("python"):
        assert importlib.util.find_spec(arguments[1]), f"{where}: no module {arguments[1]}"


@functools.cache
def known_commands() -> set[str]:
    return {name for name in app if not name.startswith("-")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_the_text_are_known(page: Path) -> None:
    named = re.findall(r"`codesign ([a-z]\w*)", page.read_text())
    assert not [name for name in named if name not in known_commands()]
