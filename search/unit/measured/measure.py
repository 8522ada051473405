"""The final measurement: every chosen design on test data and many simulated chips, at exact costs, under draws of the prices."""

from typing import Any, final

import jax

from codesign.units import show as spelt
from search.designs.candidate import Candidate
from search.joint.harden import Hardener
from search.problem.problem import Problem
from search.unit import baselines
from search.unit.found import Chosen, Session, chips_of
from search.unit.measured.ageing import AgedErrors
from search.unit.measured.exact import ExactErrors
from search.unit.measured.prices import DrawnPrices
from search.unit.measured.row import design_row, is_finite
from search.unit.staged import HARDEN_SHARE, SEARCH_SHARE


@final
class Measurement:
    """Measures designs of one problem; compiled once for all of its units.

    Args:
        problem: what was searched.
        aged_chips: simulated chips that ageing is measured on.
        recalibrated: whether these are also measured with their columns re-estimated.
    """

    def __init__(self, problem: Problem, aged_chips: int, recalibrated: bool) -> None:
        self._problem = problem
        self._prices, self._aged = DrawnPrices(problem), AgedErrors(problem, aged_chips, recalibrated)
        self._exact = ExactErrors(problem)

    def __call__(self, hardener: Hardener, chosen: Chosen, session: Session) -> None:
        """Measure what is not in the journal yet."""
        journal, keys = session.journal, chips_of(session)
        room = 1 - SEARCH_SHARE - HARDEN_SHARE - (baselines.SHARE if session.config.search.baselines else 0)
        if not journal.design_names():
            session.show("measure", SEARCH_SHARE + HARDEN_SHARE, f"design 1/{len(chosen.candidates)}  compiling")
        for i, candidate in enumerate(chosen.candidates):
            name, found = f"d{i:02d}", ""
            if name not in journal.design_names():
                found = self._measure(hardener, chosen, session, name, candidate, keys)
                session.safe_point()
            share = SEARCH_SHARE + HARDEN_SHARE + room * (i + 1) / len(chosen.candidates)
            session.show("measure", share, f"design {i + 1}/{len(chosen.candidates)}{found}")
        # only now is it known which designs are on the front
        self._exact(chosen, session)

    def _measure(
        self, hardener: Hardener, chosen: Chosen, session: Session, name: str, candidate: Candidate, keys: tuple[jax.Array, jax.Array]
    ) -> str:
        """Measure and store one design; what there is to show of it."""
        journal = session.journal
        validated = hardener.validation(candidate.network, candidate.point, keys[1])
        evaluation, errors = hardener.measure(candidate.network, candidate.point, keys[0])
        found = f"  test error {errors.mean():.1%}  energy {spelt(float(evaluation.cost.energy), 'pJ')}"
        if not is_finite(self._problem, evaluation):
            journal.add_failed(candidate.member, "measure", f"design {name}: measured objectives not finite")
            return found
        aged = self._aged(candidate.network, candidate.point, keys[0])
        row: dict[str, Any] = {"design": name, "searcher": session.config.search.kind, "seed": session.seed}
        row |= design_row(self._problem, candidate, evaluation, errors, validated, chosen.claims.get(candidate.member))
        sure, drawn = self._prices(evaluation)
        # weights before their row: the row says that they are there
        journal.save_arrays(f"design_{name[1:]}", candidate.network)
        journal.add_design(name, row | aged | dict(chosen.effort(candidate)) | sure, evaluation.cost.to_table(), drawn)
        return found
