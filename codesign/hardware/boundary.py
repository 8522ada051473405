"""The system boundary: what every family has to answer for, and what it says.

A family module holds `BOUNDARY`, an answer to each of `ITEMS`: the components that pay, or why nothing does. `docs/boundary.md` is
written from these (`python -m tests.codesign.hardware.boundary_document`), so that no cost hides and none is claimed that no code charges.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class Charged(NamedTuple):
    """Components that pay for an item, and how in a sentence."""

    components: tuple[str, ...]
    how: str


class Uncharged(NamedTuple):
    """Why an item costs nothing here."""

    why: str


Answer = Charged | Uncharged
Boundary = Mapping[str, Answer]

ITEMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "arithmetic": "multiply-accumulates, or analog products",
        "weight storage and loading": "reading weights where they are kept, and bringing them there",
        "input maps": "reading the map a layer hears, and moving it there",
        "output maps": "writing the finished map, and reading it out once",
        "neuron state": "reading and writing what neurons carry from step to step",
        "neuron arithmetic": "updates of neurons, or activation functions",
        "zeros": "finding operands that are zero, and leaving them out",
        "partial sums": "unfinished sums and the registers and adders that join them",
        "decoders and multiplexers": "selecting rows, columns and words",
        "drivers": "of word lines, bit lines and long wires",
        "converters": "between analog and digital, with their sample-and-holds",
        "interconnect": "between tiles, cores or engines, routers and arbitration",
        "clock": "tree and registers, each cycle that they are clocked",
        "control": "sequencers, instruction or micro-code fetches, barriers",
        "memory leakage": "of every memory, while the whole inference runs",
        "logic leakage": "of arithmetic, converters, drivers and routers, while the whole inference runs",
        "off-chip traffic": "what does not fit, with the memory's background power",
        "input encoding": "turning numbers into what the first layer hears",
        "residual additions": "adding a skip path",
        "pooling": "additions or comparisons of pooling windows",
        "early exit": "deciding after each step whether to stop",
        "programming": "writing weights into devices, and refreshing them",
        "synchronisation": "waiting for the slowest part",
    }
)
