"""Cells of tables that other programs open: text that a spreadsheet would take for a formula is marked as text."""

import json
from typing import Any, Final

import numpy as np
import pandas as pd

_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r")


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """The table with an apostrophe before every text, and every name of a column, that begins as a formula does; numbers stay.

    Source: OWASP, "CSV injection".
    """
    texts = [column for column in table.columns if not pd.api.types.is_numeric_dtype(table[column])]
    changed = table.assign(**{str(column): table[column].map(_marked) for column in texts})
    return changed.rename(columns=_marked)


def _marked(value: Any) -> Any:
    # lists and mappings, which CSV has no cells for, as JSON
    if isinstance(value, dict | list | np.ndarray):
        return json.dumps(value, default=lambda array: array.tolist())
    return f"'{value}" if isinstance(value, str) and value.startswith(_BEGINS) else value
