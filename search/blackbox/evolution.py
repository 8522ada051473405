"""NSGA-II (Deb et al. 2002) by pymoo, through its ask-and-tell interface."""

from collections.abc import Callable
from typing import Any, ClassVar, final

import jax
import numpy as np
from jaxtyping import Array, Key
from numpy.typing import NDArray

from search.blackbox.base import Entry, Found, Report, silent
from search.blackbox.searcher import AbstractSearcher
from search.blackbox.workbench import POLISH, Workbench, course
from search.designs.candidate import Candidate

POPULATION = 12

Evaluated = Callable[[list[NDArray[np.int64]]], "tuple[NDArray[np.float64], NDArray[np.float64]] | None"]


def evolve(bench: Workbench, population: int, seed: int, evaluate: Evaluated) -> None:
    """Generations of NSGA-II until `evaluate` returns None.

    Args:
        bench: gives the legal values; variables are positions among them, categorical ones too.
        population: size of a generation.
        seed: of pymoo.
        evaluate: positions -> minimised objectives `[designs, objectives]` and excesses `[designs, constraints]`, or None to stop.
    """
    from pymoo.algorithms.moo.nsga2 import NSGA2
    from pymoo.core.problem import Problem as Variables
    from pymoo.operators.crossover.sbx import SBX
    from pymoo.operators.mutation.pm import PM
    from pymoo.operators.repair.rounding import RoundingRepair
    from pymoo.operators.sampling.rnd import IntegerRandomSampling

    upper = np.asarray([len(row) - 1 for row in bench.rows])
    constraints = len(bench.problem.limits)
    variables = Variables(
        n_var=len(upper), n_obj=len(bench.problem.objectives), n_ieq_constr=constraints, xl=np.zeros(len(upper)), xu=upper, vtype=int
    )
    # pymoo's way with whole numbers: operators move reals, and the repair rounds them
    algorithm = NSGA2(
        pop_size=population,
        sampling=IntegerRandomSampling(),
        crossover=SBX(prob=0.9, eta=10, vtype=float, repair=RoundingRepair()),
        mutation=PM(prob=1.0, prob_var=max(1 / len(upper), 0.1), eta=10, vtype=float, repair=RoundingRepair()),
        eliminate_duplicates=True,
    )
    # no end of its own: `evaluate` says when the budget is spent
    algorithm.setup(variables, termination=("n_gen", 10**6), seed=seed, verbose=False)
    while algorithm.has_next():
        asked: Any = algorithm.ask()
        # duplicates are left out: in a small space nothing new may be left
        if asked is None or len(asked) == 0:
            return
        answer = evaluate([np.asarray(x, np.int64) for x in asked.get("X")])
        if answer is None:
            return
        asked.set("F", answer[0])
        asked.set("G", answer[1])
        for one in asked:
            # as pymoo's own evaluator marks them
            one.evaluated.update({"F", "G"})
        algorithm.tell(infills=asked)


def seed_of(key: Key[Array, ""]) -> int:
    """A seed for libraries that have their own generators."""
    # 31 bits: integers are drawn as int32
    return int(jax.random.randint(key, (), 0, 2**31 - 1))


@final
class Evolution(AbstractSearcher):
    """NSGA-II over designs, each with a network of its own."""

    name: ClassVar[str] = "nsga2"

    def run(self, bench: Workbench, budget: float, key: Key[Array, ""], report: Report = silent) -> Found:
        """See `AbstractSearcher.run`."""
        ledger, found, entries = bench.ledger(budget), list[Candidate](), list[Entry]()
        seed_key, design_key, polish_key = jax.random.split(key, 3)

        def evaluate(asked: list[NDArray[np.int64]]) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
            fresh: list[Candidate] = []
            for index in asked:
                if found and not ledger.has_room(bench.training_cost(ledger), POLISH):
                    return None
                fresh.append(bench.trained(bench.point(index), jax.random.fold_in(design_key, len(found)), ledger, len(found)))
                found.append(fresh[-1])
                entries.extend(course(ledger, fresh[-1:]))
                report(ledger.spent / budget, f"design {len(found)}")
            excess = np.array([c.excess for c in fresh])
            # excess goes to pymoo by itself: it ranks feasible designs first
            return bench.merit(np.array([c.objectives for c in fresh]), np.zeros((len(fresh), 0))), excess

        # some five generations where a budget is small
        population = int(np.clip(budget / bench.training_cost(ledger) / 5, 4, POPULATION))
        evolve(bench, population, seed_of(seed_key), evaluate)
        variants = bench.polished(found, ledger, polish_key)
        return Found(found + variants, entries + course(ledger, variants), ledger.spent)
