"""Hardware families: chips whose parameters are optimised.

A family counts actions of a `Workload` and prices them by a `Technology`. Networks are unknown here, and so are the literature's
own models (`codesign.published`).
"""

from codesign.hardware import crossbar, hybrid, manycore, parts, systolic
from codesign.hardware.base import AbstractHardware, UnsupportedLayerError
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.hardware.hybrid.chip import HybridChip
from codesign.hardware.manycore.manycore import ManyCore
from codesign.hardware.registry import REGISTRY
from codesign.hardware.systolic.array import Systolic

__all__ = [
    "REGISTRY",
    "AbstractHardware",
    "Crossbar",
    "HybridChip",
    "ManyCore",
    "Systolic",
    "UnsupportedLayerError",
    "crossbar",
    "hybrid",
    "manycore",
    "parts",
    "systolic",
]
