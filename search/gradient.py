"""The joint search: a population of (weights, chip), each member with its own preference, moved by one gradient step together.

Stages: warm-up (weights only, on chips drawn at random in every step: a supernet), relax (weights and chip), anneal (the cost
model hardens). Hardening and fine-tuning follow in `search.harden`.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jaxtyping import Array, Float, Int, Key
from numpy.typing import NDArray

from codesign.evaluate import Batch
from search.problem import Problem, as_batch


class Settings(NamedTuple):
    """How the joint search is run; steps are minibatches per member."""

    population: int = 10
    batch_size: int = 64
    warmup_steps: int = 300
    relax_steps: int = 400
    anneal_steps: int = 200
    finetune_steps: int = 150
    steps_per_call: int = 25
    learning_rate: float = 3e-3
    chip_learning_rate: float = 2e-2
    preference_low: float = 3e-3
    preference_high: float = 1.0


class Member(NamedTuple):
    """One member: weights, chip (as latents in [0, 1]) and its optimisers' states."""

    network: nnx.State
    latents: dict[str, Array]
    network_optimiser: Any
    latent_optimiser: Any


class Population(NamedTuple):
    """All members, stacked along the first axis, and where the search stands.

    Attributes:
        members: stacked members.
        preferences: weight of each objective's relaxed form.
        step: minibatches done.
        skipped: updates that were left out because a gradient was not finite, per member.
    """

    members: Member
    preferences: Float[Array, "population objectives"]
    step: Int[Array, ""]
    skipped: Int[Array, " population"]


class Metrics(NamedTuple):
    """Means over the minibatches of one call, `[population]` or `[population, objectives]`."""

    loss: Float[Array, " population"]
    objectives: Float[Array, "population objectives"]


class Stage(NamedTuple):
    """What a stage changes: whether the chip is drawn at random or learned, and the hardness at its start and end."""

    name: str
    steps: int
    random_chip: float
    hardness_start: float
    hardness_end: float


def stages(settings: Settings) -> list[Stage]:
    """The gradient stages in order."""
    return [
        Stage("warm-up", settings.warmup_steps, 1.0, 0.3, 0.3),
        Stage("relax", settings.relax_steps, 0.0, 0.3, 0.3),
        Stage("anneal", settings.anneal_steps, 0.0, 0.3, 0.95),
    ]


def spread_preferences(population: int, objectives: int, low: float, high: float) -> NDArray[np.float32]:
    """Preferences `[population, objectives]`: 1 for the first objective, a geometric range for the others.

    With several cost objectives, the strength is shared among them in proportions that walk evenly over the simplex (golden-ratio
    sequence), so that each of them leads somewhere.
    """
    strength = np.geomspace(low, high, population) if population > 1 else np.array([np.sqrt(low * high)])
    others = objectives - 1
    golden = (np.outer(np.arange(population), np.arange(1, others + 1)) * 0.6180339887) % 1
    shares = -np.log(np.clip(golden + 0.5 / population, 1e-3, 1 - 1e-3)) if others > 1 else np.ones((population, others))
    shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-9)
    return np.concatenate([np.ones((population, 1)), strength[:, None] * shares * max(others, 1)], axis=1).astype(np.float32)


class JointSearch:
    """The population's step, compiled once for all stages."""

    def __init__(self, problem: Problem, settings: Settings) -> None:
        self.problem, self.settings = problem, settings
        self._network_optimiser = optax.adam(settings.learning_rate)
        self._latent_optimiser = optax.adam(settings.chip_learning_rate)
        self._train = as_batch(problem.dataset.train)
        self.traces = 0
        self._advance = jax.jit(self._advance_traced)

    def start(self, key: Key[Array, ""]) -> Population:
        """Members with their own initial weights, all chips in the middle of the space."""
        count = self.settings.population
        member_keys = jax.random.split(key, count)
        networks = [self.problem.build(k) for k in member_keys]
        space = self.problem.space
        latents = {name: jnp.full(space.shape(name), 0.5, jnp.float32) for name in space.parameters}
        members = [Member(n, latents, self._network_optimiser.init(n), self._latent_optimiser.init(latents)) for n in networks]
        preferences = spread_preferences(count, len(self.problem.objectives), self.settings.preference_low, self.settings.preference_high)
        stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *members)
        return Population(stacked, jnp.asarray(preferences), jnp.zeros((), jnp.int32), jnp.zeros(count, jnp.int32))

    def advance(self, population: Population, stage: Stage, hardness: float, key: Key[Array, ""]) -> tuple[Population, Metrics]:
        """`steps_per_call` minibatches for every member, in one device call."""
        return self._advance(population, jnp.asarray(stage.random_chip, jnp.float32), jnp.asarray(hardness, jnp.float32), key, self._train)

    def run(
        self, population: Population, key: Key[Array, ""], on_call: Callable[[str, int, int, Population, Metrics], None]
    ) -> Iterator[Population]:
        """All stages from where `population` stands; yields after every call, so that the caller can save or stop.

        `on_call(stage name, steps done, steps in all, population, metrics)` sees every call's result.
        """
        per_call = self.settings.steps_per_call
        plan = stages(self.settings)
        total, before = sum(stage.steps for stage in plan), 0
        for stage in plan:
            for done in range(0, stage.steps, per_call):
                if int(population.step) > before + done:
                    continue
                hardness = stage.hardness_start + (stage.hardness_end - stage.hardness_start) * done / stage.steps
                population, metrics = self.advance(population, stage, hardness, jax.random.fold_in(key, before + done))
                on_call(stage.name, min(before + done + per_call, total), total, population, metrics)
                yield population
            before += -(-stage.steps // per_call) * per_call

    def _advance_traced(
        self, population: Population, random_chip: Array, hardness: Array, key: Key[Array, ""], train: Batch
    ) -> tuple[Population, Metrics]:
        self.traces += 1  # runs while tracing only: a test counts it
        count = self.settings.population

        def minibatch(carry: tuple[Member, Array], step_key: Array) -> tuple[tuple[Member, Array], Metrics]:
            members, skipped = carry
            keys = jax.random.split(step_key, count)
            # one after another: on CPU, batching over different weights is slower than a loop
            members, bad, metrics = jax.lax.map(
                lambda one: self._member_step(one[0], one[1], one[2], random_chip, hardness, train), (members, population.preferences, keys)
            )
            return (members, skipped + bad), metrics

        step_keys = jax.random.split(key, self.settings.steps_per_call)
        (members, skipped), metrics = jax.lax.scan(minibatch, (population.members, population.skipped), step_keys)
        step = population.step + self.settings.steps_per_call
        return Population(members, population.preferences, step, skipped), jax.tree.map(lambda m: jnp.mean(m, axis=0), metrics)

    def _member_step(
        self, member: Member, preference: Array, key: Key[Array, ""], random_chip: Array, hardness: Array, train: Batch
    ) -> tuple[Member, Array, Metrics]:
        batch_key, latent_key, chip_key = jax.random.split(key, 3)
        batch = draw(train, self.settings.batch_size, batch_key)
        drawn = _uniform_like(member.latents, latent_key)
        latents = {name: random_chip * drawn[name] + (1 - random_chip) * z for name, z in member.latents.items()}
        # while chips are random, energy would only silence the network: accuracy alone counts
        weights = preference * jnp.where(jnp.arange(preference.shape[0]) == 0, 1.0, 1 - random_chip)

        def objective(network: nnx.State, z: dict[str, Array]) -> tuple[Array, tuple[Array, Array]]:
            design = self.problem.place(network, self.problem.space.relax(z))
            evaluation = self.problem.evaluate(design, batch, chip_key, exact=False, hardness=hardness)
            values = jnp.stack([o(evaluation) for o in self.problem.objectives])
            return self.problem.scalarise(evaluation, weights), (evaluation.loss, values)

        (_, (loss, values)), (network_gradient, latent_gradient) = jax.value_and_grad(objective, argnums=(0, 1), has_aux=True)(
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
        return kept, (~finite).astype(jnp.int32), Metrics(loss, values)


def draw(split: Batch, size: int, key: Key[Array, ""]) -> Batch:
    """A minibatch drawn with replacement."""
    index = jax.random.randint(key, (size,), 0, split.labels.shape[0])
    return Batch(split.inputs[index], split.labels[index])


def _uniform_like(latents: dict[str, Array], key: Key[Array, ""]) -> dict[str, Array]:
    keys = jax.random.split(key, len(latents))
    return {name: jax.random.uniform(k, z.shape, z.dtype) for (name, z), k in zip(latents.items(), keys, strict=True)}
