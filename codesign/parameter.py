"""Design parameters: a legal set, a smooth latent in [0, 1], and the way back to legal values.

A latent is the normalised position between the bounds, on a logarithmic scale for sizes and noise. Searches move latents and
project them back into [0, 1]: bounds are reached exactly and gradients do not fade near them, as they would through a sigmoid.
"""

import abc
import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Final

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key


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
        inside = (z > 0) & (z < 1)
        middle = jnp.where(inside, z, 0.5)
        curve = jax.nn.sigmoid((jnp.log(middle) - jnp.log1p(-middle)) / jnp.minimum(temperature, 1))
        return jnp.where(inside, curve, z)

    def latent(self, value: float) -> float:
        """The value itself."""
        return min(max(float(value), 0.0), 1.0)

    def corners(self, value: float) -> tuple[float, ...]:
        """Off, on, or both."""
        value = round(self.latent(value), 5)
        return (value,) if value in (0.0, 1.0) else (0.0, 1.0)

    def neighbours(self, value: float) -> tuple[float, ...]:
        """The other position."""
        return (1.0 - value,)

    def is_legal(self, value: float) -> bool:
        """Off or on."""
        return value in (0, 1)


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
        logits = 8 * (jnp.clip(z, 0, 1) - 0.5)
        return jax.nn.softmax((logits + noise * jnp.minimum(temperature, 1)) / temperature, axis=-1)

    def latent(self, value: float) -> float:
        """Position among the options, from 0 to 1."""
        return min(max(float(value) / (len(self.options) - 1), 0.0), 1.0)

    def corners(self, value: float) -> tuple[float, ...]:
        """The options at the positions below and above."""
        value = round(min(max(float(value), 0.0), len(self.options) - 1.0), 5)
        return tuple(float(corner) for corner in sorted({math.floor(value), math.ceil(value)}))

    def neighbours(self, value: float) -> tuple[float, ...]:
        """All other options: without an order each is one step away."""
        return tuple(float(other) for other in range(len(self.options)) if other != value)

    def is_legal(self, value: float) -> bool:
        """The number of an option."""
        return value in range(len(self.options))


Parameter = Continuous | Integer | PowerOfTwo | Choice | Gate | Categorical

SHARP: Final = 0.05  # temperature at which soft choices are all but made


@dataclasses.dataclass(frozen=True)
class Space:
    """A named set of parameters; per-layer ones hold one value for each of `layers` layers.

    A point is a mapping from parameter name to a scalar or a vector, a latent point likewise.

    Attributes:
        parameters: by name.
        layers: layers of the workload.
        inert: entries (name, layer) that change nothing (weight bits of pooling, say); no search effort is spent on them.
    """

    parameters: Mapping[str, Parameter]
    layers: int
    inert: frozenset[tuple[str, int]] = frozenset()

    def shape(self, name: str) -> tuple[int, ...]:
        """Of latents: `()` for a global parameter, `(layers,)` for a per-layer one; a last axis for the options of a categorical one."""
        parameter = self.parameters[name]
        first = (self.layers,) if parameter.per_layer else ()
        return (*first, len(parameter.options)) if isinstance(parameter, Categorical) else first

    def relax(
        self, latents: Mapping[str, Array], temperature: ArrayLike = SHARP, noise: Mapping[str, Array] | None = None
    ) -> dict[str, Array]:
        """Values at a latent point, differentiable; for a categorical parameter the shares of its options.

        Args:
            latents: of shapes `shape(name)`.
            temperature: of soft choices and gates.
            noise: Gumbel noise of categorical parameters, from `noise`.
        """

        def value(name: str, parameter: Parameter) -> Array:
            if isinstance(parameter, Categorical):
                return parameter.shares(latents[name], temperature, 0.0 if noise is None else noise[name])
            return parameter.soften(latents[name], temperature) if isinstance(parameter, Gate) else parameter.relax(latents[name])

        return {name: value(name, parameter) for name, parameter in self.parameters.items()}

    def noise(self, key: Key[Array, ""]) -> dict[str, Array]:
        """Gumbel noise for every categorical parameter."""
        names = [name for name, parameter in self.parameters.items() if isinstance(parameter, Categorical)]
        keys = jax.random.split(key, max(len(names), 1))
        return {name: jax.random.gumbel(k, self.shape(name), jnp.float32) for name, k in zip(names, keys, strict=False)}

    def project(self, latents: Mapping[str, Array]) -> dict[str, Array]:
        """The nearest latents inside the bounds."""
        return {name: jnp.clip(z, 0, 1) for name, z in latents.items()}

    def latents(self, values: Mapping[str, float | Sequence[float]]) -> dict[str, Array]:
        """Latents of a point."""

        def latent(parameter: Parameter, value: float | Sequence[float]) -> Array:
            numbers = np.asarray(value, np.float64)
            if isinstance(parameter, Categorical):
                return jax.nn.one_hot(jnp.asarray(numbers, jnp.int32), len(parameter.options), dtype=jnp.float32)
            return jnp.asarray(np.vectorize(parameter.latent, otypes=[np.float64])(numbers), jnp.float32)

        return {name: latent(parameter, values[name]) for name, parameter in self.parameters.items()}

    def coordinates(self) -> list[tuple[str, int]]:
        """Every scalar of a point as (name, index); index is 0 for a global parameter."""
        return [(name, i) for name, p in self.parameters.items() for i in range(self.layers if p.per_layer else 1)]

    def searched(self) -> list[tuple[str, int]]:
        """The coordinates that are not inert."""
        return [place for place in self.coordinates() if place not in self.inert]
