"""Whole numbers."""

import dataclasses
import math

from jax.typing import ArrayLike
from jaxtyping import Array

from codesign.parameters.base import AbstractParameter, check_bounds
from codesign.parameters.continuous import Continuous


@dataclasses.dataclass(frozen=True)
class Integer(AbstractParameter):
    """A whole number.

    Attributes:
        low, high: smallest and largest value.
        log: whether the latent is linear in the logarithm.
        per_layer: one number per layer.
    """

    low: int
    high: int
    log: bool = False
    per_layer: bool = False

    def __post_init__(self) -> None:
        """Refuse bounds that are reversed or not whole."""
        check_bounds(self.low, self.high, self.log)
        if self.low != int(self.low) or self.high != int(self.high):
            raise ValueError(f"integer bounds must be whole, got low={self.low}, high={self.high}")

    def _range(self) -> Continuous:
        # its scale; its grid is not used
        return Continuous(float(self.low), float(self.high), self.log)

    def relax(self, z: ArrayLike) -> Array:
        """Linear or geometric interpolation between the bounds."""
        return self._range().relax(z)

    def latent(self, value: float) -> float:
        """Normalised position between the bounds."""
        return self._range().latent(value)

    def corners(self, value: float) -> tuple[float, ...]:
        """Floor and ceiling, inside the bounds."""
        # rounded as in `Categorical.corners`
        value = round(min(max(float(value), self.low), self.high), 5)
        return tuple(float(corner) for corner in sorted({math.floor(value), math.ceil(value)}))

    def neighbours(self, value: float) -> tuple[float, ...]:
        """One less and one more."""
        return tuple(float(other) for other in (value - 1, value + 1) if self.low <= other <= self.high)

    def is_legal(self, value: float) -> bool:
        """Whole and inside the bounds."""
        return value == round(value) and self.low <= value <= self.high
