"""Normalisation that is part of the weights, so that nothing of it is left on the chip."""

import abc
import dataclasses
from typing import Final

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float


class AbstractNorm(abc.ABC):
    """What becomes of a kernel before it is quantised and programmed."""

    @abc.abstractmethod
    def weights(self, kernel: Float[Array, "fan_in outputs"], spread: float) -> Float[Array, "fan_in outputs"]:
        """The kernel's weights; `spread` is the standard deviation it was drawn with."""

    @abc.abstractmethod
    def bias(self, outputs: int) -> nnx.Param | None:
        """A learned current per output, or None."""


@dataclasses.dataclass(frozen=True)
class Unnormalised(AbstractNorm):
    """The kernel itself, no bias."""

    def weights(self, kernel: Float[Array, "fan_in outputs"], spread: float) -> Float[Array, "fan_in outputs"]:
        """The kernel."""
        return kernel

    def bias(self, outputs: int) -> None:
        """None."""
        return None


@dataclasses.dataclass(frozen=True)
class Standardised(AbstractNorm):
    """Each output's weights have mean 0 and a fixed spread; factor and bias of each output are learned (Qiao et al. 2019).

    Batch normalisation's smoothing without its statistics: training, hardening and the chip see the same function.
    """

    def weights(self, kernel: Float[Array, "fan_in outputs"], spread: float) -> Float[Array, "fan_in outputs"]:
        """The standardised kernel; a fan-in of 1 has no spread and keeps its weight."""
        if kernel.shape[0] == 1:
            return kernel
        centred = kernel - jnp.mean(kernel, axis=0)
        # small against any spread in use; it keeps a column of equal weights from 0 / 0
        return spread * centred / jnp.sqrt(jnp.mean(centred**2, axis=0) + (1e-3 * spread) ** 2)

    def bias(self, outputs: int) -> nnx.Param:
        """0 at first."""
        return nnx.Param(jnp.zeros(outputs, jnp.float32))


PLAIN: Final = Unnormalised()
NORMS: Final[dict[str, AbstractNorm]] = {"none": PLAIN, "standardised": Standardised()}
"""How currents are normalised, by name."""
