"""What families say they charge: every item answered, by components that exist, and the page says the same."""

import importlib

import pytest

from codesign.hardware.boundary import ITEMS, Charged
from codesign.hardware.registry import BOUNDARIES, REGISTRY
from tests.codesign.hardware.boundary_document import DOCUMENT, document


@pytest.mark.parametrize("family", BOUNDARIES)
def test_every_item_is_answered_by_components_that_exist(family: str) -> None:
    boundary = BOUNDARIES[family]
    assert boundary.keys() == ITEMS.keys()
    components = (
        {"transfer", "transfer_leakage"} if family == "hybrid" else set(importlib.import_module(REGISTRY[family].__module__).COMPONENTS)
    )
    named = {component for answer in boundary.values() if isinstance(answer, Charged) for component in answer.components}
    assert named <= components, f"named and not charged: {sorted(named - components)}"
    # a component that no item names would be a cost that nobody explains
    assert named == components, f"charged and not named: {sorted(components - named)}"


def test_all_families_answer() -> None:
    assert BOUNDARIES.keys() == REGISTRY.keys()


def test_the_page_says_what_the_code_says() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run python -m tests.codesign.hardware.boundary_document"
