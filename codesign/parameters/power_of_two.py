"""Powers of two, for sizes that are decoded by address bits."""

import dataclasses
import math

from jax.typing import ArrayLike
from jaxtyping import Array

from codesign.parameters.base import AbstractParameter, check_bounds
from codesign.parameters.continuous import Continuous


@dataclasses.dataclass(frozen=True)
class PowerOfTwo(AbstractParameter):
    """A power of two; relaxed on a logarithmic scale.

    Attributes:
        low, high: smallest and largest value, powers of two themselves.
        per_layer: one number per layer.
    """

    low: int
    high: int
    per_layer: bool = False

    def __post_init__(self) -> None:
        """Refuse bounds that are reversed or no powers of two."""
        check_bounds(self.low, self.high, log=True)
        for name, bound in (("low", self.low), ("high", self.high)):
            # a power of two shares no bit with the number below it
            if bound != int(bound) or int(bound) & (int(bound) - 1):
                raise ValueError(f"{name} must be a power of two, got {bound}")

    def relax(self, z: ArrayLike) -> Array:
        """Geometric interpolation between the bounds."""
        return Continuous(float(self.low), float(self.high), log=True).relax(z)

    def latent(self, value: float) -> float:
        """Normalised position between the bounds, on a logarithmic scale."""
        return Continuous(float(self.low), float(self.high), log=True).latent(value)

    def corners(self, value: float) -> tuple[float, ...]:
        """The powers of two below and above."""
        # rounded as in `Categorical.corners`
        exponent = round(math.log2(min(max(float(value), self.low), self.high)), 5)
        return tuple(2.0**corner for corner in sorted({math.floor(exponent), math.ceil(exponent)}))

    def neighbours(self, value: float) -> tuple[float, ...]:
        """Half and double."""
        return tuple(other for other in (value / 2, value * 2) if self.low <= other <= self.high)

    def is_legal(self, value: float) -> bool:
        """A power of two inside the bounds."""
        return self.low <= value <= self.high and value == int(value) and int(value) & (int(value) - 1) == 0
