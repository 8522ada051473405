"""Values with the places where they stand, so that a mistake is told where it was made, through merging and overriding."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

Path_ = tuple[str | int, ...]
Scalar = str | int | float | bool | None


class Place(NamedTuple):
    """Where something is written.

    Attributes:
        source: the file, or the command line's option.
        line: in the file, from 1; 0 for the command line.
        folder: that paths in it are relative to.
    """

    source: str
    line: int
    folder: Path

    def __str__(self) -> str:
        """As complaints begin."""
        return f"{self.source}:{self.line}" if self.line else self.source


class Node(NamedTuple):
    """A value and the place of its key, or of the entry of a list. Never changed: trees share their branches."""

    value: "dict[str, Node] | list[Node] | Scalar"
    place: Place


def plain(node: Node) -> Any:
    """The values alone."""
    if isinstance(node.value, dict):
        return {key: plain(value) for key, value in node.value.items()}
    return [plain(value) for value in node.value] if isinstance(node.value, list) else node.value


def nodes_of(value: Any, place: Place) -> Node:
    """Values that all stand in one place."""
    if isinstance(value, Mapping):
        return Node({key: nodes_of(item, place) for key, item in value.items()}, place)
    return Node([nodes_of(item, place) for item in value] if isinstance(value, list) else value, place)


def inner(node: Node, part: str | int) -> Node | None:
    """The value of a key, the entry of a list, or None where there is none."""
    if isinstance(node.value, dict):
        return node.value.get(str(part))
    if isinstance(node.value, list) and isinstance(part, int) and 0 <= part < len(node.value):
        return node.value[part]
    return None


def place_of(root: Node, where: Path_) -> Place:
    """Where a key stands; for one that is not there, what should hold it."""
    for part in where:
        below = inner(root, part)
        if below is None:
            break
        root = below
    return root.place


def merged(base: Node, over: Node) -> Node:
    """`over` upon `base`: mappings key by key, everything else replaced; a null takes the base's key away."""
    if not (isinstance(base.value, dict) and isinstance(over.value, dict)):
        return over
    found = dict(base.value)
    for key, node in over.value.items():
        if node.value is None:
            found.pop(key, None)
        else:
            found[key] = merged(found[key], node) if key in found else node
    return Node(found, over.place)


def put(root: Node, where: Path_, node: Node) -> Node:
    """The tree with one value replaced, and mappings on the way to it made where they are not there; a null takes a key away."""
    if not where:
        return node
    part, rest = where[0], where[1:]
    if isinstance(root.value, list):
        entries = list(root.value)
        entries[int(part)] = put(entries[int(part)], rest, node)
        return Node(entries, root.place)
    keys: dict[str, Node] = dict(root.value) if isinstance(root.value, dict) else {}
    if not rest and node.value is None:
        keys.pop(str(part), None)
    else:
        keys[str(part)] = put(keys.get(str(part), Node({}, node.place)), rest, node)
    return Node(keys, root.place)


def spell(where: Sequence[str | int]) -> str:
    """A path for people, on one line whatever is in a key."""
    return "".join(each if each.isprintable() else "?" for each in ".".join(map(str, where))) or "file"
