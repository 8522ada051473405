"""Numbers of a list."""

import dataclasses
import math

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from codesign.numerics import held_between
from codesign.parameters.base import LARGEST, AbstractParameter


@dataclasses.dataclass(frozen=True)
class Choice(AbstractParameter):
    """One of several numbers in rising order (a grid such as columns per ADC: 1, 2, 4, 8, 16).

    Attributes:
        options: the numbers.
        per_layer: one choice per layer.
    """

    options: tuple[float, ...]
    per_layer: bool = False

    def __post_init__(self) -> None:
        """Refuse fewer than two options or an order that does not rise."""
        if not all(abs(option) <= LARGEST for option in self.options):
            raise ValueError(f"options must be finite and at most {LARGEST:g}, got {[str(option)[:24] for option in self.options[:8]]}")
        if len(self.options) < 2 or any(b <= a for a, b in zip(self.options, self.options[1:], strict=False)):
            raise ValueError(f"options must be at least two rising numbers, got {self.options}")

    def relax(self, z: ArrayLike) -> Array:
        """Linear interpolation between neighbouring options."""
        # equal stretches of the latent for every option, so that 1, 2, 4, 8 is walked as a logarithm would
        options = jnp.asarray(self.options, jnp.float32)
        between = jnp.interp(jnp.clip(jnp.asarray(z), 0, 1), jnp.linspace(0, 1, len(self.options)), options)
        return held_between(between, options[0], options[-1])

    def latent(self, value: float) -> float:
        """Position among the options."""
        value = min(max(float(value), self.options[0]), self.options[-1])
        above = next(i for i, option in enumerate(self.options) if option >= value)
        # no option lies below the first
        if above == 0:
            return 0.0
        low, high = self.options[above - 1], self.options[above]
        return (above - 1 + (value - low) / (high - low)) / (len(self.options) - 1)

    def corners(self, value: float) -> tuple[float, ...]:
        """The options below and above."""
        # rounded as in `Categorical.corners`
        position = round(self.latent(value) * (len(self.options) - 1), 6)
        return tuple(float(self.options[index]) for index in sorted({math.floor(position), math.ceil(position)}))

    def neighbours(self, value: float) -> tuple[float, ...]:
        """The options beside the value."""
        index = self.options.index(value)
        return tuple(float(self.options[other]) for other in (index - 1, index + 1) if 0 <= other < len(self.options))

    def is_legal(self, value: float) -> bool:
        """One of the options."""
        return value in self.options
