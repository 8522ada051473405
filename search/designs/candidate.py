"""Designs that have been scored on validation data."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from flax import nnx
from jaxtyping import Array, Float

from search.designs.legal import Point


# not frozen: `variants` gives one of its designs another origin
@dataclasses.dataclass
class Candidate:
    """A legal design and what validation data said of it.

    Attributes:
        member: of the population that it comes from.
        origin: what made it, for the results.
        point: its design parameters.
        network: its weights.
        objectives: on validation data, `[objectives]`.
        excess: how far each constraint is exceeded.
        relaxed: the objectives' relaxed forms, where they have been asked for.
    """

    member: int
    origin: str
    point: Point
    network: nnx.State
    objectives: np.ndarray
    excess: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0))
    relaxed: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0))


class Scores(NamedTuple):
    """Validation results of several points.

    Attributes:
        objectives: exact.
        scalar: what is minimised: the scalarised relaxed forms, and a large number times any excess.
        excess: how far each constraint is exceeded.
        relaxed: the objectives' relaxed forms.
    """

    objectives: Float[Array, "points objectives"]
    scalar: Float[Array, " points"]
    excess: Float[Array, "points constraints"]
    relaxed: Float[Array, "points objectives"]

    def candidates(self, points: Sequence[Point], member: int, origin: str, network: nnx.State) -> list[Candidate]:
        """The scored points with the weights they were scored with."""
        return [
            Candidate(member, origin, p, network, np.asarray(f), np.asarray(g), np.asarray(r))
            for p, f, g, r in zip(points, self.objectives, self.excess, self.relaxed, strict=True)
        ]
