"""Published models by the name that commands use."""

from typing import Final

from codesign.published.horowitz import OperationCount
from codesign.published.lemaire import Lemaire
from codesign.published.loihi import Loihi
from codesign.published.ottati import OttatiDense, OttatiSparse
from codesign.published.sata.inference import SataInference
from codesign.published.sata.training import SataTraining
from codesign.published.spikesim.ela import SpikeSim
from codesign.published.timeloop.gemmini import Gemmini
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
"""Classes of models by name; each is made with its published parameters when none are given."""
