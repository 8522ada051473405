"""Numbers for people: scalars, arrays, and what stands in their place while JAX traces."""

import dataclasses
from typing import Final

import numpy as np

from codesign.units import show

LISTED: Final = 6  # entries of an array that are told one by one
# by the last word of a name, as names that cross an interface carry their unit
_UNITS: Final = {
    "pj": "pJ",
    "ns": "ns",
    "um2": "um2",
    "mw": "mW",
    "mhz": "MHz",
    "kb": "KB",
    "nm": "nm",
    "ohm": "ohm",
    "bits": "bit",
    "v": "V",
    "s": "s",
}
_PREFIXES: Final = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def number(value: object, unit: str = "", digits: int = 4, listed: int = LISTED) -> str:
    """A value with its unit, whatever it is.

    Args:
        value: a number; an array of any shape, told by its range and shape; a traced array, told by its shape alone; text; None.
        unit: of the value, canonical where `codesign.units` knows it; "1" and "" are none.
        digits: significant digits.
        listed: entries of an array that are told one by one; of more the range.

    Returns:
        For example `128`, `4 bit (all 9)`, `4, 6, 8 bit`, `1 to 8 bit [9]`, `float32[9]`.
    """
    if value is None or isinstance(value, str | bool):
        return "none" if value is None else str(value)
    array = concrete(value)
    return _placeholder(value) if array is None else _array(array, unit, digits, listed)


def concrete(value: object) -> np.ndarray | None:
    """The numbers of an array, or None for what has none: a traced, deleted or merely described array, or anything else."""
    try:
        array = np.asarray(value)
        return array.astype(np.float64) if array.dtype.kind in "biuf" or array.dtype.name == "bfloat16" else None
    # each kind of placeholder refuses in its own way, and something that is only to be shown must not fail
    except Exception:
        return None


def unit_of(name: str) -> str:
    """The unit that a name ends with (`energy_pj`, `inferences_per_s`), or none."""
    return "per s" if name.endswith("_per_s") else _UNITS.get(name.rpartition("_")[2], "")


def count(value: float) -> str:
    """How many: `9216`, `1.2 M`."""
    for size, prefix in _PREFIXES:
        # up to five figures read well as they are
        if abs(value) >= max(size, 1e5):
            return f"{value / size:.3g} {prefix}"
    return f"{value:.6g}"


def shape(sizes: tuple[int, ...]) -> str:
    """Sizes of a map: `32 x 32 x 3`."""
    return " x ".join(str(size) for size in sizes) or "one number"


def _array(values: np.ndarray, unit: str, digits: int, listed: int) -> str:
    unit = "" if unit == "1" else unit
    if values.size == 0:
        return "none"
    if values.ndim == 0:
        return _told(values.item(), unit, digits)
    low, high = values.min().item(), values.max().item()
    if low == high:
        return f"{_told(low, unit, digits)} (all {'x'.join(map(str, values.shape))})"
    if values.ndim == 1 and values.size <= listed:
        *others, last = (_told(value, unit, digits) for value in values.tolist())
        # said once where all have the same one: a prefix may differ
        ending = "" if " " not in last else last[last.rindex(" ") :]
        same = bool(ending) and all(other.endswith(ending) for other in others)
        return ", ".join([*(other.removesuffix(ending) if same else other for other in others), last])
    return f"{between(low, high, unit, digits)} {list(values.shape)}"


def between(low: float, high: float, unit: str = "", digits: int = 4) -> str:
    """A range: `1 to 8 bit`."""
    unit = "" if unit == "1" else unit
    smallest, largest = _told(low, unit, digits), _told(high, unit, digits)
    ending = "" if " " not in largest else largest[largest.rindex(" ") :]
    return f"{smallest.removesuffix(ending) if ending else smallest} to {largest}"


def _told(value: float, unit: str, digits: int) -> str:
    # long times are told in whole seconds, pulses by their prefix
    return show(value * 1e9, "ns", digits) if unit == "s" and 0 < abs(value) < 0.1 else show(value, unit, digits)


def _placeholder(value: object) -> str:
    sizes, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if sizes is not None and dtype is not None:
        return f"{dtype}{list(sizes)}"
    # strategies and laws: known by their class and, where they have any, their numbers
    fields = dataclasses.fields(value) if dataclasses.is_dataclass(value) else ()
    inside = ", ".join(f"{field.name} {number(getattr(value, field.name), unit_of(field.name))}" for field in fields)
    return f"{type(value).__name__}({inside})" if inside else type(value).__name__
