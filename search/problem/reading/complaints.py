"""What pydantic finds wrong, as complaints that people can act on: where it stands, what is wrong, what would be right."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ValidationError

from search.errors import UserError, nearest
from search.problem.reading.keys import keys_at, kinds_at
from search.problem.reading.nodes import Node, Path_, Place, inner, place_of, spell

MOST_SHOWN: Final = 20


class Complaint(NamedTuple):
    """One mistake."""

    place: Place
    where: str
    what: str

    def __str__(self) -> str:
        """The line that is shown."""
        return f"{self.place}: {self.where}: {self.what}"


def as_error(found: Iterable[Complaint]) -> UserError:
    """All of them, by line; no more than a screen of them."""
    lines = [str(complaint) for complaint in sorted(set(found), key=lambda one: (one.place.source, one.place.line, one))]
    more = [f"{lines[-1].split(': ')[0]}: file: and {len(lines) - MOST_SHOWN} more mistakes"] if len(lines) > MOST_SHOWN else []
    return UserError("\n".join([*lines[:MOST_SHOWN], *more]))


def complaints(model: type[BaseModel], root: Node, invalid: ValidationError) -> list[Complaint]:
    """What is wrong with a config that was refused."""
    found = []
    for error in invalid.errors():
        where = _known_part(root, error["loc"], error["type"] == "missing")
        found.append(Complaint(place_of(root, where), spell(where), _message(model, root, where, error)))
    return found


def _known_part(root: Node, location: tuple[str | int, ...], missing: bool) -> Path_:
    """Pydantic's location without the tags of unions, which are not in the file; the last part of a missing key is not there either."""
    found: list[str | int] = []
    for index, part in enumerate(location):
        below = inner(root, part)
        if below is not None:
            root = below
        elif not (missing and index == len(location) - 1):
            continue  # a tag
        found.append(part)
    return tuple(found)


def _message(model: type[BaseModel], root: Node, where: Path_, error: Any) -> str:
    kind = error["type"]
    if kind == "extra_forbidden":
        return f"unknown key{nearest(str(where[-1]), keys_at(model, root, where[:-1]))}"
    if kind == "missing":
        return "is missing"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tags = kinds_at(model, root, where)
        given = error["input"].get("kind") if isinstance(error["input"], dict) else None
        return "kind is missing" + nearest("", tags) if given is None else f"unknown kind {given!r}{nearest(str(given), tags)}"
    if kind == "value_error":
        # pydantic's own text would begin with `Value error`
        return str(error["ctx"]["error"])
    # a whole section would bury the complaint
    shown = f", got {_short(error['input'])}" if isinstance(error["input"], str | int | float | bool | type(None)) else ""
    return error["msg"][0].lower() + error["msg"][1:] + shown


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]}... ({len(text)} characters)"
