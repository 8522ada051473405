"""Analog in-memory arrays as chips: how layers map onto arrays, what the arrays do, and what that costs.

Counts and prices only; what comes out of an analog product is computed in `codesign.analog`.
"""

from codesign.hardware.crossbar.boundary import BOUNDARY
from codesign.hardware.crossbar.crossbar import COMPONENTS, DEFAULTS, ENCODINGS, INTERCONNECTS, Crossbar
from codesign.hardware.crossbar.mapping import Mapping, map_layers

__all__ = ["BOUNDARY", "COMPONENTS", "DEFAULTS", "ENCODINGS", "INTERCONNECTS", "Crossbar", "Mapping", "map_layers"]
