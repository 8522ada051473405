"""Where members begin: legal chips from all over the space, scored with warm weights, and for each member the one it likes best.

Gradients refine a chip but hardly leave its surroundings within a few hundred steps, and a member whose preference pulls it across
the space too fast loses its network on the way. A look at random chips and mutations of the best, with weights that work on all chips,
costs as much as a few steps and puts each member near its own end of the front.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from codesign.parameters.space import Space
from search.designs.candidate import Candidate
from search.designs.legal import Point, legal_values
from search.joint.harden import CANDIDATES, FORBIDDEN, Hardener
from search.joint.polish import polish
from search.joint.population import Population
from search.problem.schedule import Settings

RANDOM = 1 / 3  # share of the designs that are drawn at random; the others are mutations of the best


class Scout:
    """Chooses the chips that a population begins to learn from.

    Args:
        hardener: scores.
        settings: of the search.
    """

    def __init__(self, hardener: Hardener, settings: Settings) -> None:
        self._hardener, self._settings = hardener, settings

    def __call__(self, population: Population, key: Key[Array, ""]) -> Population:
        """The population with chosen chips; as it is where nothing may be scored.

        With a shared supernet all members choose among the same designs; otherwise each has its share of the evaluations.
        """
        shared = self._settings.warm_start == "shared"
        evaluations = self._settings.scout_evaluations // (1 if shared else self._settings.population)
        if evaluations < CANDIDATES:
            return population
        space, chosen, found = self._hardener.problem.space, [], list[Candidate]()
        for m in range(self._settings.population):
            if not found or not shared:
                network = jax.tree.map(lambda x, m=m: x[m], population.members.network)
                found = scouted(self._hardener, network, evaluations, jax.random.fold_in(key, m))
            chosen.append(space.latents(self._best(population, m, found).point))
        # their optimiser is left as it is: the warm-up has not touched it
        latents = jax.tree.map(lambda *leaves: jnp.stack(leaves), *chosen)
        return population._replace(members=population.members._replace(latents=latents))

    def _best(self, population: Population, m: int, found: Sequence[Candidate]) -> Candidate:
        wish = population.wish(m)
        relaxed = jnp.asarray(np.array([c.relaxed for c in found]))
        merit = np.array(jax.vmap(lambda r: self._hardener.scalarisation(r, *wish))(relaxed), np.float64)
        merit += FORBIDDEN * np.array([np.sum(np.maximum(c.excess, 0)) for c in found])
        return found[int(np.argmin(np.where(np.isfinite(merit), merit, np.inf)))]


def scouted(hardener: Hardener, network: object, evaluations: int, key: Key[Array, ""]) -> list[Candidate]:
    """Legal designs at random, then mutations of their front, all scored with the same weights on validation data."""
    chip_key, seed_key = jax.random.split(key)
    seed = int(jax.random.randint(seed_key, (), 0, 2**31 - 1))
    draws = np.random.default_rng(seed)
    # whole device calls, one at least
    first = max(int(RANDOM * evaluations) // CANDIDATES, 1) * CANDIDATES
    points = [random_point(hardener.problem.space, draws) for _ in range(first)]
    # merits by these weights are not read: every member judges by its own wish
    ones = jnp.ones(len(hardener.problem.objectives))
    found = hardener.score(network, points, ones, chip_key).candidates(points, 0, "scout", network)  # type: ignore[arg-type]
    return found + polish(hardener, found, evaluations - first, seed, chip_key)


def random_point(space: Space, draws: np.random.Generator) -> Point:
    """A legal point, every legal value of every coordinate equally likely."""
    rows = {name: legal_values(space, name) for name in space.parameters}
    return {
        name: [float(draws.choice(rows[name])) for _ in range(space.layers)] if parameter.per_layer else float(draws.choice(rows[name]))
        for name, parameter in space.parameters.items()
    }
