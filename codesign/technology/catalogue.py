"""Technologies by name: a process, a memory cell, a memory device, an off-chip memory, and the prices that follow.

A shipped file holds one part (`cmos`, `device/rram`, `offchip/lpddr4`, ...) with each constant at the node where it was measured. Composed,
every constant that declares how it scales goes to the process's node and supply; its source then says so. Parts share no constant, so the
order in which they are named does not matter.
"""

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from codesign.technology.files import FOLDER, TechnologyError, check_own, check_positive, document, measured
from codesign.technology.quantity import Quantity
from codesign.technology.scaling import check_node
from codesign.technology.sram import CELLS
from codesign.technology.technology import Basis, Parts, Technology

MEMORY: Final = "lop"
OFFCHIP: Final = "lpddr4"
# short name -> parts beside process and memory
_FAMILIES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "digital": {"offchip": OFFCHIP},
        "rram": {"device": "rram", "offchip": OFFCHIP},
        "pcm": {"device": "pcm", "offchip": OFFCHIP},
        "sram_8t": {"device": "sram_8t", "offchip": OFFCHIP},
        "loihi": {"events": "loihi"},
    }
)
_LOIHI_NODE: Final = "14"  # calibrated events go to no other
_SLOTS: Final = ("device", "offchip", "events")
_NAME: Final = re.compile(r"(?P<family>\w+)_(?P<node>\d+(\.\d+)?)nm")
_HEADER: Final = ("name", "node_nm", "supply_v", "include", "quantities", "memory", *_SLOTS)


def available(slot: str = "name") -> list[str]:
    """Names that `load` knows, or those of a slot of `compose`: `process`, `memory`, `device`, `offchip`, `events`."""
    if slot == "name":
        # the calibrated events are those of one chip at one node
        return sorted(f"{family}_{node}nm" for family in _FAMILIES for node in _nodes() if family != "loihi" or node == _LOIHI_NODE)
    if slot == "process":
        return [f"cmos_{node}nm" for node in _nodes()]
    if slot == "memory":
        return list(CELLS)
    return sorted(path.stem for path in (FOLDER / slot).glob("*.toml"))


def compose(
    process: str,
    memory: str = MEMORY,
    device: str = "none",
    offchip: str = OFFCHIP,
    events: str = "none",
    *,
    allow_mixed_basis: bool = False,
    name: str = "",
) -> Technology:
    """A technology from its parts.

    Args:
        process: logic, wires and links: `cmos_28nm`.
        memory: cell of all memory on the chip: `hp` (fast, leaks), `lop` (low operating power), `lstp` (low standby power, slow).
        device: memory device of analog arrays: `rram`, `pcm`, `sram_8t`, or `none`.
        offchip: memory beside the chip: `lpddr4` and so on, or `none` for a chip that must hold everything.
        events: measured events of a many-core chip that stand for its whole silicon (`loihi`), or `none`.
        allow_mixed_basis: let such events meet chips that are priced from first principles; results then say so.
        name: for people; that of the parts, unless given.

    Raises:
        TechnologyError: an unknown part (the message gives the nearest), or calibrated events at another node than their own.
    """
    return _shipped(Parts(process, memory, device, offchip, events), allow_mixed_basis, name)


def _shipped(parts: Parts, allow_mixed_basis: bool = False, name: str = "") -> Technology:
    for slot, part in parts._asdict().items():
        if part not in ([*available(slot)] if slot in ("process", "memory") else [*available(slot), "none"]):
            raise TechnologyError(_unknown(f"{slot} {part!r}", part, available(slot)))
    node, events = parts.process.removeprefix("cmos_").removesuffix("nm"), parts.events
    if events != "none" and node != _LOIHI_NODE:
        raise TechnologyError(f"events {events!r} were calibrated at {_LOIHI_NODE} nm and go to no other node, got {parts.process!r}")
    basis: Basis = "first_principles" if events == "none" else "mixed" if allow_mixed_basis else "calibrated"
    return _build(name or str(parts), float(node), _nodes()[node], parts, basis, {})


def load(name: str | Mapping[str, Any]) -> Technology:
    """A technology by short name (`rram_28nm`), by parts (`{process: cmos_28nm, memory: lop}`), or by path to a `.toml` file.

    A short name stands for parts: `rram_28nm` for `{process: cmos_28nm, memory: lop, device: rram, offchip: lpddr4}`; `Technology.parts`
    tells.

    Raises:
        TechnologyError: unknown name (the message gives the nearest), or a bad file.
    """
    if isinstance(name, Mapping):
        return _by_parts(name)
    if name.endswith(".toml"):
        return read(Path(name))
    if name not in available():
        raise TechnologyError(_unknown(f"technology {name!r}", name, available()))
    return _shipped(parts_of(name), name=name)


def parts_of(name: str) -> Parts:
    """What a short name stands for."""
    family, _, node = name.rpartition("_")
    return Parts(f"cmos_{node}", MEMORY, **_FAMILIES[family])


def read(path: Path) -> Technology:
    """A technology from a TOML file.

    The file has `name`, `node_nm`, `supply_v` and tables `[quantities.NAME]` with `value`, `unit`, `node_nm`, `bits`,
    `source` and optionally `scaling` (`none`, `energy`, `area`, `wire`, `pitch`), `supply_v`, `evidence`, `low`, `high` and `note`.
    `include = "digital"` starts from the parts of a short name; `memory`, `device` and `offchip` name others. Constants that scale go to
    the file's node.

    Raises:
        TechnologyError: unreadable file, missing or unknown key, value that is not a finite number, or empty source; names file and key.
    """
    found = document(path)
    for key in ("name", "node_nm", "supply_v"):
        if key not in found:
            raise TechnologyError(f"{path}: missing key {key!r}")
    for key in found:
        if key not in _HEADER:
            raise TechnologyError(f"{path}: {_unknown(f'key {key!r}', key, _HEADER)}")
    if not isinstance(found["name"], str) or not found["name"].strip():
        raise TechnologyError(f"{path}: name must be a non-empty text, got {found['name']!r}")
    for key in ("include", "memory", *_SLOTS):
        if not isinstance(found.get(key, ""), str):
            raise TechnologyError(f"{path}: {key} must be a name, got {found[key]!r}")
    for key in ("node_nm", "supply_v"):
        check_positive(path, key, found[key])
    try:
        check_node(found["node_nm"])
    except ValueError as error:
        raise TechnologyError(f"{path}: node_nm: {error}") from error
    own = measured(path, found["quantities"])
    check_own(path, own)
    for key in own:
        # the memory cell is named, and what it costs is one table's for all families
        if key.startswith("sram_"):
            raise TechnologyError(f'{path}: quantities.{key}: memory prices come from `memory = "lop"` (one of {", ".join(CELLS)})')
    return _build(found["name"], float(found["node_nm"]), float(found["supply_v"]), *_of_file(path, found), own)


def combine(*technologies: Technology, allow_mixed_basis: bool = False) -> Technology:
    """The parts and constants of several technologies in one, for chips whose engines need different ones; in any order.

    Raises:
        TechnologyError: different nodes or supplies, different choices for the same part, different values of the same constant, or bases
            that must not be mixed.
    """
    ordered = sorted(technologies, key=lambda technology: technology.name)
    first = ordered[0]
    for other in ordered[1:]:
        if (other.node_nm, other.supply_v) != (first.node_nm, first.supply_v):
            raise TechnologyError(
                f"{first.name} is at {first.node_nm:g} nm and {first.supply_v:g} V, {other.name} at {other.node_nm:g} nm and "
                f"{other.supply_v:g} V; a chip has one node and supply"
            )
    bases = {technology.basis for technology in ordered}
    if len(bases) > 1 and not allow_mixed_basis:
        raise TechnologyError(
            f"{' and '.join(technology.name for technology in ordered)} have different bases ({', '.join(sorted(bases))}): "
            "verdicts between them would hang on who wrote which constant; say allow_mixed_basis: true to mix them all the same"
        )
    # parts first: which constants clash says less than which parts do
    parts = _united([technology.parts for technology in ordered if technology.parts is not None])
    quantities: dict[str, Quantity] = {}
    for technology in ordered:
        # prices of no memory beside the chip give way to those of one
        beside = parts is None or technology.parts is None or technology.parts.offchip == parts.offchip
        for quantity in technology.quantities:
            if quantity.name.startswith("offchip_") and not beside:
                continue
            known = quantities.setdefault(quantity.name, quantity)
            if known.value != quantity.value:
                raise TechnologyError(
                    f"{technology.name}: {quantity.name} is {quantity.value:g} and elsewhere {known.value:g}; a chip has one"
                )
    basis: Basis = "mixed" if len(bases) > 1 else first.basis
    name = "+".join(technology.name for technology in ordered)
    return Technology.of(name, first.node_nm, first.supply_v, tuple(quantities.values()), parts, basis)


def _united(all_parts: list[Parts]) -> Parts | None:
    if not all_parts:
        return None
    chosen = {}
    for slot in Parts._fields:
        names = {getattr(parts, slot) for parts in all_parts} - {"none"}
        if len(names) > 1:
            raise TechnologyError(f"{slot} is {' and '.join(sorted(names))}; a chip has one")
        chosen[slot] = names.pop() if names else "none"
    return Parts(**chosen)


def _by_parts(entries: Mapping[str, Any]) -> Technology:
    allowed = [*Parts._fields, "allow_mixed_basis"]
    for key in entries:
        if key not in allowed:
            raise TechnologyError(_unknown(f"part {key!r} of a technology", str(key), allowed))
    for slot, part in entries.items():
        if not isinstance(part, str) and slot != "allow_mixed_basis":
            raise TechnologyError(f"{slot} of a technology must be a name, got {part!r}; one of {', '.join(available(slot))}")
    if "process" not in entries:
        raise TechnologyError(f"a technology needs a process: one of {', '.join(available('process'))}")
    return compose(**entries)


def _of_file(path: Path, found: Mapping[str, Any]) -> tuple[Parts | None, Basis]:
    """The parts that a user's file starts from."""
    include = found.get("include")
    if include is None and not any(slot in found for slot in ("memory", *_SLOTS)):
        return None, "first_principles"
    if include is not None and include not in _FAMILIES:
        raise TechnologyError(f"{path}: include: unknown family {include!r}; use one of {', '.join(_FAMILIES)}")
    chosen = dict(_FAMILIES.get(str(include), {})) | {slot: found[slot] for slot in _SLOTS if slot in found}
    parts = Parts(f"cmos_{found['node_nm']:g}nm" if include is not None else "none", found.get("memory", MEMORY), **chosen)
    for slot in ("memory", *_SLOTS):
        if getattr(parts, slot) not in [*available(slot), "none"]:
            raise TechnologyError(f"{path}: {slot}: {_unknown(repr(getattr(parts, slot)), str(getattr(parts, slot)), available(slot))}")
    return parts, "first_principles" if parts.events == "none" else "calibrated"


def _build(name: str, node_nm: float, supply_v: float, parts: Parts | None, basis: Basis, own: Mapping[str, Quantity]) -> Technology:
    """Constants of all parts, and of a user's file over them, at a node and supply."""
    quantities: dict[str, Quantity] = {}
    if parts is not None:
        paths = [FOLDER / slot / f"{getattr(parts, slot)}.toml" for slot in _SLOTS if getattr(parts, slot) != "none" or slot == "offchip"]
        if parts.process != "none":
            paths.append(FOLDER / "cmos.toml")
        for path in paths:
            quantities |= measured(path, document(path)["quantities"])
    # as measured, not as scaled elsewhere: every constant goes from its own node to this one in one step
    quantities |= own
    try:
        return Technology.of(name, node_nm, supply_v, tuple(q.at(node_nm, supply_v) for q in quantities.values()), parts, basis)
    except ValueError as error:
        raise TechnologyError(f"{name}: {error}") from error


def _nodes() -> dict[str, float]:
    """Nodes of the shipped process, and their supplies [V]."""
    return {str(node): float(supply) for node, supply in document(FOLDER / "cmos.toml")["nodes"].items()}


def _unknown(what: str, name: str, known: list[str] | tuple[str, ...]) -> str:
    # by the number where only that is wrong: letters alone would say that 29 nm is nearest to 22
    match = _NAME.fullmatch(name)
    alike = [other for other in known if match and other.startswith(f"{match['family']}_")]
    if match and alike:
        near = min(alike, key=lambda other: abs(float(_NAME.fullmatch(other)["node"]) - float(match["node"])))  # type: ignore[index]
    else:
        near = next(iter(difflib.get_close_matches(name, known, 1, 0.4)), "")
    return f"unknown {what} (did you mean {near!r}?)" if near else f"unknown {what}; use one of {', '.join(known)}"
