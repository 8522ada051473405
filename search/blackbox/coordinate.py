"""Coordinate descent: one parameter after the other, for several preferences."""

from typing import ClassVar, final

import jax
import numpy as np
from jaxtyping import Array, Key
from numpy.typing import NDArray

from search.blackbox.base import Entry, Found, Report, silent
from search.blackbox.searcher import AbstractSearcher
from search.blackbox.workbench import POLISH, Workbench, course
from search.designs.candidate import Candidate

WEIGHTS = (0.02, 0.1, 0.5)  # of the logarithm of each cost against the error


@final
class Coordinate(AbstractSearcher):
    """From the middle of the space, for each preference in turn: change one coordinate, train a network, keep what is better."""

    name: ClassVar[str] = "coordinate"

    def run(self, bench: Workbench, budget: float, key: Key[Array, ""], report: Report = silent) -> Found:
        """See `AbstractSearcher.run`."""
        ledger, found, entries = bench.ledger(budget), list[Candidate](), list[Entry]()
        draws = np.random.default_rng(np.asarray(jax.random.key_data(key)))
        for number, weight in enumerate(WEIGHTS):
            # a share kept for the preferences to come, and for polish
            until = 1 - (1 - POLISH) * (number + 1) / len(WEIGHTS)
            place = np.asarray([len(row) // 2 for row in bench.rows])
            best = np.inf
            tried: set[tuple[int, ...]] = set()
            while not found or ledger.has_room(bench.training_cost(ledger), until):
                step = place if not np.isfinite(best) else self._step(bench, place, draws, tried)
                if step is None:
                    break
                tried.add(tuple(step.tolist()))
                fresh = bench.trained(bench.point(step), jax.random.fold_in(key, len(found)), ledger, len(found))
                found.append(fresh)
                entries += course(ledger, [fresh])
                merit = bench.merit(fresh.objectives, fresh.excess)
                value = float(merit[0] + weight * np.sum(merit[1:]))
                if value < best:
                    place, best = step, value
                report(ledger.spent / budget, f"design {len(found)}")
        # a number that no design has had
        variants = bench.polished(found, ledger, jax.random.fold_in(key, len(found)))
        return Found(found + variants, entries + course(ledger, variants), ledger.spent)

    def _step(
        self, bench: Workbench, place: NDArray[np.int64], draws: np.random.Generator, tried: set[tuple[int, ...]]
    ) -> NDArray[np.int64] | None:
        """A step in one coordinate that has not been tried: by about a quarter of its range, or by one."""
        # the tries are bounded: in a small space there may be no step left that is new
        for _ in range(200):
            step = place.copy()
            i = int(draws.integers(len(place)))
            far = max(1, len(bench.rows[i]) // 4)
            step[i] = np.clip(step[i] + draws.choice([-far, -1, 1, far]), 0, len(bench.rows[i]) - 1)
            if tuple(step.tolist()) not in tried:
                return step
        return None
