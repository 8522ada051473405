"""Technology files: TOML tables of constants, each with its unit, node, bits and source, or it is refused."""

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from codesign.technology.quantity import EVIDENCE, SCALINGS, Quantity
from codesign.technology.scaling import check_node

FOLDER: Final = Path(__file__).parents[1] / "technologies"
_REQUIRED: Final = ("value", "unit", "node_nm", "bits", "source")
_OPTIONAL: Final = ("note", "scaling", "supply_v", "evidence", "low", "high")


class TechnologyError(ValueError):
    """A technology that cannot be used; the message names file and key, or the part and what it clashes with."""


def document(path: Path) -> dict[str, Any]:
    """A technology file as it stands.

    Raises:
        TechnologyError: unreadable, or without constants.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
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
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
