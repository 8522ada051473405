"""Our families against measured chips, and that the published table says what the models say."""

import re
from pathlib import Path

import pytest

from tests.codesign.hardware.chip_document import energy
from tests.codesign.hardware.chip_models import CHIPS, CONTEXT, table
from tests.codesign.hardware.chip_rules import Chip

DOCUMENT = Path(__file__).parents[3] / "docs" / "chips.md"


def documented() -> dict[tuple[str, str, str], tuple[str, str]]:
    """(chip, unit, measured) -> (model, ratio) of every row of the tables."""
    rows = re.findall(r"^\| ([^|]+) \| ((?:pJ|uJ)/\w+) \| ([\d.e+-]+) \| ([\d.e+-]+) \| ([\d.]+) \|", DOCUMENT.read_text(), re.M)
    return {row[:3]: row[3:] for row in rows}


def identify(chip: Chip) -> str:
    return f"{chip.name}-{chip.column}-{chip.index}"


@pytest.mark.claims
@pytest.mark.parametrize("chip", [*CHIPS, *CONTEXT], ids=identify)
def test_energy_of_a_published_chip(chip):
    measured, model = chip.measured_pj(table()), chip.estimate().pj
    if chip.enough:
        assert 1 / 3 < model / measured < 3
    shown = documented()[(chip.name, chip.unit, energy(measured, chip.unit))]
    assert float(shown[0]) == pytest.approx(model / (1e6 if chip.unit.startswith("uJ") else 1), rel=0.02)
    assert float(shown[1]) == pytest.approx(model / measured, rel=0.03)


def test_at_least_six_rows_of_silicon_within_three_and_all_three_families():
    rows = table()
    good = [chip for chip in CHIPS if chip.enough]
    assert len({(chip.name, chip.column) for chip in good}) >= 6
    assert {chip.family for chip in good} == {"ManyCore", "Systolic", "Crossbar"}
    for chip in CHIPS:
        row = rows[(rows["chip"] == chip.name) & (rows[chip.column] != "")].iloc[0]
        assert row["evidence"] == "silicon"
        assert not row["read_status"].startswith("recalled")


def test_document_has_no_other_rows():
    expected = {(chip.name, chip.unit) for chip in (*CHIPS, *CONTEXT)}
    assert {key[:2] for key in documented()} == expected


def test_what_is_not_held_lacks_a_point_of_the_criterion():
    """Named by its first word, whatever the ratio: sizes, family, operating point."""
    for chip in CHIPS:
        assert chip.enough or re.match("(sizes|family|operating point)\\b", chip.missing), chip.name
    assert not any(chip.enough for chip in CONTEXT)
