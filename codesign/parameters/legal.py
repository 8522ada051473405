"""Between which values a design parameter means something: what checks, commands and lists of parameters know of it."""

import math
from collections.abc import Iterable
from typing import NamedTuple


class LegalNames(NamedTuple):
    """What a chip chooses by name.

    Attributes:
        names: of the options; empty where a catalogue elsewhere has them.
        per_layer: whether every layer may choose its own.
        searched: whether a search may choose.
    """

    names: tuple[str, ...]
    per_layer: bool = False
    searched: bool = True


class LegalRange(NamedTuple):
    """The values that a chip, or the way a network is run, can have.

    Attributes:
        low, high: smallest and largest, both legal.
        default: what a chip has that names none.
        unit: of all three.
        whole: whether only whole numbers are legal.
        per_layer: whether every layer may have a value of its own.
    """

    low: float
    high: float
    default: float
    unit: str = "1"
    whole: bool = False
    per_layer: bool = False

    def complaint(self, values: Iterable[float]) -> str | None:
        """Why some of the values are not legal, or None: `must be from 1 to 4096, got 0`."""
        kind = "a whole number " if self.whole else ""
        unit = "" if self.unit == "1" else f" {self.unit}"
        for value in values:
            # asked the positive way round: a NaN fails every comparison
            if not (self.low <= value <= self.high) or (self.whole and value != math.floor(value)):
                return f"must be {kind}from {self.low:g} to {self.high:g}{unit}, got {value:g}"
        return None
