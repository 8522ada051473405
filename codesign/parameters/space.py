"""A named set of parameters: latents to values, points to latents."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Final

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Key

from codesign.parameters.categorical import Categorical
from codesign.parameters.choice import Choice
from codesign.parameters.continuous import Continuous
from codesign.parameters.gate import Gate
from codesign.parameters.integer import Integer
from codesign.parameters.power_of_two import PowerOfTwo
from codesign.shown.sheet import Sheet
from codesign.shown.shown import Shown
from codesign.shown.spaces import space_sheet

Parameter = Continuous | Integer | PowerOfTwo | Choice | Gate | Categorical
"""Any kind of design parameter."""

SHARP: Final = 0.05
"""Temperature at which soft choices are all but made."""


@dataclasses.dataclass(frozen=True, repr=False)
class Space(Shown):
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

    def sheet(self) -> Sheet:
        """Name, kind and legal values of each parameter; see `codesign.shown`."""
        return space_sheet(self.parameters, self.layers, self.inert)

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
                # the chosen option at one end of the scale, all others at the other
                return jax.nn.one_hot(jnp.asarray(numbers, jnp.int32), len(parameter.options), dtype=jnp.float32)
            return jnp.asarray(np.vectorize(parameter.latent, otypes=[np.float64])(numbers), jnp.float32)

        return {name: latent(parameter, values[name]) for name, parameter in self.parameters.items()}

    def coordinates(self) -> list[tuple[str, int]]:
        """Every scalar of a point as (name, index); index is 0 for a global parameter."""
        # in the order of the mapping: draws of a seed pick coordinates by position
        return [(name, i) for name, p in self.parameters.items() for i in range(self.layers if p.per_layer else 1)]

    def searched(self) -> list[tuple[str, int]]:
        """The coordinates that are not inert."""
        return [place for place in self.coordinates() if place not in self.inert]
