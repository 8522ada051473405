"""YAML text to nodes, within limits that are checked while it is read: no alias, depth or number makes more of a file than it is.

The parser's events are read one after another, without recursion, and only as far as the limits reach.
"""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from search.errors import UserError
from search.problem.reading.nodes import Node, Place, spell
from search.problem.reading.scalars import scalar

# configs have some hundred values in four levels; this many are read in a second
MOST_NODES: Final = 20_000
DEEPEST: Final = 32
LONGEST_KEY: Final = 200


@dataclasses.dataclass
class _Open:
    """A mapping or a list that has not ended."""

    node: Node
    anchor: str | None
    key: str | None = None
    key_place: Place | None = None
    below: tuple[int, int] = (1, 1)  # nodes in it, and levels
    merges: list[Node] = dataclasses.field(default_factory=list)


def compose(text: str, at: Callable[[int], Place], name: str = "file") -> Node | None:
    """The document in a text, or None where there is none.

    Args:
        text: of YAML 1.2.
        at: the place of a line, from 1.
        name: of the whole, in complaints.

    Raises:
        UserError: no YAML, or beyond the limits; one line `place: path: what`.
    """
    composer = _Composer(at, name)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            composer.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # the parser's messages have several lines, ours one
        what = " ".join(str(error.problem or error.context).split())
        raise UserError(f"{at(mark.line + 1 if mark else 1)}: {name}: is not valid YAML: {what}") from None
    except (YAMLError, ValueError) as error:
        raise UserError(f"{at(1)}: {name}: is not valid YAML: {' '.join(str(error).split())[:120]}") from None
    return composer.root


class _Composer:
    def __init__(self, at: Callable[[int], Place], name: str) -> None:
        self._at, self._name = at, name
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Node, tuple[int, int]]] = {}
        self._nodes = 0
        self.root: Node | None = None
        self._documents = 0

    def take(self, event: Any) -> None:
        place = self._at(event.start_mark.line + 1)
        match event:
            case DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise self._error(place, "holds more than one document (a config is one)")
            case AliasEvent():
                self._add(*self._aliased(place, event.anchor), place)
            case ScalarEvent():
                self._scalar(place, event)
            case MappingStartEvent() | SequenceStartEvent():
                self._start(place, event)
            case MappingEndEvent() | SequenceEndEvent():
                self._end()

    def _start(self, place: Place, event: Any) -> None:
        self._refuse_tag(place, event)
        if self._expects_key():
            raise self._error(place, "a mapping or a list cannot be a key")
        if len(self._stack) >= DEEPEST:
            raise self._error(place, f"is nested deeper than {DEEPEST} levels")
        self._stack.append(_Open(Node({} if isinstance(event, MappingStartEvent) else [], place), event.anchor))

    def _end(self) -> None:
        done = self._stack.pop()
        node = done.node
        if isinstance(node.value, dict):
            for base in done.merges:
                assert isinstance(base.value, dict)
                node = Node({**base.value, **node.value}, node.place)
        if done.anchor is not None:
            self._anchors[done.anchor] = node, done.below
        self._add(node, done.below, node.place)

    def _scalar(self, place: Place, event: Any) -> None:
        self._refuse_tag(place, event)
        if self._expects_key():
            self._key(place, event.value)
            return
        try:
            # quoted and block scalars are text, whatever they look like
            value = event.value if event.style else scalar(event.value)
        except ValueError as error:
            raise self._error(place, str(error)) from None
        node = Node(value, place)
        if event.anchor is not None:
            self._anchors[event.anchor] = node, (1, 1)
        self._add(node, (1, 1), place)

    def _key(self, place: Place, key: str) -> None:
        top = self._stack[-1]
        assert isinstance(top.node.value, dict)
        if len(key) > LONGEST_KEY:
            raise self._error(place, f"has a key of {len(key)} characters, at most {LONGEST_KEY} are allowed")
        if key in top.node.value:
            raise self._error(place, f"has a duplicate key {key!r}")
        top.key, top.key_place = key, place

    def _aliased(self, place: Place, anchor: str) -> tuple[Node, tuple[int, int]]:
        if self._expects_key():
            raise self._error(place, "an alias cannot be a key")
        if any(one.anchor == anchor for one in self._stack):
            raise self._error(place, f"the alias *{anchor} refers to what it stands in")
        if anchor not in self._anchors:
            raise self._error(place, f"the alias *{anchor} refers to no anchor before it")
        return self._anchors[anchor]

    def _add(self, node: Node, below: tuple[int, int], place: Place) -> None:
        """A finished value to what holds it."""
        size, levels = below
        if len(self._stack) + levels > DEEPEST + 1:
            raise self._error(place, f"is nested deeper than {DEEPEST} levels, aliases included")
        if not self._stack:
            self.root = node
            return
        top = self._stack[-1]
        top.below = top.below[0] + size, max(top.below[1], levels + 1)
        # what an alias stands for counts each time
        if sum(one.below[0] for one in self._stack) > MOST_NODES:
            raise self._error(place, f"holds more than {MOST_NODES} values, aliases included")
        if isinstance(top.node.value, list):
            top.node.value.append(node)
            return
        assert isinstance(top.node.value, dict)
        assert top.key is not None
        assert top.key_place is not None
        if top.key == "<<":
            top.merges += self._bases(place, node)
        else:
            top.node.value[top.key] = Node(node.value, top.key_place)
        top.key = None

    def _bases(self, place: Place, node: Node) -> Iterator[Node]:
        for base in node.value if isinstance(node.value, list) else [node]:
            if not isinstance(base.value, dict):
                raise self._error(place, "<< needs a mapping, or a list of them")
            yield base

    def _expects_key(self) -> bool:
        return bool(self._stack) and isinstance(self._stack[-1].node.value, dict) and self._stack[-1].key is None

    def _refuse_tag(self, place: Place, event: Any) -> None:
        if event.tag is not None:
            raise self._error(place, f"has the tag {str(event.tag)[:40]!r}; configs use none")

    def _error(self, place: Place, what: str) -> UserError:
        parts = (len(one.node.value) if isinstance(one.node.value, list) else one.key for one in self._stack)
        where = [part for part in parts if part is not None][:8]  # of what is nested too deeply, where it begins
        return UserError(f"{place}: {spell(where) if where else self._name}: {what}")
