"""The literature's own cost models, reproduced exactly, known defects included.

`REGISTRY` names them: every class costs any workload it supports with its default parameters. Their joules do not compare with each
other; ratios under one model do.
"""

from typing import Final

from codesign.published.gemmini import Gemmini
from codesign.published.horowitz import OperationCount
from codesign.published.lemaire import Lemaire
from codesign.published.loihi import Loihi
from codesign.published.ottati import OttatiDense, OttatiSparse
from codesign.published.sata_inference import SataInference
from codesign.published.sata_training import SataTraining
from codesign.published.spikesim import SpikeSim
from codesign.published.yan import YanTwin

REGISTRY: Final[dict[str, type]] = {
    "operations": OperationCount,
    "spikesim": SpikeSim,
    "sata_inference": SataInference,
    "sata_training": SataTraining,
    "lemaire": Lemaire,
    "ottati_dense": OttatiDense,
    "ottati_sparse": OttatiSparse,
    "yan": YanTwin,
    "loihi": Loihi,
    "timeloop": Gemmini,
}
