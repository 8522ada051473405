"""Which keys may stand where in a config: models are walked along the values that are there."""

import types
import typing
from typing import Annotated, Any, Union

from pydantic import BaseModel

from search.errors import nearest
from search.problem.reading.nodes import Node, Path_, inner, spell


class WrongKeyError(ValueError):
    """A dotted key that leads nowhere; the message gives the nearest valid one."""


def models_of(kind: Any) -> list[type[BaseModel]]:
    """The sections that a type allows."""
    return [member for member in _members(kind) if isinstance(member, type) and issubclass(member, BaseModel)]


def kind_of(model: type[BaseModel]) -> str | None:
    """The `kind` that marks a section, for those that have a fixed one."""
    field = model.model_fields.get("kind")
    marks = typing.get_args(field.annotation) if field is not None and typing.get_origin(field.annotation) is typing.Literal else ()
    return marks[0] if len(marks) == 1 else None


def _members(kind: Any) -> list[Any]:
    """The types that a union is of."""
    origin = typing.get_origin(kind)
    if origin is Annotated:
        return _members(typing.get_args(kind)[0])
    if origin in (Union, types.UnionType):
        return [member for one in typing.get_args(kind) for member in _members(one)]
    return [kind]


def _meant(kind: Any, node: Node | None) -> Any:
    """The member of a type that a value is meant as: a section, a mapping of names, a list; or None."""
    if node is not None and isinstance(node.value, list):
        return next((member for member in _members(kind) if typing.get_origin(member) is list), None)
    models = models_of(kind)
    if len(models) > 1:
        mark = inner(node, "kind") if node is not None else None
        models = [model for model in models if mark is not None and kind_of(model) == mark.value]
    mappings = [member for member in _members(kind) if typing.get_origin(member) is dict]
    return next(iter([*models, *mappings]), None)


def _below(kind: Any, part: str | int) -> Any:
    """The type of what stands at a key of a section, of a mapping of names, or in a list."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind.model_fields[str(part)].annotation if part in kind.model_fields else None
    arguments = typing.get_args(kind)
    return arguments[-1] if arguments else None


def _at(model: type[BaseModel], root: Node, where: Path_) -> tuple[Any, Node | None]:
    kind: Any = model
    node: Node | None = root
    for part in where:
        kind = _below(_meant(kind, node), part)
        node = inner(node, part) if node is not None else None
    return kind, node


def keys_at(model: type[BaseModel], root: Node, where: Path_) -> list[str]:
    """Keys that a section may have, for the nearest-name hint; none where it is no section."""
    meant = _meant(*_at(model, root, where))
    return list(meant.model_fields) if isinstance(meant, type) and issubclass(meant, BaseModel) else []


def kinds_at(model: type[BaseModel], root: Node, where: Path_) -> list[str]:
    """Kinds of section that may stand somewhere."""
    return [kind for section in models_of(_at(model, root, where)[0]) if (kind := kind_of(section)) is not None]


def find(model: type[BaseModel], root: Node, dotted: str, value: Node) -> Path_:
    """The place in a config that a dotted key names; names with dots of their own (`array.rows`) are recognised.

    Args:
        model: of the config.
        root: the config, as far as it goes.
        dotted: such as `parameters.array.rows.high`, or `objectives.1`.
        value: what shall stand there: a name that is new is one only where it may be.

    Raises:
        WrongKeyError: no such key.
    """
    kind: Any = model
    node: Node | None = root
    parts, found = dotted.split("."), list[str | int]()
    while parts:
        meant = _meant(kind, node)
        if node is not None and isinstance(node.value, list):
            taken: tuple[str | int, int] = _index(node.value, parts[0], found), 1
        elif isinstance(meant, type) and issubclass(meant, BaseModel):
            taken = _key(list(meant.model_fields), parts[0], found), 1
        elif meant is not None:
            taken = _name(meant, node, parts, value, found)
        else:
            raise WrongKeyError(f"unknown key: {spell(found)} holds no keys")
        part, length = taken
        found.append(part)
        kind, node, parts = _below(meant, part), inner(node, part) if node is not None else None, parts[length:]
    return tuple(found)


def _index(entries: list[Node], part: str, above: list[str | int]) -> int:
    if not part.isdecimal() or not int(part[:9]) < len(entries):
        raise WrongKeyError(f"unknown entry {part!r}: {spell(above)} has {len(entries)}, counted from 0")
    return int(part)


def _key(known: list[str], part: str, above: list[str | int]) -> str:
    if part not in known:
        raise WrongKeyError(f"unknown key{nearest(part, known)}")
    return part


def _name(kind: Any, node: Node | None, parts: list[str], value: Node, above: list[str | int]) -> tuple[str, int]:
    """A name in a mapping of names, and of how many parts it is."""
    there = node.value if node is not None and isinstance(node.value, dict) else {}
    for length in range(len(parts), 0, -1):
        if (name := ".".join(parts[:length])) in there:
            return name, length
    # a new entry is whole: its own keys cannot be set one by one
    whole = models_of(_below(kind, ""))
    if whole and not isinstance(value.value, dict):
        raise WrongKeyError(f"unknown key{nearest(parts[0], list(there))}" if there else f"unknown key: {spell(above)} is empty")
    return ".".join(parts), len(parts)
