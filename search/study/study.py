"""Running a study: the gradient stages, hardening, measurement, exports; stopped and resumed at any point without loss."""

import io
import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from ruamel.yaml import YAML

from codesign.units import show
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
from search.problem import build
from search.problem.config import ConfigFile
from search.problem.problem import Problem
from search.problem.schedule import minibatches
from search.study.ageing import AgedErrors
from search.study.prices import DrawnPrices, constants
from search.study.progress import Reporter
from search.study.row import design_row, is_finite
from search.study.store import Store, provenance, write_text

# a killed process loses at most so much of the gradient stages, and the call it was in
CHECKPOINT_SECONDS = 5.0
SEARCH_SHARE, HARDEN_SHARE = 0.55, 0.3  # of the progress bar; the rest is measurement


class FailedStudyError(Exception):
    """No design could be measured; the message says why. What was tried is in the store."""


class InterruptedStudyError(Exception):
    """The user stopped the study; everything done is saved. The message says where it stands."""


def run(problem: Problem, file: ConfigFile, store: Store, reporter: Reporter, safe_point: Callable[[], None] = lambda: None) -> None:
    """Run or continue a study in a store that is free for it, up to measured designs; `search.results.publish` makes files of them.

    Args:
        problem: what the config describes.
        file: the config.
        store: the result folder.
        reporter: shown progress.
        safe_point: called where the study may stop; raises KeyboardInterrupt to stop it.

    Raises:
        InterruptedStudyError: stopped by the user; everything done is saved.
        FailedStudyError: every member had values that are not finite.
    """
    config = file.config
    if store.get("config_hash") is None:
        store.put("config_hash", config.hash())
        store.put("state", "running")
    text = io.StringIO()
    YAML().dump(config.model_dump(mode="json"), text)
    # as resolved: the folder is exported from, and run again, without the file it came from
    write_text(store.folder / "config.yaml", text.getvalue())
    write_text(store.folder / "provenance.json", json.dumps(provenance(config.hash(), config.seed), indent=2) + "\n")
    study = Study(problem, file, store, reporter, safe_point)
    try:
        if store.get("state") != "done":
            study.search()
    except KeyboardInterrupt:
        raise InterruptedStudyError(f"stopped at {study.where}; everything done is saved in {store.folder}") from None
    finally:
        reporter.close()


class Study:
    """One problem, one searcher, one seed."""

    def __init__(self, problem: Problem, file: ConfigFile, store: Store, reporter: Reporter, safe_point: Callable[[], None]) -> None:
        self._safe_point = safe_point
        self.problem, self.config, self.store, self.reporter = problem, file.config, store, reporter
        self.settings = build.settings(file.config)
        self.where = "the start"
        key = jax.random.key(file.config.seed)
        # split once, by name: a resumed study draws what an uninterrupted one would have drawn
        self._keys = dict(zip(("start", "search", "harden", "finetune", "measure"), jax.random.split(key, 5), strict=True))
        self._joint = JointSearch(problem, self.settings)
        self._hardener = Hardener(problem, self.settings, scalarisation=self._joint.scalarisation)
        self._prices = DrawnPrices(problem)
        self._aged = AgedErrors(problem, file.config.search.aged_chips)
        self._ordering = cost_of(problem.objectives)

    def search(self) -> None:
        """All stages up to measured designs, from wherever the store stands.

        Raises:
            FailedStudyError: every member had values that are not finite.
        """
        self.store.put("constants", json.dumps(constants(self.problem.technology)))
        population = self._relaxed()
        candidates = self._hardened(population)
        if not candidates:
            reasons = self.store.failed().reason
            raise FailedStudyError(f"no design could be measured: {reasons.iloc[0] if len(reasons) else 'nothing is finite'}")
        self._measure(candidates)
        if not self.store.design_names():
            raise FailedStudyError("no design could be measured: measured objectives are not finite")
        self.store.put("spent", json.dumps(self._spent(population)))
        self.store.put("state", "done")

    def _relaxed(self) -> Population:
        # also when resumed: a checkpoint is read into a population of the same shapes
        start = self._joint.start(self._keys["start"])
        population = self.store.load_arrays("population", start) or start
        saved, scout = time.monotonic(), Scout(self._hardener, self.settings)
        try:
            # whatever ends this loop, a stop at a safe point too, the last whole call is saved
            for advanced in self._joint.run(population, self._keys["search"], self._on_call, scout):
                population = advanced  # what is saved when stopped
                self._safe_point()
                if time.monotonic() - saved > CHECKPOINT_SECONDS:
                    self.store.save_arrays("population", population)
                    saved = time.monotonic()
        finally:
            self.store.save_arrays("population", population)
        return population

    def _on_call(self, stage: str, done: int, total: int, population: Population, metrics: Metrics) -> None:
        self.where = f"{stage}, step {done} of {total}"
        for member, reason in self._joint.failures(population, metrics).items():
            self.store.add_failed(member, stage, reason)
        alive = population.alive
        # what has failed counts in no median and in no hypervolume
        objectives = np.where(alive[:, None], np.asarray(metrics.objectives), np.nan)
        names = [o.name for o in self.problem.objectives]
        volume = study_hypervolume(self.problem.objectives, objectives, self._references(objectives))
        rows = [
            {
                "loss": float(metrics.loss[i]),
                **{n: float(v) for n, v in zip(names, values, strict=True)},
                "relaxed_hypervolume": volume,  # the whole population's, so the same in every row
                "failed": not alive[i],
            }
            for i, values in enumerate(objectives)
        ]
        self.store.add_history(done, stage, rows)
        loss, cost = float(np.nanmean(metrics.loss)), float(np.nanmedian(objectives[:, self._cost]))
        shown = spell(self.problem.objectives[self._cost], cost)
        details = f"step {done}/{total}  loss {loss:.3f}  {names[self._cost]} {shown}  hypervolume {volume:.3f}"
        # by minibatches, as a step of a shared supernet is one for all members
        self.reporter.update(stage, SEARCH_SHARE * minibatches(self.settings, done) / minibatches(self.settings), details)

    @property
    def _cost(self) -> int:
        return self.problem.objectives.index(self._ordering)

    def _references(self, objectives: np.ndarray) -> list[float]:
        """Value of each objective that counts as ordinary: the population's median when first seen."""
        held = self.store.get("references")
        if held is None:
            medians = np.nanmedian(np.where(np.isfinite(objectives), objectives, np.nan), axis=0)
            # shares are ratios to it: without a usable median any scale does
            held = json.dumps([float(m) if np.isfinite(m) and m > 0 else 1.0 for m in medians])
            # kept with the study: hypervolumes before and after a resume are in the same box
            self.store.put("references", held)
        return json.loads(held)

    def _hardened(self, population: Population) -> list[Candidate]:
        candidates: list[Candidate] = []
        known, failed = self.store.hardened(), self.store.failed()
        # whose measurement failed has its designs again, or the others would have other names than before a resume
        lost = set(failed.member[failed.stage == "harden"])
        for m in (int(m) for m in np.flatnonzero(population.alive)):
            if m in lost:
                continue
            member = jax.tree.map(lambda x, m=m: x[m], population.members)
            wish = population.wish(m)
            network = self.store.load_arrays(f"member_{m:03d}", member.network) if m in known else None
            try:
                if network is None:
                    self.where = f"hardening, member {m + 1} of {self.settings.population}"
                    network, known[m] = self._harden_one(m, population)
                    # weights before their row: the row says that they are there
                    self.store.save_arrays(f"member_{m:03d}", network)
                    self.store.add_hardened(m, known[m])
                before = self._hardener.evaluations
                # not stored: scored again after a resume, on the same simulated chip, they come out the same
                candidates += harden.variants(self._hardener, m, network, known[m]["point"], wish, self._keys["harden"])
                known[m]["variants"] = self._hardener.evaluations - before
            except NothingFiniteError as error:
                self.store.add_failed(m, "harden", str(error))
                continue
            share = SEARCH_SHARE + HARDEN_SHARE * (m + 1) / self.settings.population
            own = next(c for c in reversed(candidates) if c.origin == "member")
            details = "  ".join(f"{o.name} {spell(o, v)}" for o, v in zip(self.problem.objectives, own.objectives, strict=True))
            self.reporter.update("harden", share, f"design {m + 1}/{self.settings.population}  validation {details}")
            self._safe_point()
        # a member that was given up has no variants
        self._polish_evaluations = {m: row["evaluations"] + row.get("variants", 0) for m, row in known.items()}
        if not candidates:
            return []
        mutants = polish(self._hardener, candidates, self.settings.polish_evaluations, self.config.seed, self._keys["harden"])
        for mutant in mutants:
            self._polish_evaluations[mutant.member] += 1
        candidates += mutants
        return candidates + self._tuned(choose.layered(self.problem, candidates, self.settings.tuned_designs), population)

    def _tuned(self, chosen: Sequence[Candidate], population: Population) -> list[Candidate]:
        """Designs with weights fine-tuned once more, each on its own."""
        found: list[Candidate] = []
        for i, design in enumerate(chosen):
            self.where = f"fine-tuning design {i + 1} of {len(chosen)}"
            # numbers beyond the members', whose own fine-tuning has taken the first
            wish, key = population.wish(design.member), jax.random.fold_in(self._keys["finetune"], self.settings.population + i)
            held = self.store.load_arrays(f"tuned_{i:03d}", design.network)
            if held is None:
                found.append(self._hardener.tuned(design, wish, key, self._keys["harden"]))
                self.store.save_arrays(f"tuned_{i:03d}", found[-1].network)
            else:
                scores = self._hardener.score(held, [design.point], wish, self._keys["harden"])
                found += scores.candidates([design.point], design.member, "tuned", held)
            self._polish_evaluations[design.member] += 1
            self.reporter.update("harden", SEARCH_SHARE + HARDEN_SHARE, f"fine-tuned {i + 1}/{len(chosen)}")
            self._safe_point()
        return found

    def _harden_one(self, m: int, population: Population) -> tuple[Any, dict[str, Any]]:
        """A member's legal design with fine-tuned weights, and what is kept of how it came about."""
        member = jax.tree.map(lambda x: x[m], population.members)
        relaxed = self._joint.claimed(member, self._keys["harden"])
        values = {name: np.asarray(v) for name, v in self.problem.space.relax(member.latents).items()}
        before = self._hardener.evaluations
        wish, prices = population.wish(m), jax.tree.map(lambda x: x[m], population.multipliers)
        # one key for all members: every legal design is scored on the same simulated chip
        point, rounded, feasible = self._hardener.hardened(member.network, values, wish, self._keys["harden"])
        network = self._hardener.finetune(member.network, point, wish, jax.random.fold_in(self._keys["finetune"], m), prices)
        kept = {"point": point, "relaxed": relaxed, "rounded": rounded, "rounded_feasible": feasible}
        return network, kept | {"evaluations": self._hardener.evaluations - before}

    def _measure(self, candidates: Sequence[Candidate]) -> None:
        chosen = choose.select(candidates, self.config.search.designs, [o.sign for o in self.problem.objectives])
        # before they are named: d00 is the best in cost
        chosen.sort(key=lambda c: self._ordering.sign * float(c.objectives[self._cost]))
        # the same chips for all designs, and others for validation than for the test
        keys, other_keys = (jax.random.split(jax.random.fold_in(self._keys["measure"], i), self.config.search.chips) for i in range(2))
        hardened = self.store.hardened()
        done = self.store.design_names()
        for i, candidate in enumerate(chosen):
            self.where = f"measuring design {i + 1} of {len(chosen)}"
            if f"d{i:02d}" in done:
                continue
            validated = self._hardener.validation(candidate.network, candidate.point, other_keys)
            evaluation, errors = self._hardener.measure(candidate.network, candidate.point, keys)
            share = SEARCH_SHARE + HARDEN_SHARE + (1 - SEARCH_SHARE - HARDEN_SHARE) * (i + 1) / len(chosen)
            details = f"design {i + 1}/{len(chosen)}  test error {errors.mean():.1%}  energy {show(float(evaluation.cost.energy), 'pJ')}"
            self.reporter.update("measure", share, details)
            if not is_finite(self.problem, evaluation):
                self.store.add_failed(candidate.member, "measure", f"design d{i:02d}: measured objectives not finite")
                continue
            aged = self._aged(candidate.network, candidate.point, keys)
            spent = {"polish_evaluations": self._polish_evaluations[candidate.member], "budget_sample_steps": self._budget()}
            name = f"d{i:02d}"
            identity = {"design": name, "searcher": "gradient", "seed": self.config.seed}
            row = identity | design_row(self.problem, candidate, evaluation, errors, validated, hardened[candidate.member]) | aged | spent
            sure, drawn = self._prices(evaluation)
            row |= sure
            # weights and draws before their row: the row says that they are there
            self.store.save_arrays(f"design_{i:02d}", candidate.network)
            self.store.add_drawn(name, drawn)
            self.store.add_design(name, row, evaluation.cost.to_table())
            self._safe_point()

    def _budget(self) -> int:
        """Training samples times simulated time steps, for one member; of a shared supernet its share."""
        s = self.settings
        steps = minibatches(s) / s.population + s.finetune_steps * (1 + s.tuned_designs / s.population)
        return round(steps * s.batch_size * self.problem.operation.longest)

    def _spent(self, population: Population) -> dict[str, Any]:
        """What the search cost in all, and what of it was lost."""
        s, samples = self.settings, self.settings.batch_size * self.problem.operation.longest
        hardened = self.store.hardened()
        steps = minibatches(s) + s.finetune_steps * (len(hardened) + s.tuned_designs)
        return {
            "minibatches": steps,
            "training_sample_steps": steps * samples,
            "updates": minibatches(s),
            "skipped_updates": int(np.sum(population.skipped)),
            "polish_evaluations": sum(self._polish_evaluations.values()) + s.scout_evaluations,
            "feasible_after_rounding": float(np.mean([row["rounded_feasible"] for row in hardened.values()])),
        }
