"""Event-driven many-cores: neurons placed on cores, spikes as messages between them, with or without a barrier.

Counts and prices only. The literature's own Loihi model is in `codesign.published`.
"""

from codesign.hardware.manycore.boundary import BOUNDARY
from codesign.hardware.manycore.manycore import COMPONENTS, DEFAULTS, SYNAPSES, ManyCore
from codesign.hardware.manycore.placement import AbstractPlacement, GivenHops, SnakePlacement
from codesign.hardware.manycore.synapses import AbstractSynapses, DenseSynapses, SparseSynapses

__all__ = [
    "BOUNDARY",
    "COMPONENTS",
    "DEFAULTS",
    "SYNAPSES",
    "AbstractPlacement",
    "AbstractSynapses",
    "DenseSynapses",
    "GivenHops",
    "ManyCore",
    "SnakePlacement",
    "SparseSynapses",
]
