"""Shared weights trained on random chips, evolution with them, fine-tuning: the strongest use of a small budget (Cai et al., ICLR 2020)."""

from typing import ClassVar, Final, final

import jax
import numpy as np
from jaxtyping import Array, Key
from numpy.typing import NDArray

from search.blackbox.base import Entry, Found, Ledger, Report, silent
from search.blackbox.evolution import evolve, seed_of
from search.blackbox.searcher import AbstractSearcher
from search.blackbox.workbench import CHUNK, POLISH, Workbench, course
from search.designs.candidate import Candidate
from search.designs.choose import layered

SUPERNET: Final = 0.5  # share of the budget for the shared weights
EVOLUTION: Final = 0.25  # for scoring designs with them
POPULATION: Final = 32  # a generation fills one device call
DESIGNS: Final = 12  # fine-tuned with what is left


@final
class SupernetEvolution(AbstractSearcher):
    """One network for all chips, NSGA-II on validation data with its weights, then the chosen designs are fine-tuned on their own."""

    name: ClassVar[str] = "supernet_nsga2"

    def run(self, bench: Workbench, budget: float, key: Key[Array, ""], report: Report = silent) -> Found:
        """See `AbstractSearcher.run`."""
        ledger = bench.ledger(budget)
        build_key, train_key, seed_key, score_key, tune_key, polish_key = jax.random.split(key, 6)
        draws = np.random.default_rng(np.asarray(jax.random.key_data(key)))
        minibatch = ledger.training(bench.training.batch_size * bench.problem.chips)
        # whole device calls
        steps = max(1, int(SUPERNET * (budget - ledger.spent) / minibatch / CHUNK)) * CHUNK
        chips = [bench.point(bench.random_index(draws)) for _ in range(steps)]
        report(0.0, "supernet")
        network = bench.train(bench.problem.begin(build_key), chips, train_key, steps)
        ledger.pay(steps * minibatch)
        seen, entries = self._evolved(bench, network, ledger, seed_of(seed_key), score_key, report)
        found, tuned = self._tuned(bench, seen, ledger, tune_key, report)
        variants = bench.polished(found, ledger, polish_key)
        return Found(found + variants, entries + tuned + course(ledger, variants), ledger.spent)

    def _evolved(
        self, bench: Workbench, network: object, ledger: Ledger, seed: int, key: Key[Array, ""], report: Report
    ) -> tuple[list[Candidate], list[Entry]]:
        seen, entries = list[Candidate](), list[Entry]()
        each = ledger.scoring(bench.validation_samples)
        end = ledger.spent + EVOLUTION * (ledger.budget - bench.problem.paid)

        def evaluate(asked: list[NDArray[np.int64]]) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
            if seen and ledger.spent + each * len(asked) > end:
                return None
            fresh = bench.candidates(network, [bench.point(index) for index in asked], key, 0, "supernet")  # type: ignore[arg-type]
            ledger.pay(each * len(asked))
            seen.extend(fresh)
            entries.extend(course(ledger, fresh))
            report(ledger.spent / ledger.budget, f"{len(seen)} designs scored with shared weights")
            return bench.merit(np.array([c.objectives for c in fresh]), np.zeros((len(fresh), 0))), np.array([c.excess for c in fresh])

        # some four generations where a budget is small
        evolve(bench, min(POPULATION, max(4, int((end - ledger.spent) / each / 4))), seed, evaluate)
        return seen, entries

    def _tuned(
        self, bench: Workbench, seen: list[Candidate], ledger: Ledger, key: Key[Array, ""], report: Report
    ) -> tuple[list[Candidate], list[Entry]]:
        """The best designs, fine-tuned with equal shares of what is left."""
        chosen = layered(bench.problem, seen, DESIGNS)
        left = ledger.budget * (1 - POLISH) - ledger.spent
        each = left / len(chosen) - ledger.scoring(bench.validation_samples)
        steps = int(each / ledger.training(bench.training.batch_size * bench.problem.chips) / CHUNK) * CHUNK
        found, entries = list[Candidate](), list[Entry]()
        for number, candidate in enumerate(chosen):
            train_key, score_key = jax.random.split(jax.random.fold_in(key, number))
            network = bench.train(candidate.network, [candidate.point], train_key, steps) if steps > 0 else candidate.network
            ledger.pay(bench.training_cost(ledger, max(steps, 0)))
            found += bench.candidates(network, [candidate.point], score_key, number, "member")
            entries += course(ledger, found[-1:])
            report(ledger.spent / ledger.budget, f"fine-tuned {number + 1} of {len(chosen)}")
        return found, entries
