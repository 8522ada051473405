"""What technologies show: node, parts, and how every constant is known."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from codesign.shown.numbers import between
from codesign.shown.sheet import Sheet, Table
from codesign.units import show

HEAD: Final = ("constant", "value", "10 to 90 %", "evidence", "source")
SOURCES: Final = 5  # that are named in a terminal


def technology_sheet(name: str, node_nm: float, supply_v: float, basis: str, parts: Mapping[str, str], quantities: Sequence[Any]) -> Sheet:
    """A technology.

    Args:
        name: for people.
        node_nm: process node [nm].
        supply_v: supply voltage [V].
        basis: how its prices are known.
        parts: what it is composed of, by slot.
        quantities: its constants, as `codesign.technology.Quantity`.
    """
    title = f"Technology {name}: {node_nm:g} nm, {supply_v:g} V, {basis.replace('_', ' ')}, {len(quantities)} constants"
    composed = ", ".join(f"{slot} {part}" for slot, part in parts.items() if part != "none")
    evidence = ", ".join(f"{count} {kind}" for kind, count in Counter(quantity.evidence for quantity in quantities).most_common())
    # what is nothing comes from nowhere
    sources = Counter(_origin(quantity.source) for quantity in quantities if quantity.value).most_common()
    told = [f"{count:3d} from {origin}" for origin, count in sources[:SOURCES]]
    rest = sum(count for _, count in sources[SOURCES:])
    more = [f"{rest:3d} from {len(sources) - SOURCES} others; technology.quantity(name).source has each"] if rest else []
    lines = (*([f"parts: {composed}"] if composed else []), f"evidence: {evidence}", *told, *more)
    facts = (
        ("node", f"{node_nm:g} nm"),
        ("supply", f"{supply_v:g} V"),
        *((slot, part) for slot, part in parts.items()),
        ("evidence", evidence),
    )
    return Sheet(title, lines, (Table("", (), facts), Table("constants", HEAD, tuple(_row(quantity) for quantity in quantities))))


def _row(quantity: Any) -> tuple[str, ...]:
    low, high = quantity.interval
    unit = "" if quantity.unit == "1" else quantity.unit
    return quantity.name, show(quantity.value, unit), between(low, high, unit, 3), quantity.evidence, quantity.source


def _origin(source: str) -> str:
    """Who is cited first: a source goes on with what was read there, behind a comma, a colon or a bracket."""
    ends = [place for mark in (",", ":", ";", " (") if (place := source.find(mark)) > 0]
    return source[: min(ends, default=len(source))]
