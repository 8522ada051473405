"""Tables as compact JSON: what never changes is written once, few values as places in a list, digits that nobody sees not at all."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

DIGITS: Final = 5  # significant; a chart shows three
LEVELS: Final = 200  # different values that a list of them is worth


def column(values: "pd.Series[Any]") -> Any:
    """`{"all": value}`, `{"of": values, "at": [place of each row]}`, or the values themselves.

    Args:
        values: numbers, texts or truths; what is not finite becomes null.
    """
    plain = [rounded(value) for value in values.tolist()]
    levels = list(dict.fromkeys(plain))
    if len(levels) == 1:
        return {"all": levels[0]}
    if len(levels) <= min(LEVELS, len(plain) // 2):
        places = {level: place for place, level in enumerate(levels)}
        return {"of": levels, "at": [places[value] for value in plain]}
    return plain


def table(frame: pd.DataFrame, names: Sequence[str]) -> dict[str, Any]:
    """Columns by name; those that are missing are left out."""
    return {name: column(frame[name]) for name in names if name in frame}


def rounded(value: Any, digits: int = DIGITS) -> Any:
    """A number with so many digits; whole ones without a point, what is not finite as None."""
    if isinstance(value, bool):
        return int(value)
    if not isinstance(value, float):
        return None if value is pd.NA else value
    if not math.isfinite(value):
        return None
    short = float(f"{value:.{digits}g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short


def nested(values: Sequence[Sequence[float] | None]) -> list[list[Any] | None]:
    """Lists of numbers, rounded."""
    return [None if each is None else [rounded(float(value), 4) for value in each] for each in values]


def script(data: Mapping[str, Any]) -> str:
    """JSON that may stand in an HTML script: names are of the user's own, and none of them may end it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=list)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
