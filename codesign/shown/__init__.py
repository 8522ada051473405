"""How things show themselves to people: plain text for a terminal, a small table for a notebook, values with their units.

A `Sheet` is what there is to say, and a `Shown` class has one. What is drawn is handed over as names and numbers: no class of another
room is known here, nothing is computed that a design depends on, and nothing is printed or written.
"""

from codesign.shown.numbers import number
from codesign.shown.sheet import Sheet, Table
from codesign.shown.shown import Shown

__all__ = ["Sheet", "Shown", "Table", "number"]
