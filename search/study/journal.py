"""What a unit has done: read and written where it runs, in this process or far away; the driver alone writes it to disk."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from search import sealed
from search.study.unit import UnitFailedError

# pandas is imported where it is used: folders are refused before anything slow
if TYPE_CHECKING:
    import pandas as pd


class Held(NamedTuple):
    """What the store holds of a unit when it starts.

    Attributes:
        values: of the whole unit, by name.
        hardened: members by number.
        failed: stage and reason of members that were given up.
        designs: rows of those that are measured, by name.
        arrays: serialised pytrees by name.
    """

    values: dict[str, str]
    hardened: dict[int, dict[str, Any]]
    failed: dict[int, tuple[str, str]]
    designs: dict[str, dict[str, Any]]
    arrays: Mapping[str, bytes]


NOTHING_HELD = Held({}, {}, {}, {}, {})


class Write(NamedTuple):
    """What is written together or not at all: arrays first, then rows, which may say that the arrays are there.

    Attributes:
        rows: table and values, without the unit's name.
        arrays: name and content.
    """

    rows: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    arrays: tuple[tuple[str, bytes], ...] = ()


class Journal:
    """A unit's own view of the store.

    Args:
        held: what was there before.
        tell: takes every change to the driver.
    """

    def __init__(self, held: Held, tell: Callable[[Write], None]) -> None:
        self._tell, self._arrays = tell, held.arrays
        self._values, self._hardened, self._failed = dict(held.values), dict(held.hardened), dict(held.failed)
        self._designs = dict(held.designs)

    def get(self, key: str) -> str | None:
        """A value of the whole unit."""
        return self._values.get(key)

    def put(self, key: str, value: str) -> None:
        """Set a value of the whole unit."""
        self._values[key] = value
        self._write("facts", key, value)

    def add_history(self, step: int, stage: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """One row per member at a step; the same step again replaces it."""
        self._tell(Write(tuple(("history", (step, i, stage, json.dumps(row))) for i, row in enumerate(rows))))

    def add_hardened(self, member: int, row: Mapping[str, Any]) -> None:
        """A member that is hardened and fine-tuned; its weights are saved before."""
        self._hardened[member] = dict(row)
        self._write("hardened", member, json.dumps(row))

    def hardened(self) -> dict[int, dict[str, Any]]:
        """Hardened members by number."""
        return {member: dict(self._hardened[member]) for member in sorted(self._hardened)}

    def add_failed(self, member: int, stage: str, reason: str) -> None:
        """A member that was given up; the first reason counts."""
        if member not in self._failed:
            self._failed[member] = (stage, reason)
            self._write("failed", member, stage, reason)

    def failed(self) -> dict[int, tuple[str, str]]:
        """Stage and reason of members that were given up."""
        return dict(self._failed)

    def add_design(self, design: str, row: Mapping[str, Any], breakdown: "pd.DataFrame", drawn: Mapping[str, Any]) -> None:
        """A measured design, its cost by layer and component, and its costs under draws of the prices; its weights are saved before."""
        # pandas' JSON, which writes entries that do not apply as null; its default of 10 digits would round
        records = json.loads(breakdown.to_json(orient="records", double_precision=15))
        parts = [("breakdown", (design, r["layer"], r["component"], json.dumps(r))) for r in records]
        self._designs[design] = dict(row)
        # in one transaction: no design is without its breakdown
        self._tell(Write((("designs", (design, json.dumps(row))), ("drawn", (design, json.dumps(drawn))), *parts)))

    def amend_design(self, design: str, columns: Mapping[str, Any]) -> None:
        """More columns of a design that is there."""
        self._designs[design] = {**self._designs[design], **columns}
        self._write("designs", design, json.dumps(self._designs[design]))

    def design_names(self) -> set[str]:
        """Names of the designs measured so far."""
        return set(self._designs)

    def designs(self) -> dict[str, dict[str, Any]]:
        """Rows of the designs measured so far, by name."""
        return {name: dict(row) for name, row in sorted(self._designs.items())}

    def save_arrays(self, name: str, tree: Any) -> None:
        """A pytree of arrays, in one step."""
        self._tell(Write(arrays=((name, sealed.packed(tree)),)))

    def load_arrays(self, name: str, like: Any) -> Any | None:
        """A saved pytree, or None where there was none when the unit started.

        Raises:
            UnitFailedError: it is of other shapes.
        """
        content = self._arrays.get(name)
        return None if content is None else unpacked(name, content, like)

    def _write(self, table: str, *values: Any) -> None:
        self._tell(Write(((table, values),)))


def unpacked(name: str, content: bytes, like: Any) -> Any:
    """A pytree of arrays from what `Journal.save_arrays` wrote.

    Raises:
        UnitFailedError: its arrays are not those of `like`.
    """
    try:
        return sealed.unpacked(content, like)
    except ValueError as error:
        raise UnitFailedError(f"checkpoint {name} was written by another version of the problem: {error}") from None
