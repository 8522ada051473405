"""Choices among things without an order."""

import dataclasses
import math

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.parameters.base import AbstractParameter


@dataclasses.dataclass(frozen=True)
class Categorical(AbstractParameter):
    """One of several things without an order, such as the engine a layer runs on; its values are their numbers 0, 1, ...

    A gradient search gives every option a latent of its own and mixes the options by `shares`; searches that treat a point as a list of
    numbers use the position among the options.

    Attributes:
        options: names.
        per_layer: one choice per layer.
    """

    options: tuple[str, ...]
    per_layer: bool = False

    def __post_init__(self) -> None:
        """Refuse fewer than two options or one named twice."""
        if len(self.options) < 2 or len(set(self.options)) < len(self.options):
            raise ValueError(f"options must be at least two different names, got {self.options}")

    def relax(self, z: ArrayLike) -> Array:
        """Position among the options."""
        return jnp.clip(jnp.asarray(z), 0, 1) * (len(self.options) - 1)

    def shares(self, z: Float[Array, "... options"], temperature: ArrayLike, noise: ArrayLike = 0.0) -> Float[Array, "... options"]:
        """Soft choice: `softmax((logits + noise) / temperature)`, logits of -4 to 4 for latents of 0 to 1.

        With Gumbel noise this is the concrete distribution (Maddison, Mnih and Teh, ICLR 2017). The noise fades below temperature 1, so
        that what is annealed is a choice and not a draw.
        """
        # latents of 0 and 1 differ by a factor of 5 at a temperature of 5, and by e^160 at 0.05
        logits = 8 * (jnp.clip(z, 0, 1) - 0.5)
        return jax.nn.softmax((logits + noise * jnp.minimum(temperature, 1)) / temperature, axis=-1)

    def latent(self, value: float) -> float:
        """Position among the options, from 0 to 1."""
        return min(max(float(value) / (len(self.options) - 1), 0.0), 1.0)

    def corners(self, value: float) -> tuple[float, ...]:
        """The options at the positions below and above."""
        # a position in float32 misses a whole number by a rounding: then it is one corner, not two
        value = round(min(max(float(value), 0.0), len(self.options) - 1.0), 5)
        return tuple(float(corner) for corner in sorted({math.floor(value), math.ceil(value)}))

    def neighbours(self, value: float) -> tuple[float, ...]:
        """All other options: without an order each is one step away."""
        return tuple(float(other) for other in range(len(self.options)) if other != value)

    def is_legal(self, value: float) -> bool:
        """The number of an option."""
        return value in range(len(self.options))
