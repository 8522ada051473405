"""Switches."""

import dataclasses

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from codesign.parameters.base import AbstractParameter


@dataclasses.dataclass(frozen=True)
class Gate(AbstractParameter):
    """A switch: 0 or 1, anything between while relaxed.

    Attributes:
        per_layer: one switch per layer.
    """

    per_layer: bool = True

    def relax(self, z: ArrayLike) -> Array:
        """The latent itself."""
        return jnp.clip(jnp.asarray(z), 0, 1)

    def soften(self, z: ArrayLike, temperature: ArrayLike) -> Array:
        """`z**(1/t) / (z**(1/t) + (1 - z)**(1/t))`, nearer to 0 or 1 the lower the temperature t; the latent itself from 1 upwards."""
        z = jnp.clip(jnp.asarray(z), 0, 1)
        # the logit is infinite at 0 and 1, and its gradient NaN even where it is not chosen
        inside = (z > 0) & (z < 1)
        middle = jnp.where(inside, z, 0.5)
        curve = jax.nn.sigmoid((jnp.log(middle) - jnp.log1p(-middle)) / jnp.minimum(temperature, 1))
        return jnp.where(inside, curve, z)

    def latent(self, value: float) -> float:
        """The value itself."""
        return min(max(float(value), 0.0), 1.0)

    def corners(self, value: float) -> tuple[float, ...]:
        """Off, on, or both."""
        # rounded as in `Categorical.corners`
        value = round(self.latent(value), 5)
        return (value,) if value in (0.0, 1.0) else (0.0, 1.0)

    def neighbours(self, value: float) -> tuple[float, ...]:
        """The other position."""
        return (1.0 - value,)

    def is_legal(self, value: float) -> bool:
        """Off or on."""
        return value in (0, 1)
