"""Training and scoring of legal designs, compiled once for all designs, searchers and seeds."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jaxtyping import Array, Float, Key
from numpy.typing import NDArray

from codesign.evaluation.evaluate import Batch
from search.blackbox.base import Entry, Ledger
from search.designs.candidate import Candidate
from search.designs.choose import front
from search.designs.legal import Point, legal_values, neighbours
from search.joint.harden import FORBIDDEN, Hardener
from search.problem.batches import VALIDATION_SAMPLES, as_batch, draw
from search.problem.problem import Problem
from search.problem.schedule import Settings

CANDIDATES = 32  # designs scored in one device call at most
CHUNK = 25  # minibatches in one device call
# share of the budget kept for one-step variants of the best designs: about what they take. Mutations of these until the budget is spent
# were no better (docs/benchmarks.md)
POLISH = 0.02


class Training(NamedTuple):
    """How a network is trained for one design.

    Attributes:
        steps: minibatches per design.
        batch_size: samples in one.
        learning_rate: of Adam, falling to 0 by a cosine.
    """

    steps: int = 400
    batch_size: int = 64
    learning_rate: float = 1e-2


class Workbench:
    """A problem and what is compiled for it.

    Attributes:
        problem: what is searched.
        settings: of the joint gradient search.
        training: of a network per design.
        rows: legal values of every coordinate.
    """

    def __init__(self, problem: Problem, settings: Settings, training: Training = Training()) -> None:  # noqa: B008 - an immutable value
        self.problem, self.settings, self.training = problem, settings, training
        self.rows = [legal_values(problem.space, name) for name, _ in problem.space.coordinates()]
        self._train_split = as_batch(problem.dataset.train)
        validation = as_batch(problem.dataset.validation)
        self._validation = Batch(validation.inputs[:VALIDATION_SAMPLES], validation.labels[:VALIDATION_SAMPLES])
        # without a rate: it follows from step and total inside the program, so that one serves trainings of any length
        self._adam = optax.scale_by_adam()
        self.traces = 0
        self._train_jit = jax.jit(self._train_traced)
        self._score_jit = jax.jit(self._score_traced)

    @cached_property
    def hardener(self) -> Hardener:
        """For the final measurement, and the joint search."""
        return Hardener(self.problem, self.settings)

    @property
    def longest(self) -> int:
        """Time steps that every evaluation simulates."""
        return self.problem.operation.longest

    @property
    def validation_samples(self) -> int:
        """Samples of one scoring, over all simulated chips that the objectives need."""
        return self._validation.labels.shape[0] * self.problem.chips

    def ledger(self, budget: float) -> Ledger:
        """One that has paid for the weights that searches start from, and for nothing else."""
        return Ledger(budget, self.longest, self.problem.paid)

    def training_cost(self, ledger: Ledger, steps: int | None = None) -> float:
        """Of training one design and scoring it."""
        steps = self.training.steps if steps is None else steps
        samples = _whole(steps) * self.training.batch_size * self.problem.chips
        return ledger.training(samples) + ledger.scoring(self.validation_samples)

    def point(self, index: Sequence[int] | NDArray[Any]) -> Point:
        """The design at positions among the legal values."""
        flat = [self.rows[i][int(at)] for i, at in enumerate(index)]
        found: Point = {}
        for (name, _), value in zip(self.problem.space.coordinates(), flat, strict=True):
            if self.problem.space.parameters[name].per_layer:
                found.setdefault(name, []).append(value)
            else:
                found[name] = value
        return found

    def random_index(self, draws: np.random.Generator) -> NDArray[np.int64]:
        """Positions at random, every legal value equally likely."""
        return np.asarray([draws.integers(len(row)) for row in self.rows])

    def train(self, network: nnx.State, points: Sequence[Point], key: Key[Array, ""], steps: int) -> nnx.State:
        """Train weights on the exact model, a new simulated chip in every minibatch.

        Args:
            network: initial weights.
            points: the designs, drawn in turn; one for a network of its own, many for a supernet.
            key: of minibatches and simulated chips.
            steps: minibatches, rounded up to whole device calls.
        """
        total = _whole(steps)
        state = self._adam.init(network)
        for first in range(0, total, CHUNK):
            values = self._stacked([points[(first + i) % len(points)] for i in range(CHUNK)])
            at = jnp.asarray([first, total], jnp.float32)
            network, state = self._train_jit(network, state, values, at, jax.random.fold_in(key, first), self._train_split)
        return network

    def score(self, network: nnx.State, points: Sequence[Point], key: Key[Array, ""]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Exact objectives `[points, objectives]` and excesses `[points, constraints]` on validation data, all on one simulated chip."""
        objectives, excesses = [], []
        for start in range(0, len(points), CANDIDATES):
            part = list(points[start : start + CANDIDATES])
            values = self._stacked([*part, *[part[-1]] * (CANDIDATES - len(part))])
            f, g = self._score_jit(network, values, jnp.int32(len(part)), jax.random.clone(key), self._validation)
            objectives.append(np.asarray(f, np.float64)[: len(part)])
            excesses.append(np.asarray(g, np.float64)[: len(part)])
        return np.concatenate(objectives), np.concatenate(excesses)

    def trained(self, point: Point, key: Key[Array, ""], ledger: Ledger, number: int) -> Candidate:
        """A design with a network of its own, paid for."""
        build_key, train_key, score_key = jax.random.split(key, 3)
        network = self.train(self.problem.begin(build_key), [point], train_key, self.training.steps)
        ledger.pay(self.training_cost(ledger))
        return self.candidates(network, [point], score_key, number, "member")[0]

    def candidates(self, network: nnx.State, points: Sequence[Point], key: Key[Array, ""], number: int, origin: str) -> list[Candidate]:
        """Designs that share weights, scored."""
        objectives, excesses = self.score(network, points, key)
        return [Candidate(number, origin, p, network, f, g) for p, f, g in zip(points, objectives, excesses, strict=True)]

    def polished(self, found: list[Candidate], ledger: Ledger, key: Key[Array, ""]) -> list[Candidate]:
        """One-step variants of the best designs with their weights, as many as the budget still holds."""
        each = ledger.scoring(self.validation_samples)
        variants: list[Candidate] = []
        for candidate in front(self.problem, found):
            near = neighbours(self.problem.space, candidate.point)
            affordable = int((ledger.budget - ledger.spent) // each)
            if affordable < 1:
                break
            near = near[:affordable]
            ledger.pay(each * len(near))
            # one key for all: variants are compared on the same simulated chip
            variants += self.candidates(candidate.network, near, key, candidate.member, "polish")
        return variants

    def merit(self, objectives: NDArray[np.float64], excess: NDArray[np.float64]) -> NDArray[np.float64]:
        """`objectives` `[.., objectives]` as they are minimised, far worse where an `excess` is above 0 or nothing is finite."""
        values = self.problem.comparable(objectives)
        values = values + FORBIDDEN * np.sum(np.maximum(excess, 0), axis=-1, keepdims=True)
        # neither pymoo nor Optuna can rank a NaN
        return np.where(np.isfinite(values), values, 1e9)

    def _stacked(self, points: Sequence[Point]) -> dict[str, Array]:
        return {name: jnp.asarray(np.array([p[name] for p in points]), jnp.float32) for name in self.problem.space.parameters}

    def _train_traced(
        self, network: nnx.State, state: Any, values: dict[str, Array], at: Array, key: Key[Array, ""], train: Batch
    ) -> tuple[nnx.State, Any]:
        self.traces += 1  # runs while tracing only: a test counts it

        def step(carry: tuple[nnx.State, Any], inputs: tuple[Array, dict[str, Array], Array]) -> tuple[tuple[nnx.State, Any], None]:
            network, state = carry
            step_key, chip_values, index = inputs
            batch_key, chip_key = jax.random.split(step_key)
            batch = draw(train, self.training.batch_size, batch_key)

            def loss(weights: nnx.State) -> Array:
                return self.problem.trained.evaluate(self.problem.place(weights, chip_values), batch, chip_key, exact=True).smoothed_loss

            gradient = jax.grad(loss)(network)
            # one step without numbers would stay in Adam's moments for good
            finite = jnp.isfinite(optax.global_norm(gradient))
            direction, renewed = self._adam.update(gradient, state)
            rate = self.training.learning_rate * 0.5 * (1 + jnp.cos(jnp.pi * (at[0] + index) / at[1]))
            moved = jax.tree.map(lambda w, d: w - rate * d, network, direction)
            return jax.tree.map(lambda a, b: jnp.where(finite, a, b), (moved, renewed), (network, state)), None

        inputs = (jax.random.split(key, CHUNK), values, jnp.arange(CHUNK, dtype=jnp.float32))
        return jax.lax.scan(step, (network, state), inputs)[0]

    def _score_traced(
        self, network: nnx.State, values: Mapping[str, Array], count: Array, key: Key[Array, ""], validation: Batch
    ) -> tuple[Float[Array, "points objectives"], Float[Array, "points constraints"]]:
        def one(i: Array, out: tuple[Array, Array]) -> tuple[Array, Array]:
            chip = jax.random.clone(key)  # common random numbers: all designs on the same simulated chip
            design = self.problem.place(network, {name: v[i] for name, v in values.items()})
            evaluation = self.problem.evaluate(design, validation, chip, exact=True)
            return out[0].at[i].set(self.problem.values(evaluation)), out[1].at[i].set(self.problem.excess(evaluation))

        empty = (jnp.zeros((CANDIDATES, len(self.problem.objectives))), jnp.zeros((CANDIDATES, len(self.problem.limits))))
        # up to `count`: what fills up a call is not evaluated
        return jax.lax.fori_loop(0, count, one, empty)


def _whole(steps: int) -> int:
    return -(-steps // CHUNK) * CHUNK


def course(ledger: Ledger, found: Sequence[Candidate]) -> list[Entry]:
    """Entries for designs found now."""
    return [Entry(ledger.spent, tuple(float(v) for v in c.objectives), bool(np.all(c.excess <= 0))) for c in found]
