"""How signed weights become non-negative conductances on columns."""

import abc
import dataclasses

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float


@dataclasses.dataclass(frozen=True)
class AbstractColumns(abc.ABC):
    """A weight encoding; frozen and hashable, so that it is a static option of a chip."""

    @property
    @abc.abstractmethod
    def columns_per_slice(self) -> int:
        """Columns that hold one bit slice of one output."""

    @property
    @abc.abstractmethod
    def conversions_per_column(self) -> float:
        """Conversions per column and read."""

    @abc.abstractmethod
    def stored_bits(self, weight_bits: ArrayLike) -> Float[Array, "..."]:
        """Bits of a weight that go into the cells of one polarity."""

    @abc.abstractmethod
    def mean_conductance(self, low: ArrayLike, high: ArrayLike, density: ArrayLike) -> Float[Array, "..."]:
        """Mean conductance of a used cell [S] for weights of which `density` are non-zero and uniform over the levels."""


@dataclasses.dataclass(frozen=True)
class DifferentialColumns(AbstractColumns):
    """Magnitude on the positive or the negative column of a pair; the pair's currents are subtracted before one conversion."""

    @property
    def columns_per_slice(self) -> int:
        """A pair."""
        return 2

    @property
    def conversions_per_column(self) -> float:
        """One per pair."""
        return 0.5

    def stored_bits(self, weight_bits: ArrayLike) -> Float[Array, "..."]:
        """All but the sign; a binary weight still takes one."""
        return jnp.maximum(jnp.asarray(weight_bits) - 1, 0.25 * jnp.asarray(weight_bits))

    def mean_conductance(self, low: ArrayLike, high: ArrayLike, density: ArrayLike) -> Float[Array, "..."]:
        """One cell of a pair at the lowest level, the other at half range where the weight is not zero."""
        return jnp.asarray(low) + 0.25 * jnp.asarray(density) * (jnp.asarray(high) - low)


@dataclasses.dataclass(frozen=True)
class OffsetColumns(AbstractColumns):
    """Weights shifted to non-negative values; the shift times the number of events is subtracted digitally."""

    @property
    def columns_per_slice(self) -> int:
        """One."""
        return 1

    @property
    def conversions_per_column(self) -> float:
        """One."""
        return 1.0

    def stored_bits(self, weight_bits: ArrayLike) -> Float[Array, "..."]:
        """All bits."""
        return jnp.asarray(weight_bits)

    def mean_conductance(self, low: ArrayLike, high: ArrayLike, density: ArrayLike) -> Float[Array, "..."]:
        """Zero sits at mid range, so sparsity saves nothing."""
        return (jnp.asarray(low) + 0.5 * (jnp.asarray(high) - low)) * jnp.ones_like(jnp.asarray(density))
