"""A first layer that is to learn locally: what it cannot be is told before anything is trained."""

import numpy as np

from codesign.data.dataset import Dataset
from codesign.network.network import SpikingNetwork
from search.problem.config import ConfigFile


def check_local(file: ConfigFile, shapes: SpikingNetwork, dataset: Dataset) -> None:
    """The first layer is dense, and what it receives can be spikes.

    Raises:
        UserError: it is not, with its place in the file.
    """
    first, where = shapes.geometries[0], ("network", "start", "kind")
    if first.kind != "dense":
        raise file.error(where, f"layer {first.name!r} is {first.kind}, and only a dense layer learns by spike timing (network.kind: mlp)")
    if len(shapes.geometries) < 2:
        raise file.error(where, "the only layer is that of the scores, which learn by labels (network.hidden: [64])")
    if np.min(dataset.train.inputs) < 0:
        raise file.error(where, f"{dataset.name} has signed samples, which are no spikes (kind: random)")
