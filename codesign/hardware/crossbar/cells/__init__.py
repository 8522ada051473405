"""How cells of each kind of memory device multiply, and what reading, writing and holding them costs.

Circuits around the cells are priced outside; which kind a technology has is said by the constants that it gives.
"""

from codesign.hardware.crossbar.cells.abstract import AbstractCells
from codesign.hardware.crossbar.cells.capacitive import CapacitiveCells
from codesign.hardware.crossbar.cells.choice import cells_in
from codesign.hardware.crossbar.cells.resistive import ResistiveCells

__all__ = ["AbstractCells", "CapacitiveCells", "ResistiveCells", "cells_in"]
