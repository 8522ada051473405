"""Canonical units inside the library and their form for people.

Inside: energy pJ, time ns, area um2, power mW (1 pJ/ns = 1 mW exactly), frequency MHz, conductance S, resistance ohm, temperature K.
In these units the values of real chips stay within float32's comfortable range; joules do not (0.2 fJ underflows).
"""

import math
from typing import Final

CANONICAL: Final = {"energy": "pJ", "latency": "ns", "area": "um2", "power": "mW", "edp": "pJ*ns"}

# canonical unit -> (SI symbol for display, exponent of ten that takes the value to the SI unit)
_DISPLAY: Final = {
    "pJ": ("J", -12),
    "ns": ("s", -9),
    "mW": ("W", -3),
    "pJ*ns": ("J*s", -21),
    "MHz": ("Hz", 6),
    "S": ("S", 0),
    "V": ("V", 0),
    "ohm": ("ohm", 0),
}
_PREFIXES: Final = {-24: "y", -21: "z", -18: "a", -15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}


def show(value: float, unit: str, digits: int = 3) -> str:
    """A value in a canonical unit, for people.

    Args:
        value: the number, in `unit`.
        unit: a canonical unit (`pJ`, `ns`, `um2`, `mW`, ...); any other unit is printed as it is.
        digits: significant digits.

    Returns:
        For example `show(1.2e6, "pJ") == "1.2 µJ"` and `show(3.4e6, "um2") == "3.4 mm²"`.
    """
    value = float(value)
    # squares of units scale with the square of their prefix; whole square micrometres read well up to a hundredth of 1 mm2
    if unit == "um2":
        return f"{value / 1e6:.{digits}g} mm²" if abs(value) >= 1e4 else f"{float(f'{value:.{digits}g}'):g} µm²"
    if unit not in _DISPLAY or value == 0 or not math.isfinite(value):
        return f"{value:.{digits}g} {unit}".rstrip()
    symbol, exponent = _DISPLAY[unit]
    # rounded first: rounding may carry into the next power of ten
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    total = int(power) + exponent
    # beyond the last prefix the number grows instead
    prefix = min(max(total // 3 * 3, min(_PREFIXES)), max(_PREFIXES))
    return f"{float(mantissa) * 10 ** (total - prefix):.{digits}g} {_PREFIXES[prefix]}{symbol}"


def duration(seconds: float) -> str:
    """A time that people wait, in whole seconds: `7s`, `1m 20s`, `2h 01m`."""
    whole = int(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours:
        return f"{hours}h {minutes:02d}m"
    return f"{minutes}m {whole % 60:02d}s" if minutes else f"{whole}s"
