"""The traced step of a joint search: some minibatches for every member, then one look at validation data."""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jaxtyping import Array, Key

from codesign.evaluation.evaluate import Batch, Evaluation
from search.joint import lagrangian, scalarise
from search.joint.lagrangian import Multipliers
from search.joint.members import Mapping, Member, side_by_side, uniform_like
from search.joint.population import Metrics, Population
from search.joint.scalarise import AbstractScalarisation
from search.problem.batches import draw
from search.problem.problem import Problem
from search.problem.schedule import Settings


class Step:
    """`settings.steps_per_call` minibatches of every member in one device call; compiled once for all stages.

    Attributes:
        traces: how often it has been traced.
    """

    def __init__(self, problem: Problem, settings: Settings, scalarisation: AbstractScalarisation, over_members: Mapping) -> None:
        self.problem = problem.sharing(settings.population) if over_members is side_by_side else problem
        self.settings, self.scalarisation, self._map = settings, scalarisation, over_members
        self._network_optimiser = optax.adam(settings.learning_rate)
        self._latent_optimiser = optax.adam(settings.chip_learning_rate)
        self.traces = 0
        self.advance = jax.jit(self._advance)

    def member(self, key: Key[Array, ""]) -> Member:
        """A member before its first step: weights that the problem begins with, the chip in the middle of the space."""
        network, space = self.problem.begin(key), self.problem.space
        latents = {name: jnp.full(space.shape(name), 0.5, jnp.float32) for name in space.parameters}
        return Member(network, latents, self._network_optimiser.init(network), self._latent_optimiser.init(latents))

    def _advance(
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
        """The population after the call, and what it saw; called through `advance`, its compiled form.

        Args:
            population: before.
            random_chip: 1 while weights learn on chips drawn at random, 0 while chips are learned.
            hardness: of the cost model.
            temperature: of soft choices.
            at_work: `[population]`, members that learn.
            looking: whether validation data are looked at in the end; what is seen is NaN where not.
            key: of everything drawn at random.
            train: data that minibatches are drawn from.
            validation: data that is looked at.
        """
        self.traces += 1  # runs while tracing only: a test counts it
        count = self.settings.population
        setting = (random_chip, hardness, temperature)

        def one(inputs: Any) -> tuple[Member, Array, tuple[Array, Array]]:
            member, preference, multipliers, measured, working, step_key = inputs

            def learn(_: None) -> tuple[Member, Array, tuple[Array, Array]]:
                wish = scalarise.Wish(preference, population.frame)
                return self._member_step(member, wish, multipliers, measured, step_key, setting, train)

            def rest(_: None) -> tuple[Member, Array, tuple[Array, Array]]:
                # a member that rests has seen nothing: NaN
                return member, jnp.int32(0), (jnp.float32(jnp.nan), jnp.full(len(self.problem.objectives), jnp.nan, jnp.float32))

            # saves the work where members run in turn; side by side both branches are computed
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
            # the condition is one for all members: also side by side, a look that is not wanted costs nothing
            return jax.lax.cond(looking, see, lambda: blind)

        relaxed, excess = self._map(look, (source, stacked.latents, jax.random.split(validation_key, count)))
        # excess is NaN where nothing was looked at, which changes no price
        renewed = jax.vmap(lagrangian.update)(population.multipliers, excess)
        # prices stand still while chips are random: no member could answer to them
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
        # without Gumbel noise: as the choices would be if they were made now
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
        # the gradient by latents drawn at random is thrown away below, where the chip is kept
        latents = _mixed(member.latents, random_chip, latent_key)
        noise = self.problem.space.noise(noise_key)

        def wished(evaluation: Evaluation) -> Array:
            scalar = self.scalarisation(self.problem.relaxed(evaluation), *wish)
            return scalar + lagrangian.term(multipliers, self.problem.steered(evaluation, measured))

        def objective(network: nnx.State, z: dict[str, Array]) -> tuple[Array, tuple[Array, Array]]:
            design = self.problem.place(network, self.problem.space.relax(z, temperature, noise))
            evaluation = self.problem.trained.evaluate(design, batch, chip_key, exact=False, hardness=hardness)
            # while chips are random, cost would only silence the network: answers alone count
            value = jax.lax.cond(random_chip > 0, lambda e: e.smoothed_loss, wished, evaluation)
            return value, (evaluation.loss, self.problem.values(evaluation))

        (_, seen), (network_gradient, latent_gradient) = jax.value_and_grad(objective, argnums=(0, 1), has_aux=True)(
            member.network, latents
        )
        network_update, network_state = self._network_optimiser.update(network_gradient, member.network_optimiser, member.network)
        latent_update, latent_state = self._latent_optimiser.update(latent_gradient, member.latent_optimiser, member.latents)
        # beyond [0, 1] a latent would have no gradient to come back by
        moved = self.problem.space.project(optax.apply_updates(member.latents, latent_update))
        learned = Member(optax.apply_updates(member.network, network_update), moved, network_state, latent_state)
        chip_kept = Member(learned.network, member.latents, network_state, member.latent_optimiser)
        # chosen by a traced number: one program serves the warm-up and all other stages
        updated = jax.tree.map(lambda a, b: jnp.where(random_chip > 0, a, b), chip_kept, learned)
        finite = jnp.isfinite(optax.global_norm((network_gradient, latent_gradient)))
        # with Adam's moments: a NaN in them would never leave
        kept = jax.tree.map(lambda new, old: jnp.where(finite, new, old), updated, member)
        return kept, (~finite).astype(jnp.int32), seen


def _mixed(latents: dict[str, Array], random_chip: Array, key: Key[Array, ""]) -> dict[str, Array]:
    """The latents, or random ones while chips are drawn."""
    drawn = uniform_like(latents, key)
    return {name: random_chip * drawn[name] + (1 - random_chip) * z for name, z in latents.items()}
