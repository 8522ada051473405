"""The gradient search in stages, each of which is stored: relax, harden, fine-tune."""

import json
import time
from collections.abc import Sequence
from typing import Any, Final, final

import jax
import numpy as np

from search.designs import choose
from search.designs.candidate import Candidate
from search.joint import harden
from search.joint.gradient import JointSearch
from search.joint.harden import Hardener, NothingFiniteError
from search.joint.polish import polish
from search.joint.population import Metrics, Population
from search.joint.scout import Scout
from search.objectives.constraint import spell
from search.objectives.pareto import study_hypervolume
from search.objectives.roles import cost_of
from search.problem.schedule import Settings, minibatches
from search.unit.found import Chosen, Session

# a killed process loses at most so much of the gradient stages, and the call it was in
CHECKPOINT_SECONDS: Final = 5.0
SEARCH_SHARE, HARDEN_SHARE = 0.55, 0.3  # of the unit's work; the rest is measurement


@final
class Staged:
    """One run of the gradient search, from wherever its journal stands.

    Args:
        joint: the search, compiled or not.
        hardener: likewise.
        settings: of both.
        session: whose journal holds what was done before.
    """

    def __init__(self, joint: JointSearch, hardener: Hardener, settings: Settings, session: Session) -> None:
        self._joint, self._hardener, self._settings, self._session = joint, hardener, settings, session
        self._journal, self._keys, self._show = session.journal, session.keys, session.show
        self._safe_point = session.safe_point
        self._problem = joint.problem
        ordering = cost_of(self._problem.objectives)
        self._cost = self._problem.objectives.index(ordering)
        self._evaluations: dict[int, int] = {}

    def chosen(self) -> Chosen:
        """All stages up to designs worth measuring; none where every member had values that are not finite."""
        population = self._relaxed()
        candidates = self._hardened(population)
        kept = choose.select(candidates, self._session.config.search.designs, [o.sign for o in self._problem.objectives])
        # before they are named: d00 is the best in cost
        kept.sort(key=lambda c: self._problem.objectives[self._cost].sign * float(c.objectives[self._cost]))
        spent = self._spent(population) if candidates else {}
        return Chosen(kept, self._journal.hardened(), self._effort, spent)

    def _relaxed(self) -> Population:
        # also when resumed: a checkpoint is read into a population of the same shapes
        start = self._joint.start(self._keys["start"])
        population = self._journal.load_arrays("population", start) or start
        done = int(population.step)
        self._show("compile", SEARCH_SHARE * minibatches(self._settings, done) / minibatches(self._settings), "the search")
        saved, scout = time.monotonic(), Scout(self._hardener, self._settings)
        try:
            # whatever ends this loop, a stop at a safe point too, the last whole call is saved
            for advanced in self._joint.run(population, self._keys["search"], self._on_call, scout):
                population = advanced  # what is saved when stopped
                self._safe_point()
                if time.monotonic() - saved > CHECKPOINT_SECONDS:
                    self._journal.save_arrays("population", population)
                    saved = time.monotonic()
        finally:
            self._journal.save_arrays("population", population)
        return population

    def _on_call(self, stage: str, done: int, total: int, population: Population, metrics: Metrics) -> None:
        for member, reason in self._joint.failures(population, metrics).items():
            self._journal.add_failed(member, stage, reason)
        alive = population.alive
        # what has failed counts in no median and in no hypervolume
        objectives = np.where(alive[:, None], np.asarray(metrics.objectives), np.nan)
        names = [o.name for o in self._problem.objectives]
        volume = study_hypervolume(self._problem.objectives, objectives, self._references(objectives))
        rows = [
            {
                "loss": float(metrics.loss[i]),
                **{n: float(v) for n, v in zip(names, values, strict=True)},
                "relaxed_hypervolume": volume,  # the whole population's, so the same in every row
                "failed": not alive[i],
            }
            for i, values in enumerate(objectives)
        ]
        self._journal.add_history(done, stage, rows)
        loss, cost = float(np.nanmean(metrics.loss)), float(np.nanmedian(objectives[:, self._cost]))
        shown = spell(self._problem.objectives[self._cost], cost)
        details = f"step {done}/{total}  loss {loss:.3f}  {names[self._cost]} {shown}  hypervolume {volume:.3f}"
        # by minibatches, as a step of a shared supernet is one for all members
        self._show(stage, SEARCH_SHARE * minibatches(self._settings, done) / minibatches(self._settings), details)

    def _references(self, objectives: np.ndarray) -> list[float]:
        """Value of each objective that counts as ordinary: the population's median when first seen."""
        held = self._journal.get("references")
        if held is None:
            medians = np.nanmedian(np.where(np.isfinite(objectives), objectives, np.nan), axis=0)
            # shares are ratios to it: without a usable median any scale does
            held = json.dumps([float(m) if np.isfinite(m) and m > 0 else 1.0 for m in medians])
            # kept with the unit: hypervolumes before and after a resume are in the same box
            self._journal.put("references", held)
        return json.loads(held)

    def _hardened(self, population: Population) -> list[Candidate]:
        candidates: list[Candidate] = []
        known = self._journal.hardened()
        # whose measurement failed has its designs again, or the others would have other names than before a resume
        lost = {member for member, (stage, _) in self._journal.failed().items() if stage == "harden"}
        for m in (int(m) for m in np.flatnonzero(population.alive)):
            if m in lost:
                continue
            member = jax.tree.map(lambda x, m=m: x[m], population.members)
            wish = population.wish(m)
            network = self._journal.load_arrays(f"member_{m:03d}", member.network) if m in known else None
            try:
                if network is None:
                    self._show("harden", self._after(m), f"design {m + 1}/{self._settings.population}" + ("" if known else "  compiling"))
                    # what follows compiles, in which nobody can stop
                    self._safe_point()
                    network, known[m] = self._harden_one(m, population)
                    # weights before their row: the row says that they are there
                    self._journal.save_arrays(f"member_{m:03d}", network)
                    self._journal.add_hardened(m, known[m])
                before = self._hardener.evaluations
                # not stored: scored again after a resume, on the same simulated chip, they come out the same
                candidates += harden.variants(self._hardener, m, network, known[m]["point"], wish, self._keys["harden"])
                known[m]["variants"] = self._hardener.evaluations - before
            except NothingFiniteError as error:
                self._journal.add_failed(m, "harden", str(error))
                continue
            own = next(c for c in reversed(candidates) if c.origin == "member")
            details = "  ".join(f"{o.name} {spell(o, v)}" for o, v in zip(self._problem.objectives, own.objectives, strict=True))
            self._show("harden", self._after(m + 1), f"design {m + 1}/{self._settings.population}  validation {details}")
            self._safe_point()
        # a member that was given up has no variants
        self._evaluations = {m: row["evaluations"] + row.get("variants", 0) for m, row in known.items()}
        if not candidates:
            return []
        mutants = polish(self._hardener, candidates, self._settings.polish_evaluations, self._session.seed, self._keys["harden"])
        for mutant in mutants:
            self._evaluations[mutant.member] += 1
        candidates += mutants
        return candidates + self._tuned(choose.layered(self._problem, candidates, self._settings.tuned_designs), population)

    def _after(self, members: int) -> float:
        """Share of the unit's work when so many members are hardened."""
        return SEARCH_SHARE + HARDEN_SHARE * members / self._settings.population

    def _tuned(self, chosen: Sequence[Candidate], population: Population) -> list[Candidate]:
        """Designs with weights fine-tuned once more, each on its own."""
        found: list[Candidate] = []
        for i, design in enumerate(chosen):
            # numbers beyond the members', whose own fine-tuning has taken the first
            wish, key = population.wish(design.member), jax.random.fold_in(self._keys["finetune"], self._settings.population + i)
            held = self._journal.load_arrays(f"tuned_{i:03d}", design.network)
            if held is None:
                found.append(self._hardener.tuned(design, wish, key, self._keys["harden"]))
                self._journal.save_arrays(f"tuned_{i:03d}", found[-1].network)
            else:
                scores = self._hardener.score(held, [design.point], wish, self._keys["harden"])
                found += scores.candidates([design.point], design.member, "tuned", held)
            self._evaluations[design.member] += 1
            self._show("harden", self._after(self._settings.population), f"fine-tuned {i + 1}/{len(chosen)}")
            self._safe_point()
        return found

    def _harden_one(self, m: int, population: Population) -> tuple[Any, dict[str, Any]]:
        """A member's legal design with fine-tuned weights, and what is kept of how it came about."""
        member = jax.tree.map(lambda x: x[m], population.members)
        relaxed = self._joint.claimed(member, self._keys["harden"])
        values = {name: np.asarray(v) for name, v in self._problem.space.relax(member.latents).items()}
        before = self._hardener.evaluations
        wish, prices = population.wish(m), jax.tree.map(lambda x: x[m], population.multipliers)
        # one key for all members: every legal design is scored on the same simulated chip
        point, rounded, feasible = self._hardener.hardened(member.network, values, wish, self._keys["harden"])
        network = self._hardener.finetune(member.network, point, wish, jax.random.fold_in(self._keys["finetune"], m), prices)
        kept = {"point": point, "relaxed": relaxed, "rounded": rounded, "rounded_feasible": feasible}
        return network, kept | {"evaluations": self._hardener.evaluations - before}

    def _effort(self, candidate: Candidate) -> dict[str, Any]:
        """Columns of a design; of a supernet that all members share, the training of its share."""
        s = self._settings
        steps = minibatches(s) / s.population + s.finetune_steps * (1 + s.tuned_designs / s.population)
        budget = round(steps * s.batch_size * self._problem.operation.longest + self._problem.paid / s.population)
        return {"polish_evaluations": self._evaluations[candidate.member], "budget_sample_steps": budget}

    def _spent(self, population: Population) -> dict[str, Any]:
        """What the search cost in all, and what of it was lost."""
        s, samples = self._settings, self._settings.batch_size * self._problem.operation.longest
        hardened = self._journal.hardened()
        steps = minibatches(s) + s.finetune_steps * (len(hardened) + s.tuned_designs)
        steps += round(self._problem.paid / samples)
        return {
            "minibatches": steps,
            "training_sample_steps": steps * samples,
            "updates": minibatches(s),
            "skipped_updates": int(np.sum(population.skipped)),
            "polish_evaluations": sum(self._evaluations.values()) + s.scout_evaluations,
            "feasible_after_rounding": float(np.mean([row["rounded_feasible"] for row in hardened.values()])),
        }
