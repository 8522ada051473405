"""Families by the name that configs and commands use."""

from collections.abc import Mapping
from typing import Any, Final

from codesign.hardware.boundary import Boundary
from codesign.hardware.crossbar.boundary import BOUNDARY as CROSSBAR
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.hardware.crossbar.ranges import GIVEN as CROSSBAR_GIVEN
from codesign.hardware.crossbar.ranges import RANGES as CROSSBAR_RANGES
from codesign.hardware.hybrid.boundary import BOUNDARY as HYBRID
from codesign.hardware.hybrid.chip import HybridChip
from codesign.hardware.hybrid.ranges import RANGES as HYBRID_RANGES
from codesign.hardware.manycore.boundary import BOUNDARY as MANYCORE
from codesign.hardware.manycore.manycore import ManyCore
from codesign.hardware.manycore.ranges import RANGES as MANYCORE_RANGES
from codesign.hardware.systolic.array import Systolic
from codesign.hardware.systolic.boundary import BOUNDARY as SYSTOLIC
from codesign.hardware.systolic.ranges import RANGES as SYSTOLIC_RANGES
from codesign.parameters.legal import LegalNames, LegalRange

REGISTRY: Final[dict[str, Any]] = {
    "crossbar": Crossbar,
    "hybrid": HybridChip,
    "manycore": ManyCore,
    "systolic": Systolic,
}
"""Classes of chips by name; each has `of(**parameters)`."""

BOUNDARIES: Final[dict[str, Boundary]] = {"crossbar": CROSSBAR, "hybrid": HYBRID, "manycore": MANYCORE, "systolic": SYSTOLIC}
"""What each family says it charges; see `codesign.hardware.boundary`."""

RANGES: Final[dict[str, Mapping[str, LegalRange]]] = {
    "crossbar": {**CROSSBAR_RANGES, **CROSSBAR_GIVEN},
    "hybrid": HYBRID_RANGES,
    "manycore": MANYCORE_RANGES,
    "systolic": SYSTOLIC_RANGES,
}
"""Legal values of each family's parameters, a hybrid's without those of its engines; `AbstractHardware.ranges` tells them of a chip."""

OPTIONS: Final[dict[str, Mapping[str, LegalNames]]] = {name: family.named for name, family in REGISTRY.items()}
"""What each family chooses by name, a hybrid's without what its engines do."""
