"""What README and docs tell people to import can be imported, without a warning that it has moved."""

import re
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
IMPORTS = [
    pytest.param(line.strip(), id=f"{page.name}: {line.strip()}")
    for page in PAGES
    for block in re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
    if re.match(r"\s*(from|import) (codesign|search)\b", line)
]


def test_imports_are_found() -> None:
    assert len(IMPORTS) >= 5, "the pages have examples, and this file must see them"


@pytest.mark.parametrize("line", IMPORTS)
def test_documented_import(line: str) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".* has moved to ")
        exec(line, {})


@pytest.mark.parametrize("page", [ROOT / "CONTRIBUTING.md", *PAGES], ids=lambda page: page.name)
def test_documented_files_exist(page: Path) -> None:
    named = re.findall(r"`((?:codesign|search|configs|tests|benchmarks|docs)/[\w/.-]+)`", page.read_text())
    assert not [name for name in named if not (ROOT / name).exists()]
