"""Sweeps: one config file that describes many studies.

`sweep:` names values for dotted keys, which are replaced whole. `grid` takes every combination; the lists of a `zip` go together; a
variant replaces several keys by name.

The cells are the product of all of them: variants slowest, then zips, then the grid in the order of the file.
"""

import itertools
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from search.errors import UserError, nearest
from search.problem.config import Config, ConfigFile, Known, checked, document
from search.problem.reading import keys
from search.problem.reading.complaints import Complaint, as_error
from search.problem.reading.nodes import Node, inner, plain, put

MOST_CELLS: Final = 1_000_000


class Cell(NamedTuple):
    """One study of a sweep.

    Attributes:
        label: what tells it from the others: values by dotted key, and `variant` by name; empty for a config without a sweep.
        file: its config, in which mistakes are told where they stand.
        hash: names what is computed.
    """

    label: dict[str, Any]
    file: ConfigFile
    hash: str

    @property
    def text(self) -> str:
        """The label, for people."""
        return spelt(self.label)


class _Option(NamedTuple):
    """One value along an axis: how it is called, and the keys that it sets."""

    label: dict[str, Any]
    changes: tuple[tuple[str, Node], ...]


def read(path: Path, overrides: Sequence[str] = ()) -> list[Cell]:
    """The studies that a config file describes: one where it has no `sweep`; overrides come first, those of `sweep` itself too.

    Raises:
        UserError: one line per mistake, those of cells with the first cell that has it.
    """
    return cells(path, document(path, overrides))


def cells(path: Path, root: Node) -> list[Cell]:
    """The studies that a document describes; see `read`."""
    section = inner(root, "sweep")
    options = _combinations(section) if section is not None and section.value is not None else [_Option({}, ())]
    found: list[Cell] = []
    wrong: dict[Complaint, list[str]] = {}
    base, known = put(root, ("sweep",), Node(None, root.place)), Known()
    for option in options:
        result = _checked(path, base, option, known)
        if isinstance(result, ConfigFile):
            found.append(Cell(option.label, result, result.config.hash()))
            continue
        for complaint in result:
            wrong.setdefault(complaint, []).append(spelt(option.label))
    if wrong:
        raise as_error(_in_cells(complaint, where) for complaint, where in wrong.items())
    _refuse_alike(section, found)
    return found


def _checked(path: Path, base: Node, option: _Option, known: Known) -> ConfigFile | list[Complaint]:
    # the widest keys first: one cell may replace the hardware and a parameter of it
    for key, node in sorted(option.changes, key=lambda change: change[0].count(".")):
        if key.partition(".")[0] == "sweep":
            return [Complaint(node.place, f"sweep: {key}", "a sweep does not change itself")]
        try:
            base = put(base, keys.find(Config, base, key, node), node)
        except keys.WrongKeyError as error:
            return [Complaint(node.place, f"sweep: {key}", str(error))]
    return checked(path, base, known)


def _in_cells(complaint: Complaint, labels: list[str]) -> Complaint:
    if labels == [""]:
        return complaint
    more = f" and {len(labels) - 1} more" if len(labels) > 1 else ""
    return complaint._replace(what=f"{complaint.what} (in the cell {labels[0]}{more})")


def _refuse_alike(section: Node | None, found: list[Cell]) -> None:
    seen: dict[str, Cell] = {}
    for cell in found:
        if (other := seen.setdefault(cell.hash, cell)) is not cell:
            assert section is not None
            raise UserError(f"{section.place}: sweep: the cells {other.text!r} and {cell.text!r} compute the same")


def _combinations(section: Node) -> Iterator[_Option]:
    """The product of all axes.

    Raises:
        UserError: a section of another form, lists of different lengths, a key that two axes set, or too many cells.
    """
    axes = list(_axes(section))
    _refuse_shared(axes)
    if (count := math.prod(len(options) for _, options in axes)) > MOST_CELLS:
        raise UserError(f"{section.place}: sweep: describes {count} studies, at most {MOST_CELLS} are run")
    if not axes:
        raise UserError(f"{section.place}: sweep: lists nothing (give it grid, zip or variants)")
    for chosen in itertools.product(*(options for _, options in axes)):
        label = {key: value for option in chosen for key, value in option.label.items()}
        yield _Option(label, tuple(change for option in chosen for change in option.changes))


def _axes(section: Node) -> Iterator[tuple[str, list[_Option]]]:
    """Each axis with its name."""
    for name in _mapping(section, "sweep"):
        if name not in ("grid", "zip", "variants"):
            place = _mapping(section, "sweep")[name].place
            raise UserError(f"{place}: sweep.{name}: unknown key{nearest(name, ['grid', 'zip', 'variants'])}")
    parts = _mapping(section, "sweep")
    if "variants" in parts:
        yield "sweep.variants", _variants(parts["variants"])
    zipped = parts.get("zip")
    for i, one in enumerate([] if zipped is None else zipped.value if isinstance(zipped.value, list) else [zipped]):
        yield f"sweep.zip.{i}", _zip(one)
    for key, node in _mapping(parts["grid"], "sweep.grid").items() if "grid" in parts else ():
        values = _list(node, f"sweep.grid.{key}")
        yield f"sweep.grid.{key}", [_Option({key: plain(value)}, ((key, value),)) for value in values]


def _variants(node: Node) -> list[_Option]:
    variants = _mapping(node, "sweep.variants")
    if not variants:
        raise UserError(f"{node.place}: sweep.variants: names none")
    return [_Option({"variant": name}, tuple(_mapping(variant, f"sweep.variants.{name}").items())) for name, variant in variants.items()]


def _zip(node: Node) -> list[_Option]:
    lists = {key: _list(values, f"sweep.zip.{key}") for key, values in _mapping(node, "sweep.zip").items()}
    if not lists:
        raise UserError(f"{node.place}: sweep.zip: names no keys")
    lengths = {key: len(values) for key, values in lists.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{key} has {length}" for key, length in lengths.items())
        raise UserError(f"{node.place}: sweep.zip: lists that go together must have one length ({told})")
    rows = zip(*([(key, value) for value in values] for key, values in lists.items()), strict=True)
    return [_Option({key: plain(value) for key, value in row}, tuple(row)) for row in rows]


def _refuse_shared(axes: Iterable[tuple[str, list[_Option]]]) -> None:
    owner: dict[str, str] = {}
    for axis, options in axes:
        for key, node in {key: node for option in options for key, node in option.changes}.items():
            if owner.setdefault(key, axis) != axis:
                raise UserError(f"{node.place}: {axis}: {key} is set by {owner[key]} too")


def _mapping(node: Node, where: str) -> dict[str, Node]:
    if not isinstance(node.value, dict):
        raise UserError(f"{node.place}: {where}: must be a mapping of keys to values")
    return node.value


def _list(node: Node, where: str) -> list[Node]:
    if not isinstance(node.value, list) or not node.value:
        raise UserError(f"{node.place}: {where}: must be a list of at least one value")
    return node.value


def spelt(label: dict[str, Any]) -> str:
    """A label for people: `variant=analog, seed=0`."""
    return ", ".join(f"{key}={value if isinstance(value, str) else _short(value)}" for key, value in label.items())


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:36]}..."
