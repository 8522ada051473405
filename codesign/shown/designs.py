"""What designs, and what is measured of them, show: the sheets of their parts, in short."""

from collections.abc import Mapping

from codesign.shown.numbers import count, number
from codesign.shown.sheet import Sheet, Table, grid

FIRST = 3  # lines of a part's sheet, in a terminal


def evaluation_sheet(measured: Mapping[str, tuple[object, str]], cost: Sheet, workload: Sheet, chip: Sheet) -> Sheet:
    """An evaluation: how well the network answers, what it costs, and of what.

    Args:
        measured: values and units by name; those that are None were not measured.
        cost: of an inference.
        workload: what was run.
        chip: what it ran on.
    """
    told = [(name, number(value, unit)) for name, (value, unit) in measured.items() if value is not None]
    lines = (*grid([f"{name} {value}" for name, value in told]), workload.title, f"on {chip.title}", *cost.lines[:FIRST])
    return Sheet(
        "Evaluation", lines, (Table("", (), tuple(told)), *(_under(part, table) for part in (cost, chip) for table in part.tables))
    )


def design_sheet(learned: int, operation: Sheet, chip: Sheet) -> Sheet:
    """A design: the size of its network, how it is run, and its chip.

    Args:
        learned: numbers in the network that training moves.
        operation: time and precision.
        chip: the hardware.
    """
    lines = (*operation.lines, chip.title, *(f"  {line}" for line in chip.lines))
    tables = tuple(_under(part, table) for part in (operation, chip) for table in part.tables)
    return Sheet(f"Design: a network of {count(learned)} learned numbers, its operation and its chip", lines, tables)


def _under(sheet: Sheet, table: Table) -> Table:
    """A table of a part, by the name of the part."""
    return table._replace(caption=": ".join(filter(None, (sheet.title, table.caption))))
