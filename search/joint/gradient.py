"""The joint search: a population of (weights, chip), each member with its own preference, moved by one gradient step together.

Stages: warm-up (weights only, on chips drawn at random in every step: a supernet, shared by all members or one for each), relax (weights
and chip), anneal (the cost model hardens, soft choices are made). Between device calls the population looks at validation data: that
frames the front, prices constraints (augmented Lagrangian) and re-spreads preferences. Hardening and fine-tuning follow in
`search.joint.harden`.
"""

from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Key

from codesign.evaluation.evaluate import Batch
from codesign.parameters.space import SHARP
from search.joint import decisions, lagrangian, members, scalarise
from search.joint.decisions import Decisions, shares_weights
from search.joint.members import Member
from search.joint.population import Metrics, Population
from search.joint.scalarise import AbstractScalarisation, Frame
from search.joint.step import Step
from search.problem.batches import VALIDATION_SAMPLES, as_batch
from search.problem.problem import Problem
from search.problem.schedule import END, Settings, Stage, looks, stages

SCOUTING = 2**30  # beyond every step: key of the chips that members begin with


class JointSearch:
    """The population's step, compiled once for all stages."""

    def __init__(self, problem: Problem, settings: Settings) -> None:
        self.problem, self.settings = problem, settings
        self.scalarisation: AbstractScalarisation = scalarise.make(
            settings.scalarisation, settings.preference_low, settings.preference_high
        )
        # arguments of the compiled step: as constants they would tie the program to the split of one seed
        self._train = as_batch(problem.dataset.train)
        self._whole_validation = validation = as_batch(problem.dataset.validation)
        self._validation = Batch(validation.inputs[:VALIDATION_SAMPLES], validation.labels[:VALIDATION_SAMPLES])
        self._map = members.mapping(settings.population_axis)
        self._step = Step(problem, settings, self.scalarisation, self._map)
        self._settle = Decisions(problem, settings, self.scalarisation, self._step.member)
        self._claim_jit = jax.jit(self._claim_traced)

    @property
    def traces(self) -> int:
        """How often the step has been traced."""
        return self._step.traces

    def start(self, key: Key[Array, ""]) -> Population:
        """Members with their own initial weights, all chips in the middle of the space."""
        count, objectives = self.settings.population, len(self.problem.objectives)
        stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *[self._step.member(k) for k in jax.random.split(key, count)])
        preferences = self.scalarisation.spread(count, objectives)
        constraints = len(self.problem.limits)
        return Population(
            members.spread_over_devices(stacked, self._map),
            jnp.asarray(preferences),
            jnp.zeros((), jnp.int32),
            jnp.zeros(count, jnp.int32),
            jax.vmap(lambda _: lagrangian.start(constraints))(jnp.arange(count)),
            # bounds on answers count as held until they have been looked at
            jnp.full((count, constraints), -1.0, jnp.float32),
            # a frame of 0 to 1 changes nothing, until the population has been looked at
            Frame(jnp.zeros(objectives, jnp.float32), jnp.ones(objectives, jnp.float32)),
            jnp.zeros(count, jnp.int32),
            jnp.zeros((), jnp.float32),
            jnp.zeros((), jnp.int32),
        )

    def advance(
        self, population: Population, stage: Stage, hardness: float, key: Key[Array, ""], temperature: float = SHARP, looking: bool = True
    ) -> tuple[Population, Metrics]:
        """`steps_per_call` minibatches for every member, in one device call; `looking` at validation data at its end."""
        at_work = population.alive
        shared = shares_weights(stage, self.settings)
        if shared:
            at_work &= np.arange(len(at_work)) == 0
        # of one type in all stages, so that the step is traced once
        random_chip, hard, warm = (jnp.asarray(x, jnp.float32) for x in (stage.random_chip, hardness, temperature))
        working, look = jnp.asarray(at_work), jnp.asarray(looking)
        population, metrics = self._step.advance(population, random_chip, hard, warm, working, look, key, self._train, self._validation)
        return (population.with_first_weights(), metrics.of_first()) if shared else (population, metrics)

    def run(
        self,
        population: Population,
        key: Key[Array, ""],
        on_call: Callable[[str, int, int, Population, Metrics], None],
        scout: Callable[[Population, Key[Array, ""]], Population] = lambda population, _: population,
    ) -> Iterator[Population]:
        """All stages from where `population` stands; yields after every call, so that the caller can save or stop.

        Args:
            population: where it stands.
            key: of everything drawn at random.
            on_call: `on_call(stage name, steps done, steps in all, population, metrics)` sees every call's result.
            scout: chooses the chips that members begin to learn from, once their weights are warm; see `search.joint.scout`.
        """
        per_call = self.settings.steps_per_call
        plan = stages(self.settings)
        total, before = sum(stage.steps for stage in plan), 0
        for stage in plan:
            # stages are rounded up to whole calls, which are all of one shape
            end = before + -(-stage.steps // per_call) * per_call
            for done in range(0, stage.steps, per_call):
                if int(population.step) > before + done:
                    continue
                # without a warm-up there are no warm weights to score with
                if stage.name == "relax" and before and not done:
                    population = scout(population, jax.random.fold_in(key, SCOUTING))
                # by step: a search that is resumed draws what it would have drawn
                call_key = jax.random.fold_in(key, before + done)
                population, metrics = self.advance(
                    population, stage, stage.hardness(done), call_key, stage.temperature(done), looks(stage, done, per_call)
                )
                population = self._settle(population, stage, done + per_call, end, metrics, key)
                on_call(stage.name, min(before + done + per_call, total), total, population, metrics)
                yield population
            before = end

    def failures(self, population: Population, metrics: Metrics) -> dict[int, str]:
        """Members that have failed, and why, as far as their last metrics tell."""
        return {int(m): decisions.reason(self.problem, metrics, int(m)) for m in np.flatnonzero(~population.alive)}

    def claimed(self, member: Member, key: Key[Array, ""]) -> list[float]:
        """What the relaxed model says of a member on all validation data, for the gap: its objectives."""
        # callers give the chip that hardened designs are scored on: the gap is not one between chips
        return [float(v) for v in self._claim_jit(member.network, member.latents, jax.random.clone(key), self._whole_validation)]

    def _claim_traced(self, network: nnx.State, latents: dict[str, Array], key: Key[Array, ""], validation: Batch) -> Array:
        # without noise, and as hard as the anneal stage ends
        design = self.problem.place(network, self.problem.space.relax(latents))
        return self.problem.values(self.problem.evaluate(design, validation, key, exact=False, hardness=END))
