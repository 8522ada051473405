"""Checks that a hardware model or an objective, yours or a shipped one, can run on itself: conformance, and prices for every wish.

Each raises an AssertionError that names what is broken and needs no test framework. No chip, no objective and no test lives here.
"""

from codesign.testing.hardware import check_cost, check_gradients, check_hardware
from codesign.testing.lunch import check_no_free_lunch, free_lunches, moves_to_bounds
from codesign.testing.move import Move
from codesign.testing.objective import check_objective

__all__ = [
    "Move",
    "check_cost",
    "check_gradients",
    "check_hardware",
    "check_no_free_lunch",
    "check_objective",
    "free_lunches",
    "moves_to_bounds",
]
