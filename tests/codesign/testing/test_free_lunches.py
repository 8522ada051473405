"""What searches get for nothing from the registered families today. Empty the table: a price for each line, or no search over it."""

from typing import Final

import equinox as eqx
import pytest

from codesign.hardware.registry import REGISTRY
from codesign.technology.catalogue import load
from codesign.testing import free_lunches
from tests.codesign.testing.families import families

# what gets worse nowhere: `parameter low` or `high`, `field one option over another`, `parameter dead`; and the price that is missing
KNOWN: Final = {
    "systolic": {},
    "crossbar": {},
    "crossbar, SRAM": {},
    "manycore": {},
    "manycore, calibrated": {},
    "hybrid": {},
}


# a crossbar with all that it leaves open is a minute of compilation
@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow if "crossbar" in name else ()) for name in KNOWN])
def test_free_lunches_are_those_we_know(name: str) -> None:
    family = families()[name]
    moves = {move.name: move for move in free_lunches(family.chip, family.ranges, load(family.technology), options=family.options)}
    new, gone = moves.keys() - KNOWN[name].keys(), KNOWN[name].keys() - moves.keys()
    assert not new, "free and not in the table:\n" + "\n".join(str(moves[one]) for one in sorted(new))
    assert not gone, f"has a price now, take it off the table: {', '.join(sorted(gone))}"


def test_every_family_is_judged_on_all_its_numbers() -> None:
    assert {type(family.chip) for family in families().values()} == set(REGISTRY.values())
    for name, family in families().items():
        numbers = {name for name in vars(family.chip) if eqx.is_inexact_array(getattr(family.chip, name))}
        assert numbers - family.chip.choices.keys() == family.ranges.keys(), f"{name}: a parameter without a range"
