"""`codesign schema`: JSON Schema (2020-12) of configs, from the models that check them, for editors to complete from."""

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any

from search.commands.configs import catalogue
from search.commands.configs.parameters import descriptions
from search.problem.config import Config
from search.problem.sections.search import SEARCHERS


def schema() -> str:
    """The schema as text."""
    kinds = ("datasets", "networks", "technologies", "objectives")
    names = {kind: [name for name, _ in catalogue.entries(kind) if name not in catalogue.SLOTS] for kind in kinds}
    return json.dumps(json_schema(names, catalogue.families(), catalogue.parts(), descriptions()), indent=2)


def json_schema(
    names: Mapping[str, Sequence[str]], families: Sequence[str], parts: Mapping[str, Sequence[str]], parameters: Mapping[str, str]
) -> dict[str, Any]:
    """The schema of config files.

    Args:
        names: of datasets, networks, technologies and objectives.
        families: of hardware.
        parts: of technologies, by slot.
        parameters: what each parameter of a chip or of a run is, by name.

    Files with `extends` or `sweep` may leave out keys that others give, and take keys away with a null.
    """
    whole = Config.model_json_schema()
    sections = whole.pop("$defs")
    _name(sections, names, families, parts)
    sections["Parameter"] = whole["properties"]["parameters"]["additionalProperties"]
    whole["properties"]["parameters"]["additionalProperties"] = {"$ref": "#/$defs/Parameter"}
    _complete(whole["properties"]["parameters"], parameters)
    _complete(whole["properties"]["constraints"], dict.fromkeys(names["objectives"], "Bound of this objective."))
    _complete(sections["NetworkConfig"]["properties"]["operation"], parameters)
    whole["properties"]["objectives"]["items"] = _suggested(names["objectives"])
    sections["Config"] = whole
    part = {f"Part{name}": _loosened(section) for name, section in copy.deepcopy(sections).items()}
    part["PartConfig"]["properties"]["extends"] = {
        "type": "string",
        "description": "Another config, relative to this file, whose keys hold where this file has none of them.",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "codesign study",
        "type": "object",
        "if": {"anyOf": [{"required": ["extends"]}, {"required": ["sweep"]}]},
        "then": {"$ref": "#/$defs/PartConfig"},
        "else": {"$ref": "#/$defs/Config"},
        "$defs": sections | part,
    }


def _name(
    sections: dict[str, Any], names: Mapping[str, Sequence[str]], families: Sequence[str], parts: Mapping[str, Sequence[str]]
) -> None:
    """Known names where there are keys for them."""

    def suggest(section: str, key: str, known: Sequence[str]) -> None:
        sections[section]["properties"][key] |= _suggested(known)
        sections[section]["properties"][key].pop("type", None)

    suggest("DataConfig", "name", names["datasets"])
    suggest("NetworkConfig", "kind", names["networks"])
    suggest("HardwareConfig", "kind", families)
    suggest("EngineConfig", "kind", families)
    for slot, known in parts.items():
        suggest("TechnologyConfig", slot, known)
    sections["SearchConfig"]["properties"]["kind"]["enum"] = list(SEARCHERS)
    one, several, _ = sections["HardwareConfig"]["properties"]["technology"]["oneOf"]
    one["enum"] = several["items"]["enum"] = list(names["technologies"])


def _suggested(names: Sequence[str]) -> dict[str, Any]:
    """Names that an editor offers, beside others that are legal: paths, or classes of one's own."""
    return {"anyOf": [{"enum": list(names)}, {"type": "string"}]}


def _complete(mapping: dict[str, Any], descriptions_: Mapping[str, str]) -> None:
    """Keys that an editor offers in a mapping of names."""
    entry = mapping["additionalProperties"]
    mapping["properties"] = {name: {"description": text, "allOf": [entry]} for name, text in descriptions_.items()}


def _loosened(schema_: Any) -> Any:
    """A schema for what is completed by another file: nothing is required, and a null takes a key away."""
    if isinstance(schema_, list):
        return [_loosened(part) for part in schema_]
    if not isinstance(schema_, dict):
        return schema_
    # without what is required, several members of a union may fit
    renamed = {"anyOf" if key == "oneOf" else key: value for key, value in schema_.items() if key not in ("required", "discriminator")}
    found = {key: _loosened(value) for key, value in renamed.items()}
    for key in ("properties", "patternProperties"):
        if isinstance(renamed.get(key), dict):
            found[key] = {name: {"anyOf": [_loosened(value), {"type": "null"}]} for name, value in renamed[key].items()}
    if isinstance(found.get("additionalProperties"), dict):
        found["additionalProperties"] = {"anyOf": [found["additionalProperties"], {"type": "null"}]}
    if "$ref" in found:
        found["$ref"] = found["$ref"].replace("#/$defs/", "#/$defs/Part")
    return found
