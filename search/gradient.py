"""The joint search: a population of (weights, chip), each member with its own preference, moved by one gradient step together.

Stages: warm-up (weights only, on chips drawn at random in every step: a supernet, shared by all members or one for each), relax (weights
and chip), anneal (the cost model hardens, soft choices are made). Between device calls the population looks at validation data: that
frames the front, prices constraints (augmented Lagrangian) and re-spreads preferences. Hardening and fine-tuning follow in
`search.harden`.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jaxtyping import Array, Float, Int, Key

from codesign.evaluate import Batch, Evaluation
from codesign.parameter import SHARP
from search import lagrangian, members, scalarise
from search.lagrangian import Multipliers
from search.members import Member, spread_over_devices
from search.problem import Problem, as_batch
from search.scalarise import AbstractScalarisation, Frame
from search.schedule import END, Settings, Stage, looks, stages

VALIDATION_SAMPLES = 256
SCOUTING = 2**30  # beyond every step: key of the chips that members begin with
RESTART = 2**31  # beyond every step: keys of members that are started again
RESPREADS = (1 / 3, 2 / 3, 1.0)  # shares of the relax stage after which preferences are shared anew


class Population(NamedTuple):
    """All members, stacked along the first axis, and where the search stands.

    Attributes:
        members: stacked members.
        preferences: what each asks for; see `search.scalarise`.
        step: minibatches done.
        skipped: updates that were left out because a gradient was not finite, per member.
        multipliers: of the constraints, per member.
        measured: how far each constraint was exceeded on validation data, per member.
        frame: of the front.
        restarts: how often a member was started again because nothing of it was finite; above 1 it has failed.
        best_volume, stale: largest relaxed hypervolume of the stage, and device calls since.
    """

    members: Member
    preferences: Float[Array, "population objectives"]
    step: Int[Array, ""]
    skipped: Int[Array, " population"]
    multipliers: Multipliers
    measured: Float[Array, "population constraints"]
    frame: Frame
    restarts: Int[Array, " population"]
    best_volume: Float[Array, ""]
    stale: Int[Array, ""]

    @property
    def alive(self) -> np.ndarray:
        """Members that have not failed."""
        return np.asarray(self.restarts) < 2

    def wish(self, member: int) -> scalarise.Wish:
        """What a member asks for."""
        return scalarise.Wish(self.preferences[member], self.frame)


class Metrics(NamedTuple):
    """What one call saw: means over its minibatches, and validation data at its end.

    Attributes:
        loss, objectives: means over minibatches of training data.
        skipped: updates left out.
        relaxed: the objectives' relaxed forms on validation data.
    """

    loss: Float[Array, " population"]
    objectives: Float[Array, "population objectives"]
    skipped: Int[Array, " population"]
    relaxed: Float[Array, "population objectives"]


class JointSearch:
    """The population's step, compiled once for all stages."""

    def __init__(self, problem: Problem, settings: Settings) -> None:
        self.problem, self.settings = problem, settings
        self.scalarisation: AbstractScalarisation = scalarise.make(
            settings.scalarisation, settings.preference_low, settings.preference_high
        )
        self._network_optimiser = optax.adam(settings.learning_rate)
        self._latent_optimiser = optax.adam(settings.chip_learning_rate)
        self._train = as_batch(problem.dataset.train)
        self._whole_validation = validation = as_batch(problem.dataset.validation)
        self._validation = Batch(validation.inputs[:VALIDATION_SAMPLES], validation.labels[:VALIDATION_SAMPLES])
        self._map = members.mapping(settings.population_axis)
        self.traces = 0
        self._advance = jax.jit(self._advance_traced)
        self._claim_jit = jax.jit(self._claim_traced)

    def start(self, key: Key[Array, ""]) -> Population:
        """Members with their own initial weights, all chips in the middle of the space."""
        count, objectives = self.settings.population, len(self.problem.objectives)
        stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *[self._member(k) for k in jax.random.split(key, count)])
        preferences = self.scalarisation.spread(count, objectives)
        constraints = len(self.problem.limits)
        return Population(
            spread_over_devices(stacked, self._map),
            jnp.asarray(preferences),
            jnp.zeros((), jnp.int32),
            jnp.zeros(count, jnp.int32),
            jax.vmap(lambda _: lagrangian.start(constraints))(jnp.arange(count)),
            jnp.full((count, constraints), -1.0, jnp.float32),
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
        if self._shared(stage):
            at_work &= np.arange(len(at_work)) == 0
        traced = [jnp.asarray(x, jnp.float32) for x in (stage.random_chip, hardness, temperature)]
        population, metrics = self._advance(
            population, *traced, jnp.asarray(at_work), jnp.asarray(looking), key, self._train, self._validation
        )
        return (members.broadcast(population), members.broadcast_metrics(metrics)) if self._shared(stage) else (population, metrics)

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
            scout: chooses the chips that members begin to learn from, once their weights are warm; see `search.scout`.
        """
        per_call = self.settings.steps_per_call
        plan = stages(self.settings)
        total, before = sum(stage.steps for stage in plan), 0
        for stage in plan:
            end = before + -(-stage.steps // per_call) * per_call
            for done in range(0, stage.steps, per_call):
                if int(population.step) > before + done:
                    continue
                if stage.name == "relax" and before and not done:
                    population = scout(population, jax.random.fold_in(key, SCOUTING))
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
        return {int(m): members.reason(self.problem, metrics, int(m)) for m in np.flatnonzero(~population.alive)}

    def claimed(self, member: Member, key: Key[Array, ""]) -> list[float]:
        """What the relaxed model says of a member on all validation data, for the gap: its objectives."""
        return [float(v) for v in self._claim_jit(member.network, member.latents, jax.random.clone(key), self._whole_validation)]

    def _claim_traced(self, network: nnx.State, latents: dict[str, Array], key: Key[Array, ""], validation: Batch) -> Array:
        design = self.problem.place(network, self.problem.space.relax(latents))
        return self.problem.values(self.problem.evaluate(design, validation, key, exact=False, hardness=END))

    def _shared(self, stage: Stage) -> bool:
        return stage.random_chip > 0 and self.settings.warm_start == "shared"

    def _member(self, key: Key[Array, ""]) -> Member:
        network, space = self.problem.build(key), self.problem.space
        latents = {name: jnp.full(space.shape(name), 0.5, jnp.float32) for name in space.parameters}
        return Member(network, latents, self._network_optimiser.init(network), self._latent_optimiser.init(latents))

    def _settle(self, population: Population, stage: Stage, done: int, end: int, metrics: Metrics, key: Key[Array, ""]) -> Population:
        """What is decided between device calls: restarts, the frame, preferences, an early end."""
        population = self._restart(population, stage, metrics, key)
        relaxed = np.where(population.alive[:, None], np.asarray(metrics.relaxed, np.float64), np.nan)
        learning = stage.random_chip == 0
        frame = members.framed(population.frame, relaxed, only_front=learning)
        population = population._replace(frame=frame)
        if not learning:
            return population
        preferences = np.asarray(population.preferences)
        per_call = self.settings.steps_per_call
        if stage.name == "relax" and any(done - per_call < share * stage.steps <= done for share in RESPREADS):
            preferences = self.scalarisation.respread(preferences, relaxed, frame)
        population = population._replace(preferences=jnp.asarray(self.scalarisation.steer(preferences, relaxed, frame), jnp.float32))
        return self._impatient(population, members.relaxed_volume(relaxed), end)

    def _impatient(self, population: Population, volume: float, end: int) -> Population:
        """The population at the end of its stage when the relaxed hypervolume has long stopped to grow."""
        best = float(population.best_volume)
        grown = volume > best + 1e-3 * max(abs(best), 1e-3)
        stale = 0 if grown else int(population.stale) + 1
        population = population._replace(best_volume=jnp.float32(max(best, volume)), stale=jnp.int32(stale))
        if not 0 < self.settings.patience <= stale:
            return population
        return population._replace(step=jnp.int32(end), best_volume=jnp.float32(0), stale=jnp.int32(0))

    def _restart(self, population: Population, stage: Stage, metrics: Metrics, key: Key[Array, ""]) -> Population:
        """Members of which nothing was finite in a whole call are started again once, then given up."""
        lost = population.alive & (np.asarray(metrics.skipped) >= self.settings.steps_per_call)
        restarts = np.asarray(population.restarts) + lost
        for m in np.flatnonzero(lost & (restarts < 2)):
            fresh_key, latent_key = jax.random.split(jax.random.fold_in(jax.random.fold_in(key, RESTART + int(m)), int(population.step)))
            fresh = self._member(fresh_key)
            fresh = fresh._replace(latents=members.uniform_like(fresh.latents, latent_key))
            stacked = jax.tree.map(lambda all_, one, m=m: all_.at[m].set(one), population.members, fresh)
            start = lagrangian.start(len(self.problem.limits))
            multipliers = jax.tree.map(lambda all_, one, m=m: all_.at[m].set(one), population.multipliers, start)
            population = population._replace(members=stacked, multipliers=multipliers)
        if self._shared(stage) and lost[0]:  # the supernet is everybody's
            restarts = np.full_like(restarts, restarts[0]) if restarts[0] > 1 else np.where(np.arange(len(restarts)) == 0, restarts, 0)
        return population._replace(restarts=jnp.asarray(restarts, jnp.int32))

    def _advance_traced(
        self,
        population: Population,
        random_chip: Array,
        hardness: Array,
        temperature: Array,
        at_work: Array,
        looking: Array,
        key: Key[Array, ""],
        train: Batch,
        validation: Batch,
    ) -> tuple[Population, Metrics]:
        self.traces += 1  # runs while tracing only: a test counts it
        count = self.settings.population
        setting = (random_chip, hardness, temperature)

        def one(inputs: Any) -> tuple[Member, Array, tuple[Array, Array]]:
            member, preference, multipliers, measured, working, step_key = inputs

            def learn(_: None) -> tuple[Member, Array, tuple[Array, Array]]:
                wish = scalarise.Wish(preference, population.frame)
                return self._member_step(member, wish, multipliers, measured, step_key, setting, train)

            def rest(_: None) -> tuple[Member, Array, tuple[Array, Array]]:
                return member, jnp.int32(0), (jnp.float32(jnp.nan), jnp.full(len(self.problem.objectives), jnp.nan, jnp.float32))

            return jax.lax.cond(working, learn, rest, None)

        def minibatch(carry: tuple[Member, Array], step_key: Array) -> tuple[tuple[Member, Array], tuple[Array, Array]]:
            stacked, skipped = carry
            keys = jax.random.split(step_key, count)
            inputs = (stacked, population.preferences, population.multipliers, population.measured, at_work, keys)
            stacked, bad, seen = self._map(one, inputs)
            return (stacked, skipped + bad), seen

        step_key, validation_key = jax.random.split(key)
        step_keys = jax.random.split(step_key, self.settings.steps_per_call)
        start = (population.members, jnp.zeros(count, jnp.int32))
        (stacked, skipped), seen = jax.lax.scan(minibatch, start, step_keys)
        loss, objectives = jax.tree.map(lambda m: jnp.mean(m, axis=0), seen)
        shared = at_work & (jnp.arange(count) > 0)  # where only the first works, the others look at its weights
        source = jnp.where(shared | ~jnp.any(at_work), jnp.arange(count), 0)

        def look(inputs: Any) -> tuple[Array, Array]:
            index, latents, look_key = inputs
            network = jax.tree.map(lambda x: x[index], stacked.network)
            blind = (jnp.full(len(self.problem.objectives), jnp.nan), jnp.full(len(self.problem.limits), jnp.nan))
            see = lambda: self._look(network, latents, look_key, setting, validation)  # noqa: E731
            return jax.lax.cond(looking, see, lambda: blind)

        relaxed, excess = self._map(look, (source, stacked.latents, jax.random.split(validation_key, count)))
        renewed = jax.vmap(lagrangian.update)(population.multipliers, excess)
        learning = (random_chip == 0) & at_work
        multipliers = jax.tree.map(
            lambda new, old: jnp.where(learning.reshape(-1, *[1] * (new.ndim - 1)), new, old), renewed, population.multipliers
        )
        measured = jnp.where(jnp.isfinite(excess), excess, population.measured)
        advanced = population._replace(
            members=stacked,
            step=population.step + self.settings.steps_per_call,
            skipped=population.skipped + skipped,
            multipliers=multipliers,
            measured=measured,
        )
        return advanced, Metrics(loss, objectives, skipped, relaxed)

    def _look(
        self, network: nnx.State, latents: dict[str, Array], key: Key[Array, ""], setting: tuple[Array, Array, Array], validation: Batch
    ) -> tuple[Array, Array]:
        """Relaxed objectives and excess on validation data; of a chip drawn at random while these are trained."""
        random_chip, hardness, temperature = setting
        draw_key, chip_key = jax.random.split(key)
        values = self.problem.space.relax(_mixed(latents, random_chip, draw_key), temperature)
        evaluation = self.problem.evaluate(self.problem.place(network, values), validation, chip_key, exact=False, hardness=hardness)
        return self.problem.relaxed(evaluation), self.problem.excess(evaluation)

    def _member_step(
        self,
        member: Member,
        wish: scalarise.Wish,
        multipliers: Multipliers,
        measured: Array,
        key: Key[Array, ""],
        setting: tuple[Array, Array, Array],
        train: Batch,
    ) -> tuple[Member, Array, tuple[Array, Array]]:
        random_chip, hardness, temperature = setting
        batch_key, latent_key, noise_key, chip_key = jax.random.split(key, 4)
        batch = draw(train, self.settings.batch_size, batch_key)
        latents = _mixed(member.latents, random_chip, latent_key)
        noise = self.problem.space.noise(noise_key)

        def wished(evaluation: Evaluation) -> Array:
            scalar = self.scalarisation(self.problem.relaxed(evaluation), *wish)
            return scalar + lagrangian.term(multipliers, self.problem.steered(evaluation, measured))

        def objective(network: nnx.State, z: dict[str, Array]) -> tuple[Array, tuple[Array, Array]]:
            design = self.problem.place(network, self.problem.space.relax(z, temperature, noise))
            evaluation = self.problem.evaluate(design, batch, chip_key, exact=False, hardness=hardness)
            # while chips are random, cost would only silence the network: answers alone count
            value = jax.lax.cond(random_chip > 0, lambda e: e.smoothed_loss, wished, evaluation)
            return value, (evaluation.loss, self.problem.values(evaluation))

        (_, seen), (network_gradient, latent_gradient) = jax.value_and_grad(objective, argnums=(0, 1), has_aux=True)(
            member.network, latents
        )
        network_update, network_state = self._network_optimiser.update(network_gradient, member.network_optimiser, member.network)
        latent_update, latent_state = self._latent_optimiser.update(latent_gradient, member.latent_optimiser, member.latents)
        moved = self.problem.space.project(optax.apply_updates(member.latents, latent_update))
        learned = Member(optax.apply_updates(member.network, network_update), moved, network_state, latent_state)
        chip_kept = Member(learned.network, member.latents, network_state, member.latent_optimiser)
        updated = jax.tree.map(lambda a, b: jnp.where(random_chip > 0, a, b), chip_kept, learned)
        finite = jnp.isfinite(optax.global_norm((network_gradient, latent_gradient)))
        kept = jax.tree.map(lambda new, old: jnp.where(finite, new, old), updated, member)
        return kept, (~finite).astype(jnp.int32), seen


def draw(split: Batch, size: int, key: Key[Array, ""]) -> Batch:
    """A minibatch drawn with replacement."""
    index = jax.random.randint(key, (size,), 0, split.labels.shape[0])
    return Batch(split.inputs[index], split.labels[index])


def _mixed(latents: dict[str, Array], random_chip: Array, key: Key[Array, ""]) -> dict[str, Array]:
    """The latents, or random ones while chips are drawn."""
    drawn = members.uniform_like(latents, key)
    return {name: random_chip * drawn[name] + (1 - random_chip) * z for name, z in latents.items()}
