"""Tables for people and programs: whole numbers are integers, names are categories, columns are in a settled order."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd

WHOLE: Final = frozenset({"integer", "power_of_two", "gate"})
"""Kinds of parameters whose hardened values are whole numbers."""


def typed(designs: pd.DataFrame, configs: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Designs with searched whole numbers as integers; the store holds them as the numbers that models compute with.

    Args:
        designs: with a column `NAME`, or one `NAME[LAYER]` for each layer, of each parameter.
        configs: of their units, of plain values.
    """
    kinds = dict[str, set[str]]()
    for config in configs:
        for name, entry in config["parameters"].items():
            kinds.setdefault(name, set()).add(entry["kind"])
    whole = {name for name, found in kinds.items() if found <= WHOLE}
    columns = [column for column in designs.columns if str(column).partition("[")[0] in whole]
    return designs.astype({column: _integers(designs[column]) for column in columns if _is_whole(designs[column])})


def _is_whole(column: "pd.Series[float]") -> bool:
    return pd.api.types.is_numeric_dtype(column) and bool((column.dropna() % 1 == 0).all())


def _integers(column: "pd.Series[float]") -> str:
    return "Int64" if column.isna().any() else "int64"
