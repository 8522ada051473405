"""JSON Schema of configs: what `check` takes, editors take, and what is misspelt they underline."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from search.blackbox.registry import REGISTRY
from search.commands.configs import schema
from search.problem.reading.document import compose
from search.problem.reading.nodes import Place, plain
from search.problem.sections.search import SEARCHERS
from tests.search.toy import TOY

ROOT = Path(__file__).parents[4]
jsonschema = pytest.importorskip("jsonschema")


@cache
def validator() -> Any:
    found = json.loads(schema.schema())
    jsonschema.Draft202012Validator.check_schema(found)
    return jsonschema.Draft202012Validator(found)


def mistakes(text: str) -> list[str]:
    # one file, as an editor sees it: bases are not merged
    root = compose(text, lambda line: Place("a.yaml", line, ROOT))
    assert root is not None
    return [f"{error.json_path}: {error.message}" for error in validator().iter_errors(plain(root))]


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda path: path.name)
def test_committed_configs_are_valid(path: Path) -> None:
    assert mistakes(path.read_text()) == []


@pytest.mark.parametrize(
    ("old", "new", "valid"),
    [
        ("name: toy\n", "", False),
        ("chips: 4", "chps: 4", False),
        ("chips: 4", "chips: 4\n  kind: gradent", False),
        ("chips: 4", "chips: 0", False),
        ("technology: rram_45nm", "technology: rram_45mn", False),
        ("technology: rram_45nm", "technology: {process: cmos_28nm, device: pcm}", True),
        ("name: digits", "name: own.npz", True),
        ("objectives: [error, energy]", "objectives: [error, 'mine:Mine']", True),
        ("seed: 3", "sweep: {grid: {seed: [1]}, zip: [{a: [1]}], variants: {a: {seed: 1}}}", True),
        ("seed: 3", "sweep: {grid: {seed: 1}}", False),
        # what a base gives may be left out, or taken away
        (TOY, "extends: a.yaml\nparameters: {rows: {high: 3}, columns: ~}\n", True),
        (TOY, "extends: a.yaml\nparameters: {rows: {high: x}}\n", False),
    ],
)
def test_what_is_valid(old: str, new: str, valid: bool) -> None:
    assert old in TOY
    assert (mistakes(TOY.replace(old, new)) == []) == valid


def test_every_key_is_described() -> None:
    """The schema is the reference of keys: one without a word about it would be missing there."""
    definitions = json.loads(schema.schema())["$defs"]
    silent = [
        f"{name}.{key}"
        for name, section in definitions.items()
        if not name.startswith("Part") and name != "SweepConfig"
        for key, about in section.get("properties", {}).items()
        # sections are described where they are defined
        if not {"description", "$ref"} & about.keys() and key != "kind"
    ]
    assert silent == []


def test_searchers_of_configs_are_those_of_the_registry() -> None:
    assert set(SEARCHERS) == set(REGISTRY)
