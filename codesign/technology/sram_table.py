"""CACTI's table of memories: what is in it by node and size, and slopes between its points.

By numpy alone: pandas and scipy's interpolation take longer to load than all the rest of a chip and its prices.
"""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

TABLE: Final = Path(__file__).parents[1] / "technologies" / "sram_cacti7.csv"
WORD_BITS: Final = (32, 64)
QUANTITIES: Final = ("access", "leakage", "area", "cycle_32", "cycle_64", "read_32", "read_64", "write_32", "write_64")


@functools.cache
def tables(transistors: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes [nm], and at each the natural logarithms of `QUANTITIES` `[nodes, quantities, sizes]` and their slopes over log2 of the size.

    Args:
        transistors: CACTI's name for those of cells and periphery.
    """
    lines = [line for line in TABLE.read_text().splitlines() if not line.startswith("#")]
    names, *rows = (line.split(",") for line in lines)
    kept = np.asarray([row for row in rows if row[names.index("cell")] == transistors])
    columns = {name: kept[:, i].astype(float) for i, name in enumerate(names) if name != "cell"}
    nodes = np.unique(columns["node_nm"])
    logs = np.log(np.stack([_quantities({name: values[columns["node_nm"] == node] for name, values in columns.items()}) for node in nodes]))
    return nodes, logs, monotone_slopes(logs)


def monotone_slopes(values: np.ndarray) -> np.ndarray:
    """Slopes at values one apart, last axis, such that cubics through them are monotone where the values are.

    Fritsch and Butland, SIAM J. Sci. Stat. Comput. 1984; at the ends the three-point formula, cut off. As scipy's `PchipInterpolator`.
    """
    steps = np.diff(values, axis=-1)
    left, right = steps[..., :-1], steps[..., 1:]
    same = left * right > 0
    inner = np.where(same, 2 * left * right / np.where(same, left + right, 1), 0)
    return np.concatenate([_end_slope(steps[..., :2]), inner, _end_slope(steps[..., :-3:-1])], axis=-1)


def _end_slope(steps: np.ndarray) -> np.ndarray:
    """Slope at an end, from its step and the next."""
    here, next_one = steps[..., :1], steps[..., 1:2]
    slope = (3 * here - next_one) / 2
    slope = np.where(slope * here <= 0, 0, slope)
    return np.where((here * next_one <= 0) & (np.abs(slope) > 3 * np.abs(here)), 3 * here, slope)


def _quantities(table: Mapping[str, np.ndarray]) -> np.ndarray:
    """`QUANTITIES` of one node, by size."""
    narrow, wide = (_of_width(table, bits) for bits in WORD_BITS)

    def both(column: str) -> np.ndarray:
        # the width of a word hardly changes what leaks and what is built
        return np.sqrt(narrow[column] * wide[column])

    return np.stack(
        [
            1e3 * (wide["read_nj"] + wide["write_nj"]) / 2 / WORD_BITS[1],  # nJ to pJ
            both("leak_mw") / wide["size_kb"],
            1e6 * both("area_mm2") / wide["size_kb"],  # mm2 to um2
            *(part["cycle_ns"] for part in (narrow, wide)),
            *(1e3 * part[f"{action}_nj"] for action in ("read", "write") for part in (narrow, wide)),
        ]
    )


def _of_width(table: Mapping[str, np.ndarray], bits: int) -> dict[str, np.ndarray]:
    """The memories of one word length, from the smallest."""
    order = np.flatnonzero(table["word_bits"] == bits)
    order = order[np.argsort(table["size_kb"][order])]
    return {name: values[order] for name, values in table.items()}
