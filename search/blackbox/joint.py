"""The joint gradient search as a searcher among others: the same stages as a study, scaled to a budget."""

from typing import ClassVar, final

import jax
import numpy as np
from jaxtyping import Array, Key

from search.blackbox.base import Entry, Found, Ledger, Report, silent
from search.blackbox.evolution import seed_of
from search.blackbox.searcher import AbstractSearcher
from search.blackbox.workbench import Workbench, course
from search.designs.candidate import Candidate
from search.designs.choose import layered
from search.designs.claim import Claim
from search.designs.legal import AMBIGUOUS, neighbours
from search.errors import UserError
from search.joint.gradient import JointSearch
from search.joint.harden import CANDIDATES, Hardener, NothingFiniteError, variants
from search.joint.polish import polish
from search.joint.population import Metrics, Population
from search.joint.scout import Scout
from search.problem.schedule import Settings, looks, minibatches, stages

SMALLEST = 0.02  # of the configured steps; a smaller budget cannot hold a search


def cost(bench: Workbench, settings: Settings) -> float:
    """What a search with these settings spends at most, with the start, in training samples x simulated time steps."""
    ledger = Ledger(0.0, bench.longest)
    chips = bench.problem.chips
    tuned = (settings.population + settings.tuned_designs) * settings.finetune_steps
    trained = (minibatches(settings) + tuned) * settings.batch_size * chips
    seen = calls(settings) * settings.population * bench.validation_samples
    # in the middle a design has the most neighbours
    middle = bench.point([len(row) // 2 for row in bench.rows])
    near = len(neighbours(bench.problem.space, middle))
    scored = (
        # corners, two rounds of polish and the variants after fine-tuning: three neighbourhoods and the design itself
        settings.population * (2 ** min(AMBIGUOUS, len(bench.rows)) + 3 * near + 1)
        + settings.polish_evaluations
        + settings.scout_evaluations
    )
    scored += settings.tuned_designs
    return bench.problem.paid + ledger.training(trained) + ledger.scoring(seen + scored * bench.validation_samples)


def calls(settings: Settings) -> int:
    """Device calls that end with a look at validation data."""
    per_call = settings.steps_per_call
    return sum(looks(stage, done, per_call) for stage in stages(settings) for done in range(0, stage.steps, per_call))


def scaled(bench: Workbench, budget: float) -> Settings:
    """The configured settings with all stages stretched to a budget, scouting and polish too; population and rates stay.

    Raises:
        UserError: the budget does not even hold the hardening.
    """
    base = bench.settings

    def at(share: float) -> Settings:
        def whole(n: int, per_call: int = base.steps_per_call) -> int:
            # rounded, not cut off: a share a hair below 1 has to give the configured steps
            return round(n * share / per_call) * per_call

        return base._replace(
            warmup_steps=whole(base.warmup_steps),
            relax_steps=whole(base.relax_steps),
            anneal_steps=whole(base.anneal_steps),
            finetune_steps=whole(base.finetune_steps),
            scout_evaluations=whole(base.scout_evaluations, CANDIDATES),
            polish_evaluations=whole(base.polish_evaluations, CANDIDATES),
        )

    low, high = SMALLEST, 64.0
    if cost(bench, at(low)) > budget:
        needed = f"which needs {cost(bench, at(low)):.3g}"
        raise UserError(f"search.budget: a budget of {budget:.3g} sample-steps does not hold a gradient search, {needed}")
    # geometric halving: 40 times tell apart shares that differ by far less than a call
    for _ in range(40):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if cost(bench, at(middle)) <= budget else (low, middle)
    return at(low)


@final
class Gradient(AbstractSearcher):
    """See `search.joint.gradient` and `search.joint.harden`."""

    name: ClassVar[str] = "gradient"

    def run(self, bench: Workbench, budget: float, key: Key[Array, ""], report: Report = silent) -> Found:
        """See `AbstractSearcher.run`."""
        settings, ledger = scaled(bench, budget), bench.ledger(budget)
        joint, hardener = compiled(bench, settings)
        start_key, search_key, harden_key, tune_key, polish_key = jax.random.split(key, 5)
        population = joint.start(start_key)
        total = cost(bench, settings)

        def on_call(stage: str, done: int, steps: int, population: Population, metrics: Metrics) -> None:
            spent = minibatches(settings, done) * settings.batch_size * bench.problem.chips
            report(ledger.training(spent) / total, f"{stage} {done}/{steps}")

        for advanced in joint.run(population, search_key, on_call, Scout(hardener, settings)):
            population = advanced
        ledger.pay(ledger.scoring(calls(settings) * settings.population * bench.validation_samples))
        ledger.pay(ledger.training(minibatches(settings, int(population.step)) * settings.batch_size * bench.problem.chips))
        ledger.pay(ledger.scoring(settings.scout_evaluations * bench.validation_samples))
        found: list[Candidate] = []
        entries: list[Entry] = []
        claims: list[Claim] = []
        for m in (int(m) for m in np.flatnonzero(population.alive)):
            before = hardener.evaluations
            try:
                fresh, claim = self._hardened(joint, hardener, population, m, harden_key, jax.random.fold_in(tune_key, m))
                claims.append(claim)
            except NothingFiniteError:
                fresh = []
            trained = settings.finetune_steps * settings.batch_size * bench.problem.chips
            ledger.pay(ledger.training(trained) + ledger.scoring((hardener.evaluations - before) * bench.validation_samples))
            found += fresh
            entries += course(ledger, fresh)
            report(ledger.spent / total, f"hardened {m + 1} of {settings.population}")
        if not found:
            return Found([], entries, ledger.spent)
        each = ledger.scoring(bench.validation_samples)
        seed = seed_of(polish_key)
        mutants = polish(hardener, found, settings.polish_evaluations, seed, jax.random.clone(harden_key))
        ledger.pay(len(mutants) * each)
        entries += course(ledger, mutants)
        found += mutants
        chosen = layered(bench.problem, found, settings.tuned_designs)
        for i, design in enumerate(chosen):
            # numbered after the members
            own_key = jax.random.fold_in(tune_key, settings.population + i)
            fresh = [hardener.tuned(design, population.wish(design.member), own_key, jax.random.clone(harden_key))]
            ledger.pay(ledger.training(settings.finetune_steps * settings.batch_size * bench.problem.chips) + each)
            found += fresh
            entries += course(ledger, fresh)
            report(ledger.spent / total, f"fine-tuned {i + 1} of {len(chosen)}")
        # hardening stops early where no step is better: what is left looks for more
        left = int((budget - ledger.spent) / each)
        mutants = polish(hardener, found, left, seed + 1, jax.random.clone(harden_key))
        ledger.pay(len(mutants) * each)
        return Found(found + mutants, entries + course(ledger, mutants), ledger.spent, tuple(claims))

    def _hardened(
        self, joint: JointSearch, hardener: Hardener, population: Population, m: int, key: Key[Array, ""], tune_key: Key[Array, ""]
    ) -> tuple[list[Candidate], Claim]:
        member = jax.tree.map(lambda x: x[m], population.members)
        values = {name: np.asarray(v) for name, v in joint.problem.space.relax(member.latents).items()}
        wish = population.wish(m)
        # claim, corners and variants on one simulated chip, that of `key`
        relaxed = joint.claimed(member, key)
        point, rounded, feasible = hardener.hardened(member.network, values, wish, jax.random.clone(key))
        prices = jax.tree.map(lambda x: x[m], population.multipliers)
        network = hardener.finetune(member.network, point, wish, tune_key, prices)
        found = variants(hardener, m, network, point, wish, jax.random.clone(key))
        return found, Claim(relaxed, rounded, feasible, [float(v) for v in found[0].objectives])


def compiled(bench: Workbench, settings: Settings) -> tuple[JointSearch, Hardener]:
    """The search of a workbench for given settings: compiled once however many seeds it runs."""
    # held by the workbench, which lives as long as its problem and knows nothing of the joint search
    held: dict[Settings, tuple[JointSearch, Hardener]] = bench.__dict__.setdefault("_joint", {})
    if settings not in held:
        joint = JointSearch(bench.problem, settings)
        held[settings] = (joint, Hardener(bench.problem, settings, scalarisation=joint.scalarisation))
    return held[settings]
