"""An evolutionary polish of the whole front: mutations of non-dominated designs, each scored with the weights of its parent."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from codesign.parameters.space import Space
from search.designs.candidate import Candidate
from search.designs.legal import Point
from search.joint.harden import CANDIDATES, Hardener
from search.objectives.pareto import non_dominated

CHANGES = 3  # coordinates that one mutation changes at most


def polish(hardener: Hardener, candidates: Sequence[Candidate], evaluations: int, seed: int, key: Key[Array, ""]) -> list[Candidate]:
    """Mutations of the feasible front, scored on validation data; the front is taken anew after every device call.

    Args:
        hardener: scores.
        candidates: scored designs with their weights.
        evaluations: designs scored at most, in whole device calls.
        seed: of the mutations.
        key: the simulated chip that all candidates have been scored on.
    """
    draws = np.random.default_rng(seed)
    problem = hardener.problem
    found: list[Candidate] = []
    networks: dict[int, int] = {}  # designs that share weights are of one family
    family = [networks.setdefault(id(c.network), len(networks)) for c in candidates]
    seen = {_name(c.point, number) for c, number in zip(candidates, family, strict=True)}
    for call in range(evaluations // CANDIDATES):
        known = [*candidates, *found]
        values = problem.minimised(np.array([c.objectives for c in known]))
        values[[not np.all(c.excess <= 0) for c in known]] = np.nan
        front = [c for c, keep in zip(known, non_dominated(values), strict=True) if keep]
        if not front:
            break
        # a device call scores with one network: families on the front take turns
        families = sorted({networks[id(c.network)] for c in front})
        turn = families[call % len(families)]
        parents = [c for c in front if networks[id(c.network)] == turn]
        points: list[Point] = []
        # the tries are bounded: a small space may hold fewer new designs than a call takes
        for _ in range(4 * CANDIDATES):
            mutant = mutated(problem.space, parents[draws.integers(len(parents))].point, draws)
            name = _name(mutant, turn)
            if name not in seen and len(points) < CANDIDATES:
                seen.add(name)
                points.append(mutant)
        if points:
            # the weights of a sum that nobody reads: fronts are compared, not merits
            weights, ones = parents[0].network, jnp.ones(len(problem.objectives))
            found += hardener.score(weights, points, ones, key).candidates(points, parents[0].member, "polish", weights)
    return found


def mutated(space: Space, point: Point, draws: np.random.Generator) -> Point:
    """A legal point with one to three coordinates moved by a step, or by two."""
    coordinates = space.coordinates()
    mutant: Point = {name: list(value) if isinstance(value, list) else value for name, value in point.items()}
    for at in draws.choice(len(coordinates), min(int(draws.integers(1, CHANGES + 1)), len(coordinates)), replace=False):
        name, index = coordinates[at]
        parameter = space.parameters[name]
        value = float(mutant[name][index] if parameter.per_layer else mutant[name])
        for _ in range(int(draws.integers(1, 3))):
            value = float(draws.choice(parameter.neighbours(value)))
        if parameter.per_layer:
            mutant[name][index] = value
        else:
            mutant[name] = value
    return mutant


def _name(point: Point, family: int) -> str:
    return f"{family} {sorted((name, str(np.ravel(value).tolist())) for name, value in point.items())}"
