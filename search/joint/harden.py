"""From relaxed members to legal designs: corner rounding, polish, fine-tuning with the exact model, measurement on many chips."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jaxtyping import Array, Key

from codesign.evaluation.evaluate import Batch, Evaluation
from search.designs.candidate import Candidate, Scores
from search.designs.legal import Point, corners, neighbours
from search.joint import lagrangian
from search.joint.lagrangian import Multipliers
from search.joint.scalarise import AbstractScalarisation, Linear, Wish
from search.problem.batches import VALIDATION_SAMPLES, as_batch, draw
from search.problem.problem import Problem, as_values
from search.problem.schedule import Settings

CANDIDATES: Final = 32  # designs scored in one device call; fixed, so that scoring compiles once
FORBIDDEN: Final = 1e3  # merit of exceeding a constraint by its own size: a feasible design is always better


class NothingFiniteError(Exception):
    """No design near a relaxed one has finite objectives; the message says which are not."""


class Hardener:
    """Exact scoring and fine-tuning, each compiled once for all designs."""

    def __init__(
        self,
        problem: Problem,
        settings: Settings,
        validation_samples: int = VALIDATION_SAMPLES,
        scalarisation: AbstractScalarisation | None = None,
    ) -> None:
        self.problem, self.settings = problem, settings
        self.evaluations = 0  # designs scored so far
        self.scalarisation = scalarisation or Linear(settings.preference_low, settings.preference_high)
        self._train = as_batch(problem.dataset.train)
        validation = as_batch(problem.dataset.validation)
        self._whole_validation = validation
        self._validation = Batch(validation.inputs[:validation_samples], validation.labels[:validation_samples])
        self._test = as_batch(problem.dataset.test)
        # optax refuses a decay over no steps; beyond the last one the rate is 0, so that the rest of a call trains nothing
        self._optimiser = optax.adam(optax.cosine_decay_schedule(settings.learning_rate, max(settings.finetune_steps, 1)))
        self._score_jit = jax.jit(self._score_traced)
        self._finetune_jit = jax.jit(self._finetune_traced)
        self._verify_jit = jax.jit(self._verify_traced)

    def score(self, network: nnx.State, points: Sequence[Point], preference: Wish | Array, key: Key[Array, ""]) -> Scores:
        """Exact objectives of any number of points with one network, on validation data and as few simulated chips as they need."""
        parts, wish = [], Wish.of(preference)
        self.evaluations += len(points)
        for chunk in _batched(points, CANDIDATES):
            # the last point repeated: calls are of one shape, and what it adds is cut off again
            padded = [*chunk, *[chunk[-1]] * (CANDIDATES - len(chunk))]
            count = len(chunk)
            stacked = {name: jnp.asarray(np.array([p[name] for p in padded]), jnp.float32) for name in self.problem.space.parameters}
            scores = self._score_jit(network, stacked, wish, jax.random.clone(key))
            parts.append(jax.tree.map(lambda x, count=count: np.asarray(x)[:count], scores))
        return jax.tree.map(lambda *pieces: np.concatenate(pieces), *parts)

    def harden(
        self, network: nnx.State, values: Mapping[str, np.ndarray], preference: Wish | Array, key: Key[Array, ""], rounds: int = 2
    ) -> tuple[Point, list[float]]:
        """The best legal point near a relaxed one: corners, then `rounds` of greedy one-step polish.

        Returns:
            The polished point, and the exact objectives (validation) of the best corner before polish.

        Raises:
            NothingFiniteError: no corner has finite objectives.
        """
        point, rounded, _ = self.hardened(network, values, preference, key, rounds)
        return point, rounded

    def hardened(
        self, network: nnx.State, values: Mapping[str, np.ndarray], preference: Wish | Array, key: Key[Array, ""], rounds: int = 2
    ) -> tuple[Point, list[float], bool]:
        """As `harden`, and whether the best corner meets all constraints."""
        best, scores, at = self._best(network, corners(self.problem.space, values), preference, key)
        rounded, feasible = [float(v) for v in scores.objectives[at]], bool(lagrangian.feasible(scores.excess[at]))
        best_score = float(scores.scalar[at])
        for _ in range(rounds):
            try:
                point, scores, at = self._best(network, neighbours(self.problem.space, best), preference, key)
            except NothingFiniteError:
                break  # what stands is finite
            if not scores.scalar[at] < best_score:
                break
            best, best_score = point, float(scores.scalar[at])
        return best, rounded, feasible

    def _best(self, network: nnx.State, points: list[Point], preference: Wish | Array, key: Key[Array, ""]) -> tuple[Point, Scores, int]:
        scores = self.score(network, points, preference, key)
        if not np.any(np.isfinite(scores.scalar)):
            some = np.any(np.isfinite(scores.objectives), axis=0).tolist()
            names = [o.name for o, finite in zip(self.problem.objectives, some, strict=True) if not finite]
            raise NothingFiniteError(f"{' and '.join(names) or 'a constraint'} not finite at any legal design nearby")
        # an infinite merit of either sign is no merit
        at = int(np.nanargmin(np.where(np.isfinite(scores.scalar), scores.scalar, np.nan)))
        return points[at], scores, at

    def finetune(
        self, network: nnx.State, point: Point, preference: Wish | Array, key: Key[Array, ""], multipliers: Multipliers | None = None
    ) -> nnx.State:
        """Train the weights on the exact model of a legal chip, a new simulated chip in every step.

        Args:
            network: weights.
            point: the chip.
            preference: what the member asks for. Costs count as they did in the search: trained for answers alone, spiking neurons fire
                more, and the design costs more than was claimed.
            key: of minibatches and simulated chips.
            multipliers: of the problem's constraints, which keep activity from growing beyond a bound on costs; none where left out.
        """
        values, wish = as_values(self.problem.space, point), Wish.of(preference)
        state = self._optimiser.init(network)
        per_call = self.settings.steps_per_call
        prices = lagrangian.start(len(self.problem.limits)) if multipliers is None else multipliers
        for call in range(-(-self.settings.finetune_steps // per_call)):
            network, state = self._finetune_jit(network, state, values, wish, prices, jax.random.fold_in(key, call), self._train)
        return network

    def tuned(self, design: Candidate, wish: Wish, key: Key[Array, ""], chip: Key[Array, ""]) -> Candidate:
        """A design with weights of its own: those it has, fine-tuned on its chip, and scored on the simulated chip of `chip`."""
        network = self.finetune(design.network, design.point, wish, key)
        return self.score(network, [design.point], wish, chip).candidates([design.point], design.member, "tuned", network)[0]

    def measure(self, network: nnx.State, point: Point, keys: Key[Array, " chips"]) -> tuple[Evaluation, np.ndarray]:
        """The final measurement: test split, many simulated chips. Nothing is chosen by it."""
        # clones: every design is measured on the same chips
        evaluation, errors = self._verify_jit(network, as_values(self.problem.space, point), jax.random.clone(keys), self._test)
        return evaluation, np.asarray(errors)

    def validate(self, network: nnx.State, point: Point, keys: Key[Array, " chips"]) -> list[float]:
        """Objectives on validation data, mean over several simulated chips: what designs are chosen by."""
        evaluation = self.validation(network, point, keys)
        return [float(objective(evaluation)) for objective in self.problem.objectives]

    def validation(self, network: nnx.State, point: Point, keys: Key[Array, " chips"]) -> Evaluation:
        """The whole evaluation behind `validate`."""
        return self._verify_jit(network, as_values(self.problem.space, point), jax.random.clone(keys), self._whole_validation)[0]

    def _score_traced(self, network: nnx.State, stacked: dict[str, Array], wish: Wish, key: Key[Array, ""]) -> Scores:
        def one(values: dict[str, Array]) -> Scores:
            # common random numbers: all points on the same simulated chip
            chip = jax.random.clone(key)
            evaluation = self.problem.evaluate(self.problem.place(network, values), self._validation, chip, exact=True)
            excess = self.problem.excess(evaluation)
            relaxed = self.problem.relaxed(evaluation)
            merit = self.scalarisation(relaxed, *wish) + FORBIDDEN * jnp.sum(jnp.maximum(excess, 0))
            return Scores(self.problem.values(evaluation), merit, excess, relaxed)

        return jax.lax.map(one, stacked)

    def _finetune_traced(
        self,
        network: nnx.State,
        state: Any,
        values: dict[str, Array],
        wish: Wish,
        prices: Multipliers,
        key: Key[Array, ""],
        train: Batch,
    ) -> tuple[nnx.State, Any]:
        # one minibatch says too little of a bound on answers, and accuracy has no gradient: only bounds on costs are priced here
        cost = jnp.asarray([not limit.objective.answers for limit in self.problem.limits], bool)
        # the loss itself pulls where rounding has broken the balance in which a bound on answers was priced, and where nothing asked
        # for has a gradient by answers: costs alone would silence the network
        bounded = any(limit.objective.answers for limit in self.problem.limits)
        led = any(objective.answers and objective.differentiable for objective in self.problem.objectives)
        pull = float(bounded or not led)

        def step(carry: tuple[nnx.State, Any], step_key: Array) -> tuple[tuple[nnx.State, Any], None]:
            network, state = carry
            batch_key, chip_key = jax.random.split(step_key)
            batch = draw(train, self.settings.batch_size, batch_key)

            def loss(weights: nnx.State) -> Array:
                evaluation = self.problem.trained.evaluate(self.problem.place(weights, values), batch, chip_key, exact=True)
                inactive = -prices.price / prices.penalty  # where a constraint neither holds back nor pulls
                wished = self.scalarisation(self.problem.relaxed(evaluation), *wish) + pull * evaluation.loss
                return wished + lagrangian.term(prices, jnp.where(cost, self.problem.excess(evaluation), inactive))

            gradient = jax.grad(loss)(network)
            # one step without numbers would stay in Adam's moments for good
            finite = jnp.isfinite(optax.global_norm(gradient))
            update, new_state = self._optimiser.update(gradient, state, network)
            new = (optax.apply_updates(network, update), new_state)
            return jax.tree.map(lambda a, b: jnp.where(finite, a, b), new, (network, state)), None

        return jax.lax.scan(step, (network, state), jax.random.split(key, self.settings.steps_per_call))[0]

    def _verify_traced(
        self, network: nnx.State, values: dict[str, Array], keys: Key[Array, " chips"], test: Batch
    ) -> tuple[Evaluation, Array]:
        design = self.problem.place(network, values)
        evaluation = self.problem.evaluate_on_chips(design, test, keys, exact=True)
        assert evaluation.chip_accuracy is not None
        return evaluation, 1 - evaluation.chip_accuracy


def _batched(points: Sequence[Point], size: int) -> Iterator[tuple[Point, ...]]:
    for start in range(0, len(points), size):
        yield tuple(points[start : start + size])


def variants(
    hardener: Hardener, member: int, network: nnx.State, point: Point, preference: Wish | Array, key: Key[Array, ""]
) -> list[Candidate]:
    """A fine-tuned design and every design one step away from it, scored on validation data with the same weights."""
    points = [point, *neighbours(hardener.problem.space, point)]
    found = hardener.score(network, points, preference, key).candidates(points, member, "polish", network)
    # all were named alike, and the first is the member's own design
    found[0].origin = "member"
    return found
