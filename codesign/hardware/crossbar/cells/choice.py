"""Which cells a technology has."""

from codesign.hardware.crossbar.cells.abstract import AbstractCells
from codesign.hardware.crossbar.cells.capacitive import CapacitiveCells
from codesign.hardware.crossbar.cells.resistive import ResistiveCells
from codesign.technology.technology import Technology


def cells_in(technology: Technology) -> AbstractCells:
    """The cells whose constants a technology has; resistances where it has none, whose lack is told by name when they are asked for."""
    return CapacitiveCells() if "cell_capacitance_ff" in technology.values else ResistiveCells()
