"""How signed weights become non-negative conductances on columns."""

import abc
import dataclasses
from collections.abc import Iterator
from typing import Final

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.numerics import TINY

# digits of a weight that are told apart; more would need over 16 bits in cells of one
_MOST_SLICES: Final = 16
# mean of a digit that is spread evenly
_EVEN: Final = 0.5


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
    lowest = size + sliced * (jnp.minimum(_EVEN, size * base ** (slices - 1)) - size)
    return (lowest + _higher_digits(size, slices, base)) / slices


# a rule: the transpose of the loop would keep a dozen arrays a digit, and took a third of a crossbar's gradient
@jax.custom_jvp
def _higher_digits(size: Array, slices: Array, base: Array) -> Array:
    """Sum of all mean digits but the lowest."""
    # one digit after another, fused into one pass: summed along an axis they would take longer than the rest of a cost model
    return sum((counted * digit for counted, digit, _ in _digits(size, slices, base)), jnp.zeros_like(slices))


@_higher_digits.defjvp
def _higher_digits_jvp(primals: tuple[Array, Array, Array], tangents: tuple[Array, Array, Array]) -> tuple[Array, Array]:
    size, slices, base = primals
    by_size, by_slices, by_base = (jnp.zeros_like(slices) for _ in range(3))
    for place, (counted, digit, slope) in enumerate(_digits(size, slices, base)):
        left = slices - 1 - place
        by_size += counted * slope
        # one half at whole numbers, as of a clip: the mean of both sides
        by_slices += 0.5 * ((left > 0) & (left <= 1)) * digit + 0.5 * ((left >= 0) & (left < 1)) * digit
        # ln(mean) is ln(size) + (place + 1) ln(base), as long as the digit is below one half
        by_base += counted * ((place + 1) * slope / base - (digit < _EVEN) * digit / (base - 1))
    rise = by_size / jnp.maximum(size, TINY) * tangents[0] + by_slices * tangents[1] + by_base * tangents[2]
    return _higher_digits(*primals), rise


def _digits(size: Array, slices: Array, base: Array) -> Iterator[tuple[Array, Array, Array]]:
    """Of every digit but the lowest: share that is counted, mean, and slope of the mean by the logarithm of the size."""
    mean = size
    for place in range(_MOST_SLICES - 1):
        # from the base up a digit is evenly spread; its mean must not leave float32's range on the way
        mean = jnp.minimum(mean * base, base)
        # below 2e-2 a digit is nothing (exp(-50)), and exp(1 / mean) would soon leave the range too
        held = jnp.maximum(mean, 2e-2)
        growth = jnp.exp(1 / held)
        digit = 1 / ((growth - 1) * (base - 1))
        slope = jnp.where((digit < _EVEN) & (mean >= held), digit * growth / ((growth - 1) * held), 0)
        yield jnp.clip(slices - 1 - place, 0, 1), jnp.minimum(_EVEN, digit), slope


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
