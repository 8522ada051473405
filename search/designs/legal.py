"""Legal points of a space: around a relaxed one, one step from another, and all values of a parameter."""

import itertools
import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from codesign.parameters.categorical import Categorical
from codesign.parameters.continuous import Continuous
from codesign.parameters.space import Space

# parameter name -> number, or list of numbers for a per-layer parameter; a categorical parameter's is the number of the option
Point = dict[str, Any]

AMBIGUOUS: Final = 5  # coordinates rounded both ways: 2**5 corners


def corners(space: Space, values: Mapping[str, np.ndarray], limit: int = AMBIGUOUS) -> list[Point]:
    """Legal points around a relaxed one: both roundings of the `limit` most undecided coordinates, the nearest of all others."""
    nearest: dict[tuple[str, int], float] = {}
    undecided: list[tuple[float, tuple[str, int], tuple[float, ...]]] = []
    for name, index in space.coordinates():
        parameter = space.parameters[name]
        if isinstance(parameter, Categorical):
            shares = np.reshape(values[name], (-1, len(parameter.options)))[index]
            second, first = (float(option) for option in np.argsort(shares, kind="stable")[-2:])
            nearest[name, index] = first
            # half the lead: 0 in a tie and 0.5 when sure, on the scale of a number's distance from the middle
            undecided.append((float(shares[int(first)] - shares[int(second)]) / 2, (name, index), (first, second)))
            continue
        value = float(np.ravel(values[name])[index])
        nearest[name, index] = parameter.harden(value)
        options = parameter.corners(value)
        # a continuous parameter has a fine grid, of which the nearest point will do
        if len(options) == 2 and (name, index) not in space.inert and not isinstance(parameter, Continuous):
            # in latents: of powers of two, the middle between 32 and 64 is 45 and not 48
            low, high = (parameter.latent(option) for option in options)
            off_centre = abs((parameter.latent(value) - low) / (high - low) - 0.5)
            undecided.append((off_centre, (name, index), options))
    undecided = sorted(undecided)[:limit]
    points = []
    for choice in itertools.product(*(options for _, _, options in undecided)):
        chosen = nearest | {where: value for (_, where, _), value in zip(undecided, choice, strict=True)}
        points.append(_point(space, chosen))
    return points


def neighbours(space: Space, point: Point) -> list[Point]:
    """All legal points that differ from `point` by one step in one coordinate."""
    current = {(name, i): float(np.ravel(point[name])[i]) for name, i in space.coordinates()}
    return [
        _point(space, current | {(name, index): other})
        for name, index in space.searched()
        for other in space.parameters[name].neighbours(current[name, index])
    ]


def _point(space: Space, flat: Mapping[tuple[str, int], float]) -> Point:
    return {
        name: [flat[name, i] for i in range(space.layers)] if parameter.per_layer else flat[name, 0]
        for name, parameter in space.parameters.items()
    }


def legal_values(space: Space, name: str) -> list[float]:
    """All legal values of a parameter in rising order."""
    parameter = space.parameters[name]
    # by steps to neighbours, which every kind has; from an option all others are one step away, so the least above it counts
    found = [parameter.harden(-math.inf)]
    while above := [v for v in parameter.neighbours(found[-1]) if v > found[-1]]:
        found.append(min(above))
    return found
