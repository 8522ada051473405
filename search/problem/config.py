"""Study configs: YAML 1.2 files, checked key by key; every complaint says `file:line: path: what is wrong`."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from ruamel.yaml import YAML

from search.errors import UserError
from search.problem.reading import files
from search.problem.reading.complaints import Complaint, as_error, complaints
from search.problem.reading.nodes import Node, Path_, Place, inner, nodes_of, place_of, plain, spell
from search.problem.reading.overrides import overridden
from search.problem.reading.paths import fingerprint, made_absolute, module_fingerprints, stored_fingerprint
from search.problem.sections.entries import ParameterConfig
from search.problem.sections.parts import DataConfig, HardwareConfig, NetworkConfig
from search.problem.sections.search import SearchConfig
from search.problem.sections.strict import PATH, Strict
from search.problem.sections.sweep import SweepConfig


class Config(Strict):
    """A study."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        max_length=100,
        description="Names the result folder; letters, digits, dots, dashes and underscores.",
    )
    # of 32 bits: a longer one would draw what its lower bits do
    seed: int = Field(0, ge=0, lt=2**32, description="Everything random follows from it.")
    output: str | None = Field(
        None, pattern=PATH, description="Folder for the results, relative to this file; default results/NAME in the working directory."
    )
    data: DataConfig = Field(description="Which data, and how much of it.")
    network: NetworkConfig = Field(description="Which network is trained.")
    hardware: HardwareConfig = Field(description="Which chip, in which technology.")
    parameters: dict[str, ParameterConfig] = Field(
        min_length=1, description="What a search may move: parameters of the chip or of the operation, by name."
    )
    objectives: list[str] = Field(
        ["error", "energy"], min_length=2, description="What is improved (`codesign list objectives`), or `module:Class` of your own."
    )
    constraints: dict[str, float] = Field({}, description="Bounds by objective: upper ones, lower for those that are maximised.")
    search: SearchConfig = Field(SearchConfig(), description="How designs are searched.")
    modules: str | None = Field(
        None, pattern=PATH, description="Folder of the modules of your own that are named here, relative to this file; default this file's."
    )
    sweep: SweepConfig | None = Field(None, description="Several studies in one file; run with `codesign sweep`.")

    def hash(self) -> str:
        """Twelve digits that name what is computed: the same for the same study in another folder, under another name."""
        content = resolved(self) | {"name": None}
        # pieces change nothing but roundings: a study that was killed for its memory goes on with less of it
        del content["search"]["memory_gb"]
        # what designs are compared with changes none of them
        del content["search"]["baselines"]
        # studies from before there was a choice keep their names
        if self.network.start.kind == "random":
            del content["network"]["start"]
        elif self.network.start.kind == "checkpoint":
            content["network"]["start"] = stored_fingerprint(self.network.start.file, self.network.start.design)
        # in order: a seed's draws pick parameters by their place
        content["parameters"] = list(content["parameters"].items())
        # what is your own by what it is, not by where it lies
        content["data"] = content["data"] | {"name": fingerprint(self.data.name)}
        content["modules"] = [] if self.modules is None else module_fingerprints(Path(self.modules), self.own_names())
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]

    def own_names(self) -> list[str]:
        """Names `module:Class` of what is your own."""
        kinds = [self.hardware.kind, *(engine.kind for engine in self.hardware.engines.values())]
        return [name for name in (*kinds, *self.objectives, *self.constraints) if ":" in name]


class ConfigFile:
    """A config with the places its keys came from."""

    def __init__(self, path: Path, root: Node, config: Config) -> None:
        self.path, self.config = path, config
        self._root = root

    @property
    def folder(self) -> Path:
        """Where modules of your own lie."""
        return self.path.parent if self.config.modules is None else Path(self.config.modules)

    def error(self, where: Path_, what: str) -> UserError:
        """A complaint about one key, for problems that show only when the study is built."""
        return UserError(str(Complaint(place_of(self._root, where), spell(where), what)))


def read(path: Path, overrides: Sequence[str] = ()) -> ConfigFile:
    """A checked config file.

    Args:
        path: of the file; paths in it are relative to it.
        overrides: `key=value` each, as `--set` takes them.

    Raises:
        UserError: one line per problem, sorted by line: `file:line: path: what is wrong (did you mean ...)`.
    """
    return checked_file(path, document(path, overrides))


def checked_file(path: Path, root: Node) -> ConfigFile:
    """The config in a document that describes one study.

    Raises:
        UserError: see `read`.
    """
    if (swept := inner(root, "sweep")) is not None and swept.value is not None:
        raise UserError(f"{swept.place}: sweep: describes several studies (did you mean 'codesign sweep {path}'?)")
    found = checked(path, root)
    if isinstance(found, ConfigFile):
        return found
    raise as_error(found)


def document(path: Path, overrides: Sequence[str] = (), option: str = "--set ") -> Node:
    """A config file with its bases and overrides, before its values are checked.

    Raises:
        UserError: no YAML mapping, or an override of a key that does not exist.
    """
    root = files.load(path)
    if root is None:
        required = [name for name, field in Config.model_fields.items() if field.is_required()]
        raise UserError(f"{path}:1: file: is empty (a study needs {', '.join(required)})")
    if not isinstance(root.value, dict):
        raise UserError(f"{path}:1: file: must be a mapping of keys to values, found {type(root.value).__name__}")
    return overridden(Config, root, overrides, option)


Known = dict[int, tuple[Node, Any]]
"""Sections that are checked, by the identity of their nodes, which are held so that it stays theirs."""


def checked(path: Path, root: Node, known: Known | None = None) -> ConfigFile | list[Complaint]:
    """The config in a document, or all that is wrong with it; cells of a sweep share what is `known`."""
    root = made_absolute(root)
    assert isinstance(root.value, dict)
    known = {} if known is None else known
    content = {key: known[id(node)][1] if id(node) in known else plain(node) for key, node in root.value.items()}
    try:
        config = Config.model_validate(content)
    except ValidationError as invalid:
        return complaints(Config, root, invalid)
    known.update({id(node): (node, getattr(config, key)) for key, node in root.value.items() if isinstance(node.value, dict)})
    if config.modules is None and config.own_names():
        # said, so that a result folder's config finds them too
        config = config.model_copy(update={"modules": str(path.parent.absolute())})
    return ConfigFile(path, root, config)


def from_values(values: Mapping[str, Any], path: Path) -> ConfigFile:
    """A config that has been resolved before, as a store holds it; `path` is what mistakes are told of.

    Raises:
        UserError: it is not valid (any more).
    """
    found = checked(path, nodes_of(values, Place(str(path), 0, Path())))
    if isinstance(found, ConfigFile):
        return found
    raise as_error(found)


def resolved(config: Config) -> dict[str, Any]:
    """What reproduces a study from anywhere: every value, also those that were left out, and no place of results."""
    return config.model_dump(mode="json", exclude={"output", "sweep"})


def written(config: Config) -> dict[str, Any]:
    """The same as a file would say it, without what was left open; a store keeps this."""
    # data with a time axis have steps of their own, which a default that is written down would contradict
    open_ = {"network": {"longest"}} if "longest" not in config.network.model_fields_set else {}
    return config.model_dump(mode="json", exclude={"output": True, "sweep": True, **open_}, exclude_none=True)


def resolved_text(config: Config) -> str:
    """`written` as a config file."""
    text = io.StringIO()
    YAML().dump(written(config), text)
    return text.getvalue()


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Which keys of two resolved configs differ, and how; nothing where they are alike."""
    return _differences(before, after, ())


def _differences(before: Any, after: Any, where: tuple[str, ...]) -> list[str]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        names = dict.fromkeys([*before, *after])
        found = [line for name in names for line in _differences(before.get(name), after.get(name), (*where, name))]
        moved = where == ("parameters",) and not found and list(before) != list(after)
        return ["parameters: in another order, which a seed's draws follow"] if moved else found
    if before == after:
        return []
    return [f"{spell(where)}: {_short(before)} -> {_short(after)}"]


def _short(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:50]}..."
