"""Event-driven many-cores: neurons placed on cores, spikes as messages between them, with or without a barrier.

Counts and prices only. The literature's own Loihi model is in `codesign.published`.
"""

from codesign.hardware.manycore.boundary import BOUNDARY
from codesign.hardware.manycore.manycore import COMPONENTS, DEFAULTS, SYNAPSES, ManyCore
from codesign.hardware.manycore.placement import AbstractPlacement, GivenHops, SnakePlacement
from codesign.hardware.manycore.synapses import AbstractSynapses, DenseSynapses, SparseSynapses
from codesign.hardware.manycore.synchronisation import SYNCHRONISATIONS, AbstractSynchronisation, Asynchronous, Barrier
from codesign.hardware.manycore.updates import UPDATES, AbstractUpdates, EveryStep, OnEvents

__all__ = [
    "BOUNDARY",
    "COMPONENTS",
    "DEFAULTS",
    "SYNAPSES",
    "SYNCHRONISATIONS",
    "UPDATES",
    "AbstractPlacement",
    "AbstractSynapses",
    "AbstractSynchronisation",
    "AbstractUpdates",
    "Asynchronous",
    "Barrier",
    "DenseSynapses",
    "EveryStep",
    "GivenHops",
    "ManyCore",
    "OnEvents",
    "SnakePlacement",
    "SparseSynapses",
]
