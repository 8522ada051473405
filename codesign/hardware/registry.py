"""Families by the name that configs and commands use."""

from typing import Any, Final

from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.hardware.hybrid.chip import HybridChip
from codesign.hardware.manycore.manycore import ManyCore
from codesign.hardware.systolic.array import Systolic

REGISTRY: Final[dict[str, Any]] = {
    "crossbar": Crossbar,
    "hybrid": HybridChip,
    "manycore": ManyCore,
    "systolic": Systolic,
}
