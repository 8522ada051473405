"""How signed weights become non-negative conductances on columns."""

import abc
import dataclasses
from typing import Final

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

# digits of a weight that are told apart; more would need over 16 bits in cells of one
_MOST_SLICES: Final = 16


def mean_fill(magnitude: ArrayLike, slices: ArrayLike, cell_bits: ArrayLike) -> Float[Array, "..."]:
    """Mean digit of a bit-sliced number as a share of the largest digit.

    A number that takes one digit has its mean size. Of several, the lowest digit follows the size until it has been through its period,
    and is evenly spread (one half) from there on. A higher one is what is left when all below is cut off: with sizes spread like an
    exponential of mean a, in its own units, `1 / (exp(1 / a) - 1)`, again one half at most.

    Args:
        magnitude: mean size of the numbers as a share of the largest one.
        slices: digits of a number; a real number while relaxed.
        cell_bits: bits of a digit.
    """
    slices = jnp.maximum(jnp.asarray(slices), 1)
    size, base = jnp.asarray(magnitude) * jnp.ones_like(slices), 2.0 ** jnp.asarray(cell_bits)
    # fades from one digit to several: slices are a real number while relaxed
    sliced = jnp.clip(slices - 1, 0, 1)
    lowest = size + sliced * (jnp.minimum(0.5, size * base ** (slices - 1)) - size)
    # one digit after another, fused into one pass: summed along an axis they would take longer than the rest of a cost model
    total, mean = lowest, size
    for place in range(_MOST_SLICES - 1):
        # from the base up a digit is evenly spread; its mean must not leave float32's range on the way
        mean = jnp.minimum(mean * base, base)
        # below 2e-2 a digit is nothing (exp(-50)), and exp(1 / mean) would soon leave the range too
        digit = jnp.minimum(0.5, 1 / ((jnp.exp(1 / jnp.maximum(mean, 2e-2)) - 1) * (base - 1)))
        total = total + jnp.clip(slices - 1 - place, 0, 1) * digit
    return total / slices


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
    def mean_conductance(self, low: ArrayLike, high: ArrayLike, density: ArrayLike, fill: ArrayLike) -> Float[Array, "..."]:
        """Mean conductance of a used cell [S].

        Args:
            low: smallest conductance of a cell [S].
            high: largest conductance of a cell [S].
            density: non-zero share of the weights.
            fill: mean digit of a non-zero weight as a share of the largest digit (`mean_fill`).
        """


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
        # any positive share of a bit would do: the ceiling that follows makes one slice of it
        return jnp.maximum(jnp.asarray(weight_bits) - 1, 0.25 * jnp.asarray(weight_bits))

    def mean_conductance(self, low: ArrayLike, high: ArrayLike, density: ArrayLike, fill: ArrayLike) -> Float[Array, "..."]:
        """One cell of a pair at the lowest level, the other at its digit where the weight is not zero."""
        return jnp.asarray(low) + 0.5 * jnp.asarray(density) * jnp.asarray(fill) * (jnp.asarray(high) - low)


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

    def mean_conductance(self, low: ArrayLike, high: ArrayLike, density: ArrayLike, fill: ArrayLike) -> Float[Array, "..."]:
        """Zero sits at mid range, so sparsity saves nothing."""
        # no `fill`: weights of both signs alike have their mean at mid range, whatever their size
        return (jnp.asarray(low) + 0.5 * (jnp.asarray(high) - low)) * jnp.ones_like(jnp.asarray(density))
