"""Real numbers, hardened to a grid."""

import dataclasses
import math

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from codesign.numerics import held_between
from codesign.parameters.base import AbstractParameter, check_bounds


@dataclasses.dataclass(frozen=True)
class Continuous(AbstractParameter):
    """A real number; hardened to a grid, since no chip is specified to seven digits.

    Attributes:
        low, high: smallest and largest value.
        log: whether the latent is linear in the logarithm.
        per_layer: one number per layer.
        steps: intervals of the grid.
    """

    low: float
    high: float
    log: bool = False
    per_layer: bool = False
    steps: int = 32

    def __post_init__(self) -> None:
        """Refuse bounds that are reversed or not finite."""
        check_bounds(self.low, self.high, self.log)

    def relax(self, z: ArrayLike) -> Array:
        """Linear or geometric interpolation between the bounds."""
        z = jnp.clip(jnp.asarray(z), 0, 1)
        between = self.low * jnp.exp(z * math.log(self.high / self.low)) if self.log else self.low + z * (self.high - self.low)
        # the exponential of a logarithm is a rounding beyond a bound
        return held_between(between, self.low, self.high)

    def latent(self, value: float) -> float:
        """Normalised position between the bounds."""
        value = min(max(float(value), self.low), self.high)
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def _grid(self, index: int) -> float:
        z = index / self.steps
        value = self.low * (self.high / self.low) ** z if self.log else self.low + z * (self.high - self.low)
        # short enough to be printed whole, so that tables and configs carry the very value
        return min(max(float(f"{value:.4g}"), self.low), self.high)

    def corners(self, value: float) -> tuple[float, ...]:
        """Grid points around the value."""
        position = self.latent(value) * self.steps
        # a legal value is off its place by the four digits of the grid
        if self.is_legal(value):
            return (self._grid(round(position)),)
        # rounded as in `Categorical.corners`
        position = round(position, 6)
        return tuple(self._grid(index) for index in sorted({math.floor(position), math.ceil(position)}))

    def neighbours(self, value: float) -> tuple[float, ...]:
        """Grid points beside the value."""
        index = round(self.latent(value) * self.steps)
        return tuple(self._grid(other) for other in (index - 1, index + 1) if 0 <= other <= self.steps)

    def is_legal(self, value: float) -> bool:
        """On the grid, to the four digits that the grid is rounded to."""
        # absolute for grids that contain zero
        return math.isclose(self._grid(round(self.latent(value) * self.steps)), value, rel_tol=1e-3, abs_tol=1e-9)
