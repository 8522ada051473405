"""An evolutionary polish of the whole front: mutations of non-dominated designs, each scored with the weights of its parent."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from codesign.parameter import Space
from search.harden import CANDIDATES, Candidate, Hardener, Point
from search.pareto import non_dominated

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
    seen = {_name(c.point, c.member) for c in candidates}
    for call in range(evaluations // CANDIDATES):
        known = [*candidates, *found]
        values = problem.minimised(np.array([c.objectives for c in known]))
        values[[not np.all(c.excess <= 0) for c in known]] = np.nan
        front = [c for c, keep in zip(known, non_dominated(values), strict=True) if keep]
        if not front:
            break
        # a device call scores with one network: members of the front take turns
        members = sorted({c.member for c in front})
        parents = [c for c in front if c.member == members[call % len(members)]]
        points: list[Point] = []
        for _ in range(4 * CANDIDATES):
            mutant = mutated(problem.space, parents[draws.integers(len(parents))].point, draws)
            name = _name(mutant, parents[0].member)
            if name not in seen and len(points) < CANDIDATES:
                seen.add(name)
                points.append(mutant)
        if points:
            scores = hardener.score(parents[0].network, points, jnp.ones(len(problem.objectives)), key)
            found += [
                Candidate(parents[0].member, "polish", p, parents[0].network, np.asarray(f), 0.0, np.asarray(g))
                for p, f, g in zip(points, scores.objectives, scores.excess, strict=True)
            ]
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


def _name(point: Point, member: int) -> str:
    return f"{member} {sorted((name, str(np.ravel(value).tolist())) for name, value in point.items())}"
