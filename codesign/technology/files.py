"""Technology files: TOML tables of constants, each with its unit, node, bits and source, or it is refused."""

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from codesign.technology.quantity import EVIDENCE, SCALINGS, Quantity
from codesign.technology.scaling import check_node

FOLDER: Final = Path(__file__).parents[1] / "technologies"
_REQUIRED: Final = ("value", "unit", "node_nm", "bits", "source")
_OPTIONAL: Final = ("note", "scaling", "supply_v", "evidence", "low", "high")


_LONGEST_TEXT: Final = 2**22
_LARGEST: Final = 1e30


class TechnologyError(ValueError):
    """A technology that cannot be used; the message names file and key, or the part and what it clashes with."""


def document(path: Path) -> dict[str, Any]:
    """A technology file as it stands.

    Raises:
        TechnologyError: unreadable, or without constants.
    """
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(_LONGEST_TEXT + 1)
        if len(text) > _LONGEST_TEXT:
            raise TechnologyError(f"{path}: longer than {_LONGEST_TEXT} characters, which is no technology")
        found = tomllib.loads(text)
    except TechnologyError:
        raise
    # numbers of many digits are a ValueError, many brackets a RecursionError
    except (OSError, ValueError, RecursionError) as error:
        raise TechnologyError(f"{path}: {error}") from error
    if not isinstance(found.get("quantities"), dict):
        raise TechnologyError(f"{path}: missing key 'quantities'")
    return found


def measured(path: Path, entries: Mapping[str, Any]) -> dict[str, Quantity]:
    """The constants of a file's `quantities`, as measured.

    Raises:
        TechnologyError: an entry without provenance, or with a value that cannot be; names file and key.
    """
    return {name: _quantity(f"{path}: quantities.{name}", name, entry) for name, entry in entries.items()}


@functools.cache
def shipped() -> Mapping[str, tuple[frozenset[str], bool]]:
    """Units that the shipped files give each constant, and whether any is below 0."""
    found: dict[str, tuple[frozenset[str], bool]] = {}
    for path in sorted(FOLDER.rglob("*.toml")):
        for name, entry in document(path)["quantities"].items():
            units, negative = found.get(name, (frozenset(), False))
            found[name] = units | {entry["unit"]}, negative or entry["value"] < 0
    return found


def check_own(path: Path, quantities: Mapping[str, Quantity]) -> None:
    """Refuse constants of a user's file whose unit, or sign, is not that of the shipped constant of the same name.

    Raises:
        TechnologyError: names file and key.
    """
    for name, quantity in quantities.items():
        units, negative = shipped().get(name, (frozenset({quantity.unit}), True))
        if quantity.unit not in units:
            raise TechnologyError(f"{path}: quantities.{name}: unit must be {' or '.join(sorted(units))}, got {quantity.unit!r}")
        if min(quantity.value, *quantity.interval) < 0 and not negative:
            raise TechnologyError(f"{path}: quantities.{name}: value must not be below 0, got {quantity.value:g}")


def check_positive(path: Path, key: str, value: Any) -> None:
    """Refuse what is no number above 0.

    Raises:
        TechnologyError: names file and key.
    """
    # True is an int in Python, and TOML has booleans
    if not _is_number(value) or value <= 0:
        raise TechnologyError(f"{path}: {key} must be a positive number, got {value!r}")


def _quantity(where: str, name: str, entry: Any) -> Quantity:
    if not isinstance(entry, dict):
        raise TechnologyError(f"{where}: expected a table with {', '.join(_REQUIRED)}")
    for key in _REQUIRED:
        if key not in entry:
            raise TechnologyError(f"{where}: missing {key!r}")
    _check_entry(where, entry)
    scaling, supply = entry.get("scaling", "none"), float(entry.get("supply_v", 0.0))
    evidence = entry.get("evidence", "tool")
    low, high = (float(entry.get(key, 0.0)) for key in ("low", "high"))
    numbers = (float(entry["value"]), entry["unit"], float(entry["node_nm"]), float(entry["bits"]))
    return Quantity(name, *numbers, entry["source"], scaling, supply, evidence, low, high)


def _check_entry(where: str, entry: Mapping[str, Any]) -> None:
    """Refuse values that cannot be."""
    unknown = set(entry) - set(_REQUIRED) - set(_OPTIONAL)
    if unknown:
        raise TechnologyError(f"{where}: unknown key {sorted(unknown)[0]!r}")
    for key in ("value", "node_nm", "bits", *({"low", "high"} & set(entry))):
        if not _is_number(entry[key]):
            raise TechnologyError(f"{where}: {key} must be a finite number, got {entry[key]!r}")
    for key in ("unit", "source"):
        if not isinstance(entry[key], str) or not entry[key].strip():
            raise TechnologyError(f"{where}: {key} must be a non-empty text, got {entry[key]!r}")
    scaling, supply, evidence = entry.get("scaling", "none"), entry.get("supply_v", 0.0), entry.get("evidence", "tool")
    if scaling not in SCALINGS:
        raise TechnologyError(f"{where}: scaling must be one of {', '.join(SCALINGS)}, got {scaling!r}")
    if evidence not in EVIDENCE:
        raise TechnologyError(f"{where}: evidence must be one of {', '.join(EVIDENCE)}, got {evidence!r}")
    if not _is_number(supply) or supply < 0:
        raise TechnologyError(f"{where}: supply_v must be a positive number, got {supply!r}")
    ends = [entry[key] for key in ("low", "high") if key in entry]
    if len(ends) == 1 or (ends and not ends[0] <= entry["value"] <= ends[1]):
        raise TechnologyError(f"{where}: low and high must lie on both sides of the value, got {ends}")
    # a node of 0 stands for "does not depend on it", which is no node to scale from
    if scaling != "none":
        try:
            check_node(entry["node_nm"])
        except ValueError as error:
            raise TechnologyError(f"{where}: {error}") from error


def _is_number(value: Any) -> bool:
    # of what float32 holds, in which prices are computed
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST
