"""The literature's own cost models, reproduced exactly, known defects included.

`REGISTRY` names them: every class costs any workload it supports with its default parameters. Their joules do not compare with each
other; ratios under one model do. Nothing is searched over them, and our own families share no constant with them.
"""

from codesign.published.horowitz import OperationCount
from codesign.published.lemaire import Lemaire
from codesign.published.loihi import Loihi
from codesign.published.ottati import OttatiDense, OttatiSparse
from codesign.published.registry import REGISTRY
from codesign.published.sata.inference import SataInference
from codesign.published.sata.training import SataTraining
from codesign.published.spikesim.ela import SpikeSim
from codesign.published.timeloop.gemmini import Gemmini
from codesign.published.yan import YanTwin

__all__ = [
    "REGISTRY",
    "Gemmini",
    "Lemaire",
    "Loihi",
    "OperationCount",
    "OttatiDense",
    "OttatiSparse",
    "SataInference",
    "SataTraining",
    "SpikeSim",
    "YanTwin",
]
