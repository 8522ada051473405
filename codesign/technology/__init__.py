"""Prices: sourced constants, read from TOML files and scaled between nodes.

The one source of every constant that a family charges. Nothing here counts anything.
"""

from codesign.technology.scaling import area_factor, check_node, wire_factor
from codesign.technology.technology import Quantity, Technology, TechnologyError, available, load, read

__all__ = ["Quantity", "Technology", "TechnologyError", "area_factor", "available", "check_node", "load", "read", "wire_factor"]
