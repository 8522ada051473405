"""Digital systolic arrays: dataflows in closed form, traffic between the memories, and what zeros save.

Counts and prices only. SATA's own model is in `codesign.published.sata`.
"""

from codesign.hardware.systolic.array import COMPONENTS, DATAFLOWS, DEFAULTS, ZEROS, Systolic
from codesign.hardware.systolic.boundary import BOUNDARY
from codesign.hardware.systolic.dataflow import AbstractDataflow, InputStationary, OutputStationary, SpikeTailored, WeightStationary
from codesign.hardware.systolic.mixed import MixedZeros
from codesign.hardware.systolic.zeros import AbstractZeros, Ungated, ZeroGating, ZeroSkipping

__all__ = [
    "BOUNDARY",
    "COMPONENTS",
    "DATAFLOWS",
    "DEFAULTS",
    "ZEROS",
    "AbstractDataflow",
    "AbstractZeros",
    "InputStationary",
    "MixedZeros",
    "OutputStationary",
    "SpikeTailored",
    "Systolic",
    "Ungated",
    "WeightStationary",
    "ZeroGating",
    "ZeroSkipping",
]
