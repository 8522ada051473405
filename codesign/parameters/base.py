"""What every design parameter does.

A latent is the normalised position between the bounds, on a logarithmic scale for sizes and noise. Searches move latents and
project them back into [0, 1]: bounds are reached exactly and gradients do not fade near them, as they would through a sigmoid. Exactly
at a bound, where a clip ties, half of it passes: enough to leave the bound by.
"""

import abc
import dataclasses
from typing import Final

from jax.typing import ArrayLike
from jaxtyping import Array


@dataclasses.dataclass(frozen=True)
class AbstractParameter(abc.ABC):
    """One design parameter; `per_layer` gives it one value per layer that has weights."""

    @abc.abstractmethod
    def relax(self, z: ArrayLike) -> Array:
        """Value at latent `z` (any shape), differentiable; `z` is clipped to [0, 1]."""

    @abc.abstractmethod
    def latent(self, value: float) -> float:
        """Latent of a value, clipped to [0, 1]."""

    @abc.abstractmethod
    def corners(self, value: float) -> tuple[float, ...]:
        """The legal values next to `value`: one where it is legal already or beyond a bound, to rounding, else the ones below and above."""

    @abc.abstractmethod
    def neighbours(self, value: float) -> tuple[float, ...]:
        """Legal values one step away from a legal `value`."""

    @abc.abstractmethod
    def is_legal(self, value: float) -> bool:
        """Whether a hardened design may have this value."""

    def harden(self, value: float) -> float:
        """The nearest legal value, measured in the latent."""
        target = self.latent(value)
        # a tie goes to the corner named first, the lower one
        return min(self.corners(value), key=lambda corner: abs(self.latent(corner) - target))


LARGEST: Final = 1e18
"""Of any value: computed in float32, whose largest is 3e38, and squared here and there."""


def check_bounds(low: float, high: float, log: bool) -> None:
    """Raises ValueError for bounds that are reversed, not finite, or not positive where the scale is logarithmic."""
    # asked the positive way round: a NaN fails every comparison, and whole numbers may be too long for a float
    if not all(abs(bound) <= LARGEST for bound in (low, high)):
        raise ValueError(f"bounds must be finite and at most {LARGEST:g}, got low={str(low)[:24]}, high={str(high)[:24]}")
    if low >= high:
        raise ValueError(f"low must be below high, got low={low}, high={high}")
    if log and low <= 0:
        raise ValueError(f"a logarithmic parameter needs low above 0, got {low}")
