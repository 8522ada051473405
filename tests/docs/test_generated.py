"""The generated reference says something of everything; what the site shows is complete without building it."""

import re
from pathlib import Path

import pytest

from docs.generate import api, commands, config_keys, names, parameters, pictures, result_tables, technologies, workloads
from search.commands.cli import app

ROOT = Path(__file__).parents[2]
PAGES = {
    "config": config_keys.page,
    "parameters": parameters.page,
    "names": names.page,
    "datasets": names.datasets,
    "results": result_tables.page,
    "technologies": technologies.page,
    "words": names.words,
    "workloads": workloads.page,
}


@pytest.mark.parametrize("name", PAGES)
def test_every_row_of_every_table_ends_in_words(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it is, or where it is from: the last column."""
    # every technology would be tried on every family, which takes its time
    monkeypatch.setattr(parameters, "fitting", lambda family: [])
    text = PAGES[name]()
    rows = [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) > 10
    assert not [row for row in rows if not row[-1].strip()]
    # as many cells as the heading: nothing in a cell breaks its table
    heads = {len(line.split(" | ")) for line in text.splitlines() if line.startswith("| ---")}
    assert {len(row) for row in rows} <= heads


def test_units_of_config_keys_are_in_their_column() -> None:
    text = config_keys.page()
    row = next(line for line in text.splitlines() if line.startswith("| `memory_gb`"))
    assert "| GB | Memory of evaluations, which" in row
    assert "above 0" in row


def test_every_command_is_told() -> None:
    text = commands.page()
    for name in (name for name in app if not name.startswith("-")):
        assert f"## codesign {name}\n" in text, name
    assert "--set" in text


def test_the_api_is_what_faces_offer() -> None:
    found = "\n".join(api.pages().values())
    for name in ("search.load", "search.run", "codesign.Cost", "codesign.hardware.Crossbar", "codesign.testing.check_no_free_lunch"):
        assert f"::: {name}\n" in found, name


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_pictures_are_those_of_the_script(name: str) -> None:
    assert (ROOT / "docs" / "assets" / f"{name}.svg").read_text() == pictures.PICTURES[name](), "python -m docs.generate.pictures"


def test_every_page_has_its_place() -> None:
    """Strict builds say so too, but are not part of these tests."""
    navigation = (ROOT / "mkdocs.yml").read_text()
    written = [str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")]
    assert not [page for page in written if not re.search(rf"[ :]{re.escape(page)}$", navigation, re.MULTILINE)]
