"""What there is to say of a thing, and the two forms that it is said in."""

import html
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

WIDTH: Final = 100  # columns of a line
HEIGHT: Final = 12  # lines
ROWS: Final = 24  # of a table in a notebook, beyond which it is folded away
# no colours of its own: a notebook may be dark or light
_TABLE: Final = "border-collapse:collapse;border:none;margin:2px 0 8px 0;color:inherit"
_CELL: Final = "padding:1px 12px 1px 0;text-align:"
_HEAD: Final = "font-weight:normal;opacity:0.7;"


class Table(NamedTuple):
    """A table of text.

    Attributes:
        caption: what it is of; may be empty.
        head: of the columns; may be empty.
        rows: as long as the head.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Sheet(NamedTuple):
    """What there is to say of a thing.

    Attributes:
        title: what it is, in one line.
        lines: the rest, for a terminal.
        tables: the rest, for a notebook.
    """

    title: str
    lines: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()


def text(sheet: Sheet) -> str:
    """A sheet as at most 12 lines of at most 100 columns."""
    lines = [sheet.title, *(f"  {line}" for line in sheet.lines)]
    if len(lines) > HEIGHT:
        lines = [*lines[: HEIGHT - 1], f"  … {len(lines) - HEIGHT + 1} more lines"]
    return "\n".join(clipped(line) for line in lines)


def clipped(line: str, width: int = WIDTH) -> str:
    """A line that fits, with its end left out where it does not; always one line."""
    line = line.replace("\n", " ")
    return line if len(line) <= width else f"{line[: width - 1]}…"


def markup(sheet: Sheet) -> str:
    """A sheet as HTML; everything that is said is escaped."""
    tables = "".join(_folded(table) if len(table.rows) > ROWS else _table(table) for table in sheet.tables if table.rows)
    return f"<div><div><b>{html.escape(sheet.title)}</b></div>{tables}</div>"


def aligned(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Rows as lines of even columns, the first to the left."""
    table = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    return [
        "  ".join(cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in table
    ]


def grid(cells: Sequence[str], width: int = WIDTH - 2) -> list[str]:
    """Cells in as many even columns as fit, read downwards."""
    if not cells:
        return []
    widest = min(max(len(cell) for cell in cells) + 2, width)
    columns = max(width // widest, 1)
    rows = -(-len(cells) // columns)
    return ["".join(cell.ljust(widest) for cell in cells[row::rows]).rstrip() for row in range(rows)]


def shares(names: Sequence[str], values: Sequence[float], most: int = 5) -> str:
    """The largest parts of a whole: `adc 41 %, buffers 22 %, 7 others 17 %`; nothing where the whole is nothing."""
    whole = sum(values)
    if not whole > 0:
        return ""
    parts = sorted(((value / whole, name) for name, value in zip(names, values, strict=True) if value > 0), key=lambda part: -part[0])
    told = [f"{name} {_percent(share)}" for share, name in parts[:most]]
    rest = parts[most:]
    return ", ".join([*told, f"{len(rest)} more {_percent(sum(share for share, _ in rest))}"] if rest else told)


def _percent(share: float) -> str:
    # two digits would make 1e+02 of all
    return f"{100 * share:.2g} %" if share < 0.995 else f"{100 * share:.3g} %"


def _folded(table: Table) -> str:
    # open without a click would push the cell's own work off the screen
    return f"<details><summary>{html.escape(table.caption)} ({len(table.rows)})</summary>{_table(table._replace(caption=''))}</details>"


def _table(table: Table) -> str:
    caption = f'<div style="opacity:0.7">{html.escape(table.caption)}</div>' if table.caption else ""
    sides = ["right;white-space:nowrap" if all(_is_number(cell) for cell in column) else "left" for column in zip(*table.rows, strict=True)]
    head = f"<tr>{_cells('th', table.head, sides, _HEAD)}</tr>" if table.head else ""
    rows = "".join(f"<tr>{_cells('td', row, sides)}</tr>" for row in table.rows)
    return f'{caption}<table style="{_TABLE}">{head}{rows}</table>'


def _is_number(cell: str) -> bool:
    return not cell or cell[0].isdigit() or cell[0] == "-"


def _cells(tag: str, row: Sequence[str], sides: Sequence[str], style: str = "") -> str:
    return "".join(f'<{tag} style="{style}{_CELL}{side}">{html.escape(cell)}</{tag}>' for side, cell in zip(sides, row, strict=True))
