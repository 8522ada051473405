"""What README, CONTRIBUTING and docs name is there. Their code is run by `tests/docs`."""

import re
from pathlib import Path

import pytest

from tests.docs.blocks import PAGES, ROOT


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_documented_files_exist(page: Path) -> None:
    named = re.findall(r"`((?:codesign|search|configs|tests|benchmarks|docs)/[\w/.-]+)`", page.read_text())
    assert not [name for name in named if not (ROOT / name).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Where they can be followed in the repository too: pages that the site makes are left to its strict build."""
    links = re.findall(r"\]\(([\w./-]+\.(?:md|svg))(?:#[\w-]+)?\)", page.read_text())
    assert not [link for link in links if not (page.parent / link).exists() and "reference" not in (page.parent / link).parts]
