"""Families by the name that configs and commands use."""

from typing import Any, Final

from codesign.hardware.boundary import Boundary
from codesign.hardware.crossbar.boundary import BOUNDARY as CROSSBAR
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.hardware.hybrid.boundary import BOUNDARY as HYBRID
from codesign.hardware.hybrid.chip import HybridChip
from codesign.hardware.manycore.boundary import BOUNDARY as MANYCORE
from codesign.hardware.manycore.manycore import ManyCore
from codesign.hardware.systolic.array import Systolic
from codesign.hardware.systolic.boundary import BOUNDARY as SYSTOLIC

REGISTRY: Final[dict[str, Any]] = {
    "crossbar": Crossbar,
    "hybrid": HybridChip,
    "manycore": ManyCore,
    "systolic": Systolic,
}

BOUNDARIES: Final[dict[str, Boundary]] = {"crossbar": CROSSBAR, "hybrid": HYBRID, "manycore": MANYCORE, "systolic": SYSTOLIC}
"""What each family says it charges; see `codesign.hardware.boundary`."""
