"""Prices: sourced constants, read from TOML files, composed of parts and scaled between nodes; on-chip memory from CACTI's table.

The one source of everything that a family charges. Nothing here counts anything.
"""

from codesign.technology.catalogue import available, combine, compose, load, read
from codesign.technology.files import TechnologyError
from codesign.technology.quantity import Quantity
from codesign.technology.scaling import area_factor, check_node, wire_factor
from codesign.technology.technology import BasisError, Parts, Technology
from codesign.technology.uncertainty import draws, elasticities

__all__ = [
    "BasisError",
    "Parts",
    "Quantity",
    "Technology",
    "TechnologyError",
    "area_factor",
    "available",
    "check_node",
    "combine",
    "compose",
    "draws",
    "elasticities",
    "load",
    "read",
    "wire_factor",
]
