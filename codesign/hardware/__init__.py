"""Hardware families: chips whose parameters are optimised."""

from typing import Any

from codesign.hardware.base import AbstractHardware
from codesign.hardware.crossbar import Crossbar
from codesign.hardware.hybrid import HybridChip
from codesign.hardware.manycore import ManyCore
from codesign.hardware.systolic import Systolic

REGISTRY: dict[str, Any] = {
    "crossbar": Crossbar,
    "hybrid": HybridChip,
    "manycore": ManyCore,
    "systolic": Systolic,
}
"""Families by the name that configs and commands use."""

__all__ = ["REGISTRY", "AbstractHardware", "Crossbar", "HybridChip", "ManyCore", "Systolic"]
