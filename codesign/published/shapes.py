"""Views of a workload that published models need: which layers hold weights, and the map size after pooling."""

import numpy as np
from numpy.typing import NDArray

from codesign.workloads.workload import Workload


def weighted(workload: Workload) -> NDArray[np.float64]:
    """1 for layers with stored weights, 0 for the others: `[layers]`."""
    return np.asarray([float(layer.has_weights) for layer in workload])


def pooled_positions(workload: Workload) -> NDArray[np.float64]:
    """Output pixels of each layer after the pooling layers that follow it directly: `[layers]`."""
    positions: list[float] = []
    after: int | None = None
    # backwards: what follows is known before the layer itself
    for layer in reversed(tuple(workload)):
        positions.append(float(after if after is not None else layer.positions))
        after = (after if after is not None else layer.positions) if layer.kind == "pool" else None
    return np.asarray(positions[::-1])


def rank_among_weighted(workload: Workload) -> NDArray[np.int64]:
    """Position of each layer among those with weights, counted from 0; layers without weights share that of the next: `[layers]`."""
    mask = weighted(workload).astype(np.int64)
    return np.cumsum(mask) - mask
