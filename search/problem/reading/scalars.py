"""What a plain word of YAML means, as the core schema of YAML 1.2.2 (section 10.3.2) says: `no` is a word and 1e-3 a number."""

import math
import re
from typing import Final

from search.problem.reading.nodes import Scalar

_WORDS: Final[dict[str, Scalar]] = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NOTHING: Final = ("", "~", "null", "Null", "NULL")
_WHOLE: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_REAL: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
LARGEST: Final = 2**63  # of what other tools, and arrays, hold as a whole number


def scalar(text: str) -> Scalar:
    """The value of a word without quotes.

    Raises:
        ValueError: a number that is not finite, or beyond 64 bits.
    """
    if text in _NOTHING:
        return None
    if text in _WORDS:
        return _WORDS[text]
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"must be finite, got {text}")
    if _WHOLE.fullmatch(text):
        return _whole(text)
    if _REAL.fullmatch(text):
        value = float(text)
        if not math.isfinite(value):
            raise ValueError(f"must be finite, got {_short(text)}")
        return value
    return text


def _whole(text: str) -> int:
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    # by length first: Python refuses to convert thousands of digits
    value = int(text, base) if len(text) <= 66 else LARGEST  # 64 octal digits
    if not -LARGEST <= value < LARGEST:
        raise ValueError(f"must be a whole number of at most 64 bits, got {_short(text)}")
    return value


def _short(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:20]}... ({len(text)} characters)"
