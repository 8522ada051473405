"""Multi-objective tree-structured Parzen estimator (Ozaki et al. 2022) by Optuna."""

from typing import ClassVar, final

import jax
import numpy as np
from jaxtyping import Array, Key

from codesign.parameters.categorical import Categorical
from search.blackbox.base import Entry, Found, Report, silent
from search.blackbox.evolution import seed_of
from search.blackbox.searcher import AbstractSearcher
from search.blackbox.workbench import POLISH, Workbench, course
from search.designs.candidate import Candidate

STARTUP_SHARE = 0.2  # of the designs that are drawn at random first


@final
class Tpe(AbstractSearcher):
    """TPE over designs, each with a network of its own."""

    name: ClassVar[str] = "tpe"

    def run(self, bench: Workbench, budget: float, key: Key[Array, ""], report: Report = silent) -> Found:
        """See `AbstractSearcher.run`."""
        import optuna

        # it would tell of every trial
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        ledger, found, entries = bench.ledger(budget), list[Candidate](), list[Entry]()
        seed_key, design_key, polish_key = jax.random.split(key, 3)
        startup = max(4, round(STARTUP_SHARE * budget / bench.training_cost(ledger)))

        sampler = optuna.samplers.TPESampler(seed=seed_of(seed_key), n_startup_trials=startup, multivariate=True)
        study = optuna.create_study(directions=["minimize"] * len(bench.problem.objectives), sampler=sampler)
        spaces = self._distributions(bench)
        while not found or ledger.has_room(bench.training_cost(ledger), POLISH):
            trial = study.ask(spaces)
            point = bench.point([int(trial.params[name]) for name in spaces])
            fresh = bench.trained(point, jax.random.fold_in(design_key, len(found)), ledger, len(found))
            # apart from the merit: Optuna ranks what is infeasible by its excess
            for limit, excess in zip(bench.problem.limits, fresh.excess, strict=True):
                trial.set_constraint(limit.objective.name, float(excess))
            study.tell(trial, bench.merit(fresh.objectives, np.zeros(0)).tolist())
            found.append(fresh)
            entries += course(ledger, [fresh])
            report(ledger.spent / budget, f"design {len(found)}")
        variants = bench.polished(found, ledger, polish_key)
        return Found(found + variants, entries + course(ledger, variants), ledger.spent)

    def _distributions(self, bench: Workbench) -> dict:
        from optuna.distributions import CategoricalDistribution, IntDistribution

        spaces: dict = {}
        for (name, i), row in zip(bench.problem.space.coordinates(), bench.rows, strict=True):
            # positions among the legal values: from 16 to 32 is one step, as from 1 to 2
            unordered = isinstance(bench.problem.space.parameters[name], Categorical)
            spaces[f"{name}[{i}]"] = CategoricalDistribution(range(len(row))) if unordered else IntDistribution(0, len(row) - 1)
        return spaces
