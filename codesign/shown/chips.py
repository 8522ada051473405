"""What chips, and the ways that networks are run, show: parameter = value unit, and its legal range."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from codesign.shown.numbers import between, concrete, number, unit_of
from codesign.shown.sheet import HEIGHT, WIDTH, Sheet, Table, clipped, grid

CELL: Final = WIDTH // 2 - 3  # two parameters in a line
PART_LINES: Final = 3  # of an engine, in a terminal


def chip_sheet(
    title: str,
    fields: Mapping[str, object],
    ranges: Mapping[str, Any],
    choices: Mapping[str, Sequence[str]],
    parts: Mapping[str, Sheet] | None = None,
) -> Sheet:
    """A chip: every parameter with its value, unit and legal range, the options that it has chosen, and the engines in it.

    Args:
        title: its name.
        fields: values by name.
        ranges: `codesign.parameters.LegalRange` by name, of those that have one.
        choices: options of the fields that hold shares of options, last axis.
        parts: the sheets of what it is made of, by name.
    """
    units = {name: ranges[name].unit if name in ranges else unit_of(name) for name in fields}
    told = {
        name: chosen(value, choices[name]) if name in choices else _text(value, units[name])
        for name, value in fields.items()
        if not _is_said_elsewhere(value, choices)
    }
    legal = {name: between(ranges[name].low, ranges[name].high, units[name], 7) for name in told if name in ranges}
    rows = tuple((name, value, legal.get(name, "")) for name, value in told.items())
    parts = parts or {}
    inside = [line for name, sheet in parts.items() for line in _inside(name, sheet)]
    tables = [table._replace(caption=f"{name}: {sheet.title}") for name, sheet in parts.items() for table in sheet.tables]
    lines = (*_cells(rows, HEIGHT - 1 - len(inside)), *inside)
    # models of the literature say no ranges
    table = Table("", ("parameter", "value", "legal"), rows) if legal else Table("", ("parameter", "value"), tuple(row[:2] for row in rows))
    return Sheet(title, lines, (table, *tables))


def chosen(shares: object, options: Sequence[str]) -> str:
    """Options and their shares, last axis; how many rows take which where each takes one: `crossbar 5, systolic 4`."""
    array = concrete(shares)
    if array is None or array.ndim == 0 or array.shape[-1] != len(options):
        return number(shares)
    rows = array.reshape(-1, len(options))
    whole = bool(np.isin(rows, (0, 1)).all())
    if whole and len(rows) == 1:
        return options[int(rows[0].argmax())]
    told = [f"{option} {value:.3g}" for option, value in zip(options, rows.sum(0) if whole else rows.mean(0), strict=True) if value > 0]
    return f"{', '.join(told)}{f' (of {len(rows)})' if whole else ''}"


def _text(value: object, unit: str) -> str:
    # strategies are known by their class
    return ", ".join(map(str, value)) if isinstance(value, tuple) else number(value, unit, 6)


def _is_said_elsewhere(value: object, choices: Mapping[str, Sequence[str]]) -> bool:
    """Whether there is nothing, or the options that a choice names, or the strategies behind these."""
    if isinstance(value, tuple):
        return not value or any(len(value) == len(options) for options in choices.values()) or not all(isinstance(v, str) for v in value)
    return value is None or getattr(value, "size", 1) == 0


def _cells(rows: Sequence[tuple[str, str, str]], height: int) -> list[str]:
    """One parameter a line where one is long and all have a line, else two."""
    whole = [f"{name} = {value}" for name, value, _ in rows]
    return whole if len(rows) <= height and max(map(len, whole), default=0) > CELL else grid([_cell(*row) for row in rows])


def _cell(name: str, value: str, legal: str) -> str:
    brief = clipped(f"{name} = {value}", CELL)
    full = f"{brief}  ({legal})"
    return full if legal and len(full) <= CELL else brief


def _inside(name: str, sheet: Sheet) -> list[str]:
    facts = ", ".join(f"{parameter} {value}" for parameter, value, *_ in sheet.tables[0].rows)
    return textwrap.wrap(f"{name}: {sheet.title}, {facts}", WIDTH - 2, subsequent_indent="  ", max_lines=PART_LINES, placeholder=" …")
