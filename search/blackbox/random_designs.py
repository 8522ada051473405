"""Random search: the baseline that every other searcher has to beat."""

from typing import ClassVar, final

import jax
import numpy as np
from jaxtyping import Array, Key

from search.blackbox.base import Entry, Found, Report, silent
from search.blackbox.searcher import AbstractSearcher
from search.blackbox.workbench import POLISH, Workbench, course
from search.designs.candidate import Candidate


@final
class RandomDesigns(AbstractSearcher):
    """Legal designs at random, each with a network of its own; then one-step variants of the best."""

    name: ClassVar[str] = "random"

    def run(self, bench: Workbench, budget: float, key: Key[Array, ""], report: Report = silent) -> Found:
        """See `AbstractSearcher.run`."""
        ledger, found, entries = bench.ledger(budget), list[Candidate](), list[Entry]()
        # from the key's bits: drawing from the key itself would use it up, and the designs need it
        draws = np.random.default_rng(np.asarray(jax.random.key_data(key)))
        # one design at least, whatever the budget
        while not found or ledger.has_room(bench.training_cost(ledger), POLISH):
            fresh = bench.trained(bench.point(bench.random_index(draws)), jax.random.fold_in(key, len(found)), ledger, len(found))
            found.append(fresh)
            entries += course(ledger, [fresh])
            report(ledger.spent / budget, f"design {len(found)}")
        variants = bench.polished(found, ledger, jax.random.fold_in(key, len(found)))
        return Found(found + variants, entries + course(ledger, variants), ledger.spent)
