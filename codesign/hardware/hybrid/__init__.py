"""Several engines on one chip: what each costs for its share of the layers, and what crosses between them.

Families are unknown here: an engine is any hardware, whole or in part.
"""

from codesign.hardware.hybrid.boundary import BOUNDARY
from codesign.hardware.hybrid.chip import DEFAULTS, HybridChip

__all__ = ["BOUNDARY", "DEFAULTS", "HybridChip"]
