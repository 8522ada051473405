"""What is decided between the device calls of a joint search: restarts, the frame, preferences, an early end."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key
from numpy.typing import NDArray

from search.joint import lagrangian
from search.joint.members import Member, uniform_like
from search.joint.population import Metrics, Population
from search.joint.scalarise import AbstractScalarisation, Frame
from search.objectives.pareto import hypervolume, non_dominated
from search.problem.problem import Problem
from search.problem.schedule import Settings, Stage

RESTART = 2**31  # beyond every step: keys of members that are started again
RESPREADS = (1 / 3, 2 / 3, 1.0)  # shares of the relax stage after which preferences are shared anew
MEMORY = 0.5  # of the frame: it follows the front slowly enough to descend by


class Decisions:
    """The population after a call, from what the call has seen."""

    def __init__(
        self, problem: Problem, settings: Settings, scalarisation: AbstractScalarisation, member: Callable[[Key[Array, ""]], Member]
    ) -> None:
        self.problem, self.settings, self.scalarisation, self._member = problem, settings, scalarisation, member

    def __call__(self, population: Population, stage: Stage, done: int, end: int, metrics: Metrics, key: Key[Array, ""]) -> Population:
        """What is decided between device calls: restarts, the frame, preferences, an early end."""
        population = self._restart(population, stage, metrics, key)
        # failed members are still looked at, with weights that are not theirs: they count for nothing
        relaxed = np.where(population.alive[:, None], np.asarray(metrics.relaxed, np.float64), np.nan)
        learning = stage.random_chip == 0
        frame = framed(population.frame, relaxed, only_front=learning)
        population = population._replace(frame=frame)
        # on random chips nobody follows a wish yet: there is nothing to share out, and no progress to wait for
        if not learning:
            return population
        preferences = np.asarray(population.preferences)
        per_call = self.settings.steps_per_call
        if done == per_call:
            # the first call of a stage: the best of another was reached on an easier cost model
            population = population._replace(best_volume=jnp.float32(0), stale=jnp.int32(0))
        # whether this call has crossed a share: calls need not divide the stage
        if stage.name == "relax" and any(done - per_call < share * stage.steps <= done for share in RESPREADS):
            preferences = self.scalarisation.respread(preferences, relaxed, frame)
        population = population._replace(preferences=jnp.asarray(self.scalarisation.steer(preferences, relaxed, frame), jnp.float32))
        return patient(population, relaxed_volume(relaxed), end, self.settings.patience)

    def _restart(self, population: Population, stage: Stage, metrics: Metrics, key: Key[Array, ""]) -> Population:
        """Members of which nothing was finite in a whole call are started again once, then given up."""
        lost = population.alive & (np.asarray(metrics.skipped) >= self.settings.steps_per_call)
        restarts = np.asarray(population.restarts) + lost
        for m in np.flatnonzero(lost & (restarts < 2)):
            # by member and step: a search that is resumed starts it again alike
            fresh_key, latent_key = jax.random.split(jax.random.fold_in(jax.random.fold_in(key, RESTART + int(m)), int(population.step)))
            fresh = self._member(fresh_key)
            # a chip at random: where it stood it might break again
            fresh = fresh._replace(latents=uniform_like(fresh.latents, latent_key))
            stacked = jax.tree.map(lambda all_, one, m=m: all_.at[m].set(one), population.members, fresh)
            start = lagrangian.start(len(self.problem.limits))
            multipliers = jax.tree.map(lambda all_, one, m=m: all_.at[m].set(one), population.multipliers, start)
            population = population._replace(members=stacked, multipliers=multipliers)
        if shares_weights(stage, self.settings) and lost[0]:  # the supernet is everybody's
            restarts = np.full_like(restarts, restarts[0]) if restarts[0] > 1 else np.where(np.arange(len(restarts)) == 0, restarts, 0)
        return population._replace(restarts=jnp.asarray(restarts, jnp.int32))


def shares_weights(stage: Stage, settings: Settings) -> bool:
    """Whether only the first member learns, for all: the supernet of a shared warm-up."""
    return stage.random_chip > 0 and settings.warm_start == "shared"


def patient(population: Population, volume: float, end: int, patience: int) -> Population:
    """The population at the end of its stage when the relaxed hypervolume has not grown for `patience` calls (0: never)."""
    best = float(population.best_volume)
    # less than a thousandth counts as no growth; the floor is for a stage's start, where the best is 0
    grown = volume > best + 1e-3 * max(abs(best), 1e-3)
    stale = 0 if grown else int(population.stale) + 1
    population = population._replace(best_volume=jnp.float32(max(best, volume)), stale=jnp.int32(stale))
    if not 0 < patience <= stale:
        return population
    # `JointSearch.run` leaves out the calls that lie before the population's step
    return population._replace(step=jnp.int32(end))


def framed(frame: Frame, relaxed: NDArray[np.float64], *, only_front: bool) -> Frame:
    """The frame after a look at the members' relaxed objectives.

    Args:
        frame: the present one.
        relaxed: `[population, objectives]`, NaN for members that do not count.
        only_front: dominated members are left out, and the frame moves a part of the way; otherwise (random chips) it spans all.
    """
    usable = relaxed[np.all(np.isfinite(relaxed), axis=1)]
    # a call that did not look is all NaN
    if not len(usable):
        return frame
    front = usable[non_dominated(usable)] if only_front else usable
    keep = MEMORY if only_front else 0.0
    ideal = keep * np.asarray(frame.ideal) + (1 - keep) * front.min(axis=0)
    nadir = keep * np.asarray(frame.nadir) + (1 - keep) * front.max(axis=0)
    return Frame(jnp.asarray(ideal, jnp.float32), jnp.asarray(nadir, jnp.float32))


def relaxed_volume(relaxed: NDArray[np.float64], extent: float = 10.0) -> float:
    """Hypervolume of the members' relaxed objectives, in e-folds, up to a point far away, to the power of 1 / objectives."""
    usable = relaxed[np.all(np.isfinite(relaxed), axis=1)]
    # from a fixed corner: costs in pJ, ns or um2 stay far below e**40
    volume = hypervolume(usable, np.full(relaxed.shape[1], 4 * extent)) if len(usable) else 0.0
    return volume ** (1 / relaxed.shape[1])


def reason(problem: Problem, metrics: Metrics, member: int) -> str:
    """Why nothing of a member was finite."""
    values = np.asarray(metrics.objectives)[member]
    broken = [o.name for o, value in zip(problem.objectives, values, strict=True) if not np.isfinite(value)]
    if broken:
        return f"{' and '.join(broken)} not finite in training, also after a restart"
    return "gradients not finite, also after a restart"
