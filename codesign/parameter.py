"""Design parameters: a legal set, a smooth latent in [0, 1], and the way back to legal values.

A latent is the normalised position between the bounds, on a logarithmic scale for sizes and noise. Searches move latents and
project them back into [0, 1]: bounds are reached exactly and gradients do not fade near them, as they would through a sigmoid.
"""

import abc
import dataclasses
import math
from collections.abc import Mapping, Sequence

import jax.numpy as jnp
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
        """The legal values next to `value`: one where it is legal already, else the one below and the one above."""

    @abc.abstractmethod
    def neighbours(self, value: float) -> tuple[float, ...]:
        """Legal values one step away from a legal `value`."""

    @abc.abstractmethod
    def is_legal(self, value: float) -> bool:
        """Whether a hardened design may have this value."""

    def harden(self, value: float) -> float:
        """The nearest legal value, measured in the latent."""
        target = self.latent(value)
        return min(self.corners(value), key=lambda corner: abs(self.latent(corner) - target))


def _check_bounds(low: float, high: float, log: bool) -> None:
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"bounds must be finite, got low={low}, high={high}")
    if low >= high:
        raise ValueError(f"low must be below high, got low={low}, high={high}")
    if log and low <= 0:
        raise ValueError(f"a logarithmic parameter needs low above 0, got {low}")


@dataclasses.dataclass(frozen=True)
class Continuous(AbstractParameter):
    """A real number in [low, high]; hardened to a grid of `steps` intervals, since no chip is specified to seven digits."""

    low: float
    high: float
    log: bool = False
    per_layer: bool = False
    steps: int = 32

    def __post_init__(self) -> None:
        """Refuse bounds that are reversed or not finite."""
        _check_bounds(self.low, self.high, self.log)

    def relax(self, z: ArrayLike) -> Array:
        """Linear or geometric interpolation between the bounds."""
        z = jnp.clip(jnp.asarray(z), 0, 1)
        if self.log:
            return self.low * jnp.exp(z * math.log(self.high / self.low))
        return self.low + z * (self.high - self.low)

    def latent(self, value: float) -> float:
        """Normalised position between the bounds."""
        value = min(max(float(value), self.low), self.high)
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def _grid(self, index: int) -> float:
        z = index / self.steps
        value = self.low * (self.high / self.low) ** z if self.log else self.low + z * (self.high - self.low)
        return float(f"{value:.4g}")

    def corners(self, value: float) -> tuple[float, ...]:
        """Grid points around the value."""
        position = round(self.latent(value) * self.steps, 6)
        return tuple(self._grid(index) for index in sorted({math.floor(position), math.ceil(position)}))

    def neighbours(self, value: float) -> tuple[float, ...]:
        """Grid points beside the value."""
        index = round(self.latent(value) * self.steps)
        return tuple(self._grid(other) for other in (index - 1, index + 1) if 0 <= other <= self.steps)

    def is_legal(self, value: float) -> bool:
        """On the grid, to the four digits that the grid is rounded to."""
        return math.isclose(self._grid(round(self.latent(value) * self.steps)), value, rel_tol=1e-3, abs_tol=1e-9)


@dataclasses.dataclass(frozen=True)
class Integer(AbstractParameter):
    """A whole number in [low, high]."""

    low: int
    high: int
    log: bool = False
    per_layer: bool = False

    def __post_init__(self) -> None:
        """Refuse bounds that are reversed or not whole."""
        _check_bounds(self.low, self.high, self.log)
        if self.low != int(self.low) or self.high != int(self.high):
            raise ValueError(f"integer bounds must be whole, got low={self.low}, high={self.high}")

    def _range(self) -> Continuous:
        return Continuous(self.low, self.high, self.log)

    def relax(self, z: ArrayLike) -> Array:
        """Linear or geometric interpolation between the bounds."""
        return self._range().relax(z)

    def latent(self, value: float) -> float:
        """Normalised position between the bounds."""
        return self._range().latent(value)

    def corners(self, value: float) -> tuple[float, ...]:
        """Floor and ceiling, inside the bounds."""
        value = round(min(max(float(value), self.low), self.high), 5)
        return tuple(float(corner) for corner in sorted({math.floor(value), math.ceil(value)}))

    def neighbours(self, value: float) -> tuple[float, ...]:
        """One less and one more."""
        return tuple(float(other) for other in (value - 1, value + 1) if self.low <= other <= self.high)

    def is_legal(self, value: float) -> bool:
        """Whole and inside the bounds."""
        return value == round(value) and self.low <= value <= self.high


@dataclasses.dataclass(frozen=True)
class PowerOfTwo(AbstractParameter):
    """A power of two in [low, high]; relaxed on a logarithmic scale."""

    low: int
    high: int
    per_layer: bool = False

    def __post_init__(self) -> None:
        """Refuse bounds that are reversed or no powers of two."""
        _check_bounds(self.low, self.high, log=True)
        for name, bound in (("low", self.low), ("high", self.high)):
            if bound != int(bound) or int(bound) & (int(bound) - 1):
                raise ValueError(f"{name} must be a power of two, got {bound}")

    def relax(self, z: ArrayLike) -> Array:
        """Geometric interpolation between the bounds."""
        return Continuous(self.low, self.high, log=True).relax(z)

    def latent(self, value: float) -> float:
        """Normalised position between the bounds, on a logarithmic scale."""
        return Continuous(self.low, self.high, log=True).latent(value)

    def corners(self, value: float) -> tuple[float, ...]:
        """The powers of two below and above."""
        exponent = round(math.log2(min(max(float(value), self.low), self.high)), 5)
        return tuple(2.0**corner for corner in sorted({math.floor(exponent), math.ceil(exponent)}))

    def neighbours(self, value: float) -> tuple[float, ...]:
        """Half and double."""
        return tuple(other for other in (value / 2, value * 2) if self.low <= other <= self.high)

    def is_legal(self, value: float) -> bool:
        """A power of two inside the bounds."""
        return self.low <= value <= self.high and value == int(value) and int(value) & (int(value) - 1) == 0


@dataclasses.dataclass(frozen=True)
class Choice(AbstractParameter):
    """One of several numbers in rising order (a grid such as columns per ADC: 1, 2, 4, 8, 16)."""

    options: tuple[float, ...]
    per_layer: bool = False

    def __post_init__(self) -> None:
        """Refuse fewer than two options or an order that does not rise."""
        if len(self.options) < 2 or any(b <= a for a, b in zip(self.options, self.options[1:], strict=False)):
            raise ValueError(f"options must be at least two rising numbers, got {self.options}")

    def relax(self, z: ArrayLike) -> Array:
        """Linear interpolation between neighbouring options."""
        options = jnp.asarray(self.options, jnp.float32)
        return jnp.interp(jnp.clip(jnp.asarray(z), 0, 1), jnp.linspace(0, 1, len(self.options)), options)

    def latent(self, value: float) -> float:
        """Position among the options."""
        value = min(max(float(value), self.options[0]), self.options[-1])
        above = next(i for i, option in enumerate(self.options) if option >= value)
        if above == 0:
            return 0.0
        low, high = self.options[above - 1], self.options[above]
        return (above - 1 + (value - low) / (high - low)) / (len(self.options) - 1)

    def corners(self, value: float) -> tuple[float, ...]:
        """The options below and above."""
        position = round(self.latent(value) * (len(self.options) - 1), 6)
        return tuple(float(self.options[index]) for index in sorted({math.floor(position), math.ceil(position)}))

    def neighbours(self, value: float) -> tuple[float, ...]:
        """The options beside the value."""
        index = self.options.index(value)
        return tuple(float(self.options[other]) for other in (index - 1, index + 1) if 0 <= other < len(self.options))

    def is_legal(self, value: float) -> bool:
        """One of the options."""
        return value in self.options


Parameter = Continuous | Integer | PowerOfTwo | Choice


@dataclasses.dataclass(frozen=True)
class Space:
    """A named set of parameters; per-layer ones hold one value for each of `layers` weighted layers.

    A point is a mapping from parameter name to a scalar or a vector, a latent point likewise.
    """

    parameters: Mapping[str, Parameter]
    layers: int

    def shape(self, name: str) -> tuple[int, ...]:
        """`()` for a global parameter, `(layers,)` for a per-layer one."""
        return (self.layers,) if self.parameters[name].per_layer else ()

    def relax(self, latents: Mapping[str, Array]) -> dict[str, Array]:
        """Values at a latent point, differentiable."""
        return {name: parameter.relax(latents[name]) for name, parameter in self.parameters.items()}

    def project(self, latents: Mapping[str, Array]) -> dict[str, Array]:
        """The nearest latents inside the bounds."""
        return {name: jnp.clip(z, 0, 1) for name, z in latents.items()}

    def latents(self, values: Mapping[str, float | Sequence[float]]) -> dict[str, Array]:
        """Latents of a point."""
        return {
            name: jnp.asarray([parameter.latent(v) for v in values[name]], jnp.float32)  # type: ignore[union-attr]
            if parameter.per_layer
            else jnp.asarray(parameter.latent(values[name]), jnp.float32)  # type: ignore[arg-type]
            for name, parameter in self.parameters.items()
        }

    def coordinates(self) -> list[tuple[str, int]]:
        """Every scalar of a point as (name, index); index is 0 for a global parameter."""
        return [(name, i) for name, p in self.parameters.items() for i in range(self.layers if p.per_layer else 1)]
