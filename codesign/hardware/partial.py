"""Chips that can hold a part of a network, so that several of them can share it."""

import abc

from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.cost import Cost
from codesign.hardware.base import AbstractHardware
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload


class AbstractPartialHardware(AbstractHardware):
    """Hardware whose area and leakage depend on which layers it holds."""

    @abc.abstractmethod
    def partial_cost(self, workload: Workload, technology: Technology, share: Float[Array, " layers"], hardness: ArrayLike = 1.0) -> Cost:
        """Cost when only a `share` in [0, 1] of each layer is placed here.

        Area and leakage power follow the share. A layer's energy is that of running it here in full (the caller weighs it), and
        layers without a share neither set the pace nor need an array, a core or a buffer.
        """
