"""Gemmini mappings as Timeloop prints them, parsed into factors and written again.

One mapping reads outer to inner: `L3[WIO] P28 R7 K8 - L2[WI] N1 K4X - L1[O] K2 C3X - L0[W] P2`. `L3` is DRAM, `P28` a temporal factor
28 on P, `K4X` (or `Y`) a spatial one; a level's loops are listed outermost first.
"""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from codesign.published.timeloop.model import DIMENSIONS, Mapping

_LEVEL: Final = re.compile(r"L(\d)\[\w*\](.*)")
_LOOP: Final = re.compile(r"([RSPQCKN])(\d+)([XY]?)")
_HELD: Final = ("W", "O", "WI", "WIO")  # tensors that each level keeps

Factors = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]


def parse(mapping: str) -> Factors:
    """Temporal factors, spatial factors and loop order of one mapping, `[4, 7]` each.

    Raises:
        ValueError: a level or a loop that does not read as above; the message quotes it.
    """
    temporal, spatial = np.ones((4, 7)), np.ones((4, 7))
    order = np.tile(np.arange(7), (4, 1))
    for text in mapping.split(" - "):
        found = _LEVEL.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"mapping {mapping!r}: cannot read the level {text!r}; expected for example 'L3[WIO] P28 K8'")
        level, loops = int(found[1]), found[2].split()
        for position, loop in enumerate(loops):
            part = _LOOP.fullmatch(loop)
            if part is None:
                raise ValueError(f"mapping {mapping!r}: cannot read the loop {loop!r}; expected for example 'P28' or 'K4X'")
            dimension, factor = DIMENSIONS.index(part[1]), float(part[2])
            if part[3]:
                # a dimension may lie along X and Y
                spatial[level, dimension] *= factor
            else:
                temporal[level, dimension] *= factor
                # negative: listed loops are outside those that are not listed, which have the factor 1
                order[level, dimension] = position - len(loops)
    return temporal, spatial, (order - order.min(axis=1, keepdims=True)).astype(np.int64)


def spelt(mapping: Mapping) -> str:
    """One mapping as Timeloop prints it; `parse` reads it again."""
    parts = []
    for level in (3, 2, 1, 0):
        order = np.argsort(np.asarray(mapping.order[level]), kind="stable")
        loops = [f"{DIMENSIONS[d]}{int(f)}" for d in order if (f := round(float(mapping.temporal[level, d]))) > 1]
        lanes = [f"{DIMENSIONS[d]}{int(f)}X" for d in range(len(DIMENSIONS)) if (f := round(float(mapping.spatial[level, d]))) > 1]
        # a level without loops has one that does nothing
        parts.append(f"L{level}[{_HELD[level]}] {' '.join([*loops, *lanes]) or 'N1'}")
    return " - ".join(parts)


def parse_all(mappings: Sequence[str]) -> Factors:
    """`parse` of many mappings, each distinct text once: `[mappings, 4, 7]` each."""
    distinct, index = np.unique(np.asarray(mappings, dtype=str), return_inverse=True)
    parsed = [parse(str(text)) for text in distinct]
    temporal, spatial, order = zip(*parsed, strict=True)
    return np.stack(temporal)[index], np.stack(spatial)[index], np.stack(order)[index]
