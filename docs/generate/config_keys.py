"""Every key of a config, from the schema that editors complete by and `codesign check` refuses by."""

import json
import re
from typing import Any, Final

from docs.generate.markdown import code, names, table
from search.commands.configs.schema import schema

_HEAD: Final = ("key", "type", "default", "range", "unit", "what it is")
_SECTIONS: Final = {
    "": "Config",
    "data": "DataConfig",
    "network": "NetworkConfig",
    "hardware": "HardwareConfig",
    "hardware.technology": "TechnologyConfig",
    "hardware.engines.NAME": "EngineConfig",
    "search": "SearchConfig",
    "sweep": "SweepConfig",
}
"""Where a section stands, and what it is called in the schema."""
_ABOUT: Final = """\
Made from the schema that `codesign schema` prints. How files are put together (`extends`, `--set`, sweeps) is told in
[Writing configs](../configs.md); a config to begin with comes from `codesign init`.
"""
_UNIT: Final = re.compile(r" ?\[([^\]]+)\]")
_MOST_NAMES: Final = 8  # names that are written out in a cell


def page() -> str:
    """Markdown."""
    sections = json.loads(schema())["$defs"]
    parts = ["# Config keys", _ABOUT]
    for place, name in _SECTIONS.items():
        parts += [f"## {code(place) if place else 'At the top'}", sections[name]["description"], _section(sections[name], sections)]
    starts = sections["NetworkConfig"]["properties"]["start"]["oneOf"]
    parts += ["## `network.start`", "Where the weights start from; `kind` says how.", *_kinds(starts, sections)]
    entries = sections["Parameter"]["oneOf"]
    parts += ["## `parameters.NAME`", "One entry for each parameter that is searched; `kind` says how.", *_kinds(entries, sections)]
    return "\n\n".join(parts) + "\n"


def _kinds(union: list[dict[str, Any]], sections: dict[str, Any]) -> list[str]:
    entries = [ref["$ref"].rpartition("/")[2] for ref in union]
    kinds = {sections[entry]["properties"]["kind"]["const"]: sections[entry] for entry in entries}
    return [part for kind, entry in kinds.items() for part in (f"### `kind: {kind}`", entry["description"], _section(entry, sections))]


def _section(section: dict[str, Any], sections: dict[str, Any]) -> str:
    required = section.get("required", [])
    # what can have one value only stands in the heading
    entries = {key: entry for key, entry in section["properties"].items() if "const" not in entry}
    return table(_HEAD, [_row(key, entry, key in required, sections) for key, entry in entries.items()])


def _row(key: str, entry: dict[str, Any], required: bool, sections: dict[str, Any]) -> tuple[str, ...]:
    # pydantic leaves a section's own sentence where the section is
    text = entry.get("description") or sections[entry["$ref"].rpartition("/")[2]]["description"]
    unit = _UNIT.search(text)
    return code(key), _type(entry), _default(entry, required), _range(entry), unit[1] if unit else "", _UNIT.sub("", text, count=1)


def _default(entry: dict[str, Any], required: bool) -> str:
    if required:
        return "needed"
    # a section's defaults are those of its own keys
    return "none" if entry.get("default") is None else "its keys'" if "$ref" in entry else code(json.dumps(entry["default"]))


def _type(entry: dict[str, Any]) -> str:
    """What may stand there, in words."""
    if "enum" in entry:
        return names(entry["enum"]) if len(entry["enum"]) <= _MOST_NAMES else f"a known name (of {len(entry['enum'])})"
    if "$ref" in entry:
        return "a section"
    if "anyOf" in entry or "oneOf" in entry:
        found = [_type(part) for part in entry.get("anyOf", entry.get("oneOf", [])) if part.get("type") != "null"]
        return " or ".join(dict.fromkeys(found))
    if entry.get("type") == "array":
        return f"list of: {_type(entry.get('items', {}))}"
    if entry.get("type") == "object":
        return f"by name: {_type(entry.get('additionalProperties', {}))}"
    return {"integer": "whole number", "number": "number", "string": "text", "boolean": "yes or no"}.get(entry.get("type", ""), "any value")


def _range(entry: dict[str, Any]) -> str:
    """Between which values, where that is said of the key, of an optional value, or of a list's entries."""
    inner = [entry, entry.get("items", {}), *(part for part in entry.get("anyOf", []))]
    bounds = {name: value for part in inner for name, value in part.items() if "imum" in name}
    signs = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
    return ", ".join(f"{sign} {bounds[name]:,}" for name, sign in signs.items() if name in bounds)
