"""Gradient search over costs alone: many random starts at once, no network trained.

Latents are moved by Adam while the cost model hardens (`hardness` rises geometrically towards the exact model) and an augmented
Lagrangian holds the constraints; then every start is rounded to the best of its neighbouring legal corners and improved greedily, by steps
of one coordinate or a trade between two, on the exact model. All starts are one compiled call.

Several objectives are scalarised per start by the augmented Tchebycheff function `max_i d_i + rho sum_i d_i`, `d_i = w_i (f_i - ideal_i)`
with `ideal_i` the best value met so far: it reaches the concave parts of a front, which a weighted sum cannot.
"""

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, Key

from codesign.numerics import safe_divide
from codesign.parameters.space import Space
from search.designs.legal import AMBIGUOUS, legal_values
from search.joint import lagrangian
from search.joint.lagrangian import Multipliers, Schedule

# small: it tells designs apart that have the same largest distance, and leaves concave parts of the front in reach
AUGMENTATION: Final = 0.05
STRIDES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)  # of the polish, in legal values
# measured on a systolic array with 64 starts: level 1 compiles for 5 s more and runs for 1 s less; the default compiles longer still
COMPILER: Final = {"xla_backend_optimization_level": 0}
BROKEN: Final = 1e3  # merit of a point that breaks a constraint: more than any objective, yet float32 still tells violations apart


Judged = tuple[Float[Array, " objectives"], Float[Array, " constraints"]]


class Task(NamedTuple):
    """What is minimised.

    Attributes:
        space: what may change.
        judge: a point's values and a hardness in [0, 1], 1 being the exact model -> objectives, dimensionless (such as logarithms), and
            constraints, satisfied where at most 0 (such as `log(area / bound)`; an empty array where there are none).
        objectives, constraints: how many of them.
    """

    space: Space
    judge: Callable[[Mapping[str, Array], Array], Judged]
    objectives: int = 1
    constraints: int = 0


class Settings(NamedTuple):
    """How the search is run.

    Attributes:
        starts: random starts.
        steps: gradient steps of each.
        learning_rate: of latents in [0, 1]; decays by a cosine.
        update_every: steps between updates of the multipliers.
        hardness_start, hardness_end: of the cost model, over the first 90 % of the steps.
        polish_rounds: greedy moves at most.
        schedule: of the multipliers.
    """

    starts: int = 64
    steps: int = 300
    learning_rate: float = 0.03
    update_every: int = 15
    hardness_start: float = 0.0
    # not 1, at which ceilings have no gradient; corners and polish use the exact model
    hardness_end: float = 0.9
    polish_rounds: int = 24
    schedule: Schedule = Schedule()


class Scored(NamedTuple):
    """Legal points, one per start.

    Attributes:
        place: position of every coordinate among its legal values.
        objectives: exact.
        violation: the largest constraint, exact; at most 0 where all hold.
        merit: scalarised objective, or `violation` plus `BROKEN` where a constraint is broken.
    """

    place: Int[Array, "starts coordinates"]
    objectives: Float[Array, "starts objectives"]
    violation: Float[Array, " starts"]
    merit: Float[Array, " starts"]


class Descent(NamedTuple):
    """Where every start ended: relaxed, rounded and polished, with the exact evaluations that the polish spent.

    Coordinates are in the order of `Space.coordinates`.
    """

    latents: Float[Array, "starts coordinates"]
    relaxed: Float[Array, "starts objectives"]
    rounded: Scored
    polished: Scored
    evaluations: Int[Array, " starts"]


class Grid:
    """The legal values of every coordinate of a space, as arrays.

    Attributes:
        values, latents: `[coordinates, longest]`, padded at the end.
        lengths: legal values of each coordinate.
    """

    def __init__(self, space: Space) -> None:
        self.space = space
        rows = [legal_values(space, name) for name, _ in space.coordinates()]
        self.lengths = np.asarray([len(row) for row in rows])
        longest = int(self.lengths.max())
        # padded with legal values: no index can name a point that is not legal
        self.values = np.stack([np.pad(row, (0, longest - len(row)), mode="edge") for row in rows]).astype(np.float32)
        latents = [[space.parameters[name].latent(v) for v in row] for (name, _), row in zip(space.coordinates(), rows, strict=True)]
        # latents are at most 1, and the padding is beyond: `position` never counts it
        self.latents = np.stack([[*row, *(2.0 + i for i in range(longest - len(row)))] for row in latents]).astype(np.float32)

    def position(self, latents: Float[Array, " coordinates"]) -> Float[Array, " coordinates"]:
        """Where latents lie among the legal values, as a real number."""
        rows, last = jnp.asarray(self.latents), jnp.asarray(self.lengths) - 1
        # the last but one at most, so that there is a value above; where there is but one, both are it and 0 / 0 is 0
        below = jnp.clip(jnp.sum(rows <= latents[:, None], axis=1) - 1, 0, jnp.maximum(last - 1, 0))[:, None]
        low, high = (jnp.take_along_axis(rows, at, axis=1)[:, 0] for at in (below, jnp.minimum(below + 1, last[:, None])))
        return jnp.clip(below[:, 0] + safe_divide(latents - low, high - low), 0, last)

    def named(self, flat: Array) -> dict[str, Array]:
        """One number for each coordinate, by parameter."""
        found, at = {}, 0
        for name in self.space.parameters:
            shape = self.space.shape(name)
            found[name] = flat[at : at + math.prod(shape)].reshape(shape)
            at += math.prod(shape)
        return found

    def point(self, index: Int[Array, " coordinates"]) -> dict[str, Array]:
        """Values at an index vector."""
        return self.named(jnp.take_along_axis(jnp.asarray(self.values), index[:, None], axis=1)[:, 0])

    def corners(self, latents: Float[Array, " coordinates"], limit: int = AMBIGUOUS) -> Int[Array, "corners coordinates"]:
        """Both roundings of the `limit` most undecided coordinates, the nearest of all others."""
        position = self.position(latents)
        below = jnp.floor(position)
        undecided = jnp.argsort(jnp.abs(position - below - 0.5))[: min(limit, len(self.lengths))]
        # as many corners however decided the coordinates are: shapes are static
        patterns = np.asarray(list(itertools.product((0, 1), repeat=min(limit, len(self.lengths)))))
        rounded = jnp.broadcast_to(jnp.round(position), (len(patterns), len(self.lengths)))
        both = below[undecided][None] + patterns
        return jnp.clip(rounded.at[:, undecided].set(both), 0, self.lengths - 1).astype(jnp.int32)

    def moves(self) -> Int[np.ndarray, "moves coordinates"]:
        """Steps of the polish: one coordinate by a stride, or one up and another down."""
        count = len(self.lengths)
        strides = [s for s in STRIDES if s < max(self.lengths)]
        unit = np.eye(count, dtype=np.int32)
        single = [sign * s * unit[i] for i in range(count) for s in strides for sign in (1, -1)]
        # a trade moves along a bound that single steps run into; pairs grow with the square of the coordinates
        trades = itertools.permutations(range(count), 2) if count <= 8 else ()
        short = strides[:3]
        return np.stack([*single, *(a * unit[i] - b * unit[j] for i, j in trades for a in short for b in short)])


class _State(NamedTuple):
    latents: Float[Array, " coordinates"]
    optimiser: optax.OptState
    multipliers: Multipliers


class Descender:
    """A task's search, compiled once per number of starts."""

    def __init__(self, task: Task, settings: Settings = Settings()) -> None:  # noqa: B008 - an immutable value
        self.task, self.settings = task, settings
        self.grid = Grid(task.space)
        self._optimiser = optax.adam(optax.cosine_decay_schedule(settings.learning_rate, settings.steps, alpha=0.05))
        self._moves = self.grid.moves()
        self._relax_jit = jax.jit(self._relax, compiler_options=COMPILER)
        self._polish_jit = jax.jit(jax.vmap(self._polish, in_axes=(0, 0, None)), compiler_options=COMPILER)

    def run(self, key: Key[Array, ""], preferences: Float[Array, "starts objectives"] | None = None) -> Descent:
        """Search from random latents.

        Args:
            key: of the starts.
            preferences: weight of each objective per start; equal ones where left out.
        """
        if preferences is None:
            preferences = jnp.ones((self.settings.starts, self.task.objectives), jnp.float32)
        latents, relaxed, ideal, corners = self._relax_jit(key, preferences)
        rounded, polished, rounds = self._polish_jit(corners, preferences, ideal)
        # without the padding, which is scored but no evaluation that a search needs
        return Descent(latents, relaxed, rounded, polished, corners.shape[1] + (rounds - 1) * len(self._moves))

    def polish(
        self,
        corners: Int[Array, "starts corners coordinates"],
        preferences: Float[Array, "starts objectives"],
        ideal: Float[Array, " objectives"] | None = None,
    ) -> Scored:
        """The best of several legal points per start, improved greedily on the exact model; for points that come from elsewhere.

        Args:
            corners: positions among the legal values.
            preferences: weight of each objective per start.
            ideal: what distances are measured from; 0 where left out.
        """
        return self._polish_jit(corners, preferences, jnp.zeros(self.task.objectives) if ideal is None else ideal)[1]

    def _relax(self, key: Key[Array, ""], preferences: Array) -> tuple[Array, Array, Array, Array]:
        """The gradient steps: latents, relaxed objectives, ideal, and the corners around the latents."""
        settings, starts = self.settings, preferences.shape[0]
        # one array for all: a draw and an optimiser for each parameter take longer to compile (docs/benchmarks.md)
        latents = jax.random.uniform(key, (starts, len(self.grid.lengths)))
        multipliers = jax.vmap(lambda _: lagrangian.start(self.task.constraints, settings.schedule))(jnp.arange(starts))
        state = _State(latents, jax.vmap(self._optimiser.init)(latents), multipliers)
        ideal, values = jnp.full(self.task.objectives, jnp.inf), jnp.zeros(preferences.shape)

        def step(carry: tuple[_State, Array, Array], at: Array) -> tuple[tuple[_State, Array, Array], None]:
            state, ideal, _ = carry
            # the last tenth settles at the final hardness
            share = jnp.minimum(at / (0.9 * settings.steps), 1)
            hardness = settings.hardness_start + (settings.hardness_end - settings.hardness_start) * share
            state, values = jax.vmap(self._step, in_axes=(0, 0, None, None, None))(state, preferences, ideal, hardness, at)
            # over all starts: with preferences of their own, they approach one front
            best = jnp.min(jnp.where(jnp.isfinite(values), values, jnp.inf), axis=0)
            return (state, jnp.minimum(ideal, best), values), None

        (state, ideal, values), _ = jax.lax.scan(step, (state, ideal, values), jnp.arange(settings.steps))
        return state.latents, values, ideal, jax.vmap(self.grid.corners)(state.latents)

    def _step(self, state: _State, preference: Array, ideal: Array, hardness: Array, at: Array) -> tuple[_State, Array]:
        settings = self.settings

        def lagrange(z: Array) -> tuple[Array, Judged]:
            f, g = self.task.judge(self.task.space.relax(self.grid.named(z)), hardness)
            return scalarise(f, preference, ideal) + lagrangian.term(state.multipliers, g), (f, g)

        (_, (f, g)), gradient = jax.value_and_grad(lagrange, has_aux=True)(state.latents)
        # one NaN would stay in Adam's averages for good
        change, optimiser = self._optimiser.update(jnp.where(jnp.isfinite(gradient), gradient, 0), state.optimiser)
        latents = jnp.clip(state.latents + change, 0, 1)
        due = (at + 1) % settings.update_every == 0
        renewed = lagrangian.update(state.multipliers, g, settings.schedule)
        # computed at every step and kept at few: a scan has one body
        multipliers = jax.tree.map(lambda new, old: jnp.where(due, new, old), renewed, state.multipliers)
        return _State(latents, optimiser, multipliers), f

    def _best(self, indices: Int[Array, "points coordinates"], preference: Array, ideal: Array) -> Scored:
        def score(index: Array) -> Scored:
            f, g = self.task.judge(self.grid.point(index), jnp.float32(1))
            # the initial value is for problems without constraints
            worst = jnp.max(jnp.where(jnp.isfinite(g), g, jnp.inf), initial=-jnp.inf)
            merit = jnp.where(worst > 0, BROKEN + worst, scalarise(f, preference, ideal))
            return Scored(index, f, worst, jnp.where(jnp.isfinite(merit), merit, jnp.inf))

        scores = jax.vmap(score)(indices)
        at = jnp.argmin(scores.merit)
        return jax.tree.map(lambda x: x[at], scores)

    def _polish(self, corners: Int[Array, "corners coordinates"], preference: Array, ideal: Array) -> tuple[Scored, Scored, Array]:
        """The best corner, the best point that greedy moves reach from it, and the rounds taken, the corners' own being the first."""
        # padded to one width, so that corners and moves are scored by the same body, compiled once; padding repeats a point
        width = max(len(self._moves), len(corners))
        moves = jnp.asarray(np.pad(self._moves, ((0, width - len(self._moves)), (0, 0))))
        corners = jnp.concatenate([corners, jnp.broadcast_to(corners[-1], (width - len(corners), corners.shape[1]))])

        def better(carry: tuple[Scored, Scored, Array, Array]) -> tuple[Scored, Scored, Array, Array]:
            rounded, current, rounds, _ = carry
            near = jnp.clip(current.place + moves, 0, self.grid.lengths - 1).astype(jnp.int32)
            found = self._best(jnp.where(rounds == 0, corners, near), preference, ideal)
            improved = (found.merit < current.merit) | (rounds == 0)
            current = jax.tree.map(lambda new, old: jnp.where(improved, new, old), found, current)
            return jax.tree.map(lambda new, old: jnp.where(rounds == 0, new, old), current, rounded), current, rounds + 1, improved

        def going(carry: tuple[Scored, Scored, Array, Array]) -> Array:
            return carry[3] & (carry[2] <= self.settings.polish_rounds)

        none = Scored(corners[0], jnp.zeros(self.task.objectives), jnp.zeros(()), jnp.full((), jnp.inf))
        rounded, current, rounds, _ = jax.lax.while_loop(going, better, (none, none, jnp.zeros((), jnp.int32), jnp.ones((), bool)))
        return rounded, current, rounds


def directions(starts: int) -> Float[Array, "starts 2"]:
    """Preferences between two objectives whose optima lie at even angles from the ideal point."""
    # half a step off the axes, on which a weight is infinite
    angle = (jnp.arange(starts) + 0.5) / starts * (jnp.pi / 2)
    return jnp.stack([1 / jnp.cos(angle), 1 / jnp.sin(angle)], axis=1)


def scalarise(
    objectives: Float[Array, " objectives"], preference: Float[Array, " objectives"], ideal: Float[Array, " objectives"]
) -> Float[Array, ""]:
    """Augmented Tchebycheff distance from the best values met so far; with one objective, the objective itself."""
    if objectives.shape[0] == 1:
        return objectives[0]
    # until a best value is known the distance is 0, but has the gradient of the objective
    distance = preference * (objectives - jnp.where(jnp.isfinite(ideal), ideal, jax.lax.stop_gradient(objectives)))
    return jnp.max(distance) + AUGMENTATION * jnp.sum(distance)
