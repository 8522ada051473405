"""What is committed in `notebooks/` has been run and can be shown anywhere; that they run is `notebooks/execute.py --tiny` in `.ci/run`."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.fixture(scope="module")
def execute() -> ModuleType:
    spec = importlib.util.spec_from_file_location("execute", FOLDER / "execute.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cell(output: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": "1", "metadata": {}, "execution_count": 1, "outputs": [output]} | changed


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_committed_notebook_can_be_shown(execute: ModuleType, path: Path) -> None:
    assert execute.problems(path) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (cell({"output_type": "stream", "text": ["fine\n"]}), ""),
        (cell({"output_type": "stream", "text": ["in ../tmp/x and https://a.b/home/x\n"]}), ""),
        (cell({"output_type": "stream", "text": ["saved /home/me/x.png\n"]}), "names /home/me, which is on one machine only"),
        (cell({"output_type": "display_data", "data": {"text/html": "<a href='/tmp/x'>"}}), "names /tmp/x, which is on one machine only"),
        (cell({"output_type": "error"}), "committed with an error"),
        (cell({"output_type": "stream", "text": []}, execution_count=None), "committed without having been run"),
        (cell({"output_type": "display_data", "data": {"image/png": "x" * 1_000_001}}), "1,000,000 are allowed"),
        (cell({"output_type": "stream", "text": []}, metadata={"tiny": "1"}), "not tagged `parameters`"),
    ],
)
def test_what_keeps_one_from_being_committed(execute: ModuleType, tmp_path: Path, wrong: dict[str, Any], said: str) -> None:
    path = tmp_path / "1_wrong.ipynb"
    path.write_text(json.dumps({"cells": [wrong]}))
    found = "; ".join(execute.problems(path))
    assert said in found
    assert bool(said) == bool(found)
