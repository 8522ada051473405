"""How one member of a population turns several objectives into one number, and how the members share a front among themselves.

Objectives come in their relaxed forms (logarithms of costs, losses of answers), which are minimised. A frame, measured on the population
while it searches, says where the front lies.
"""

import abc
from typing import ClassVar, Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from search.objectives.pareto import hypervolume, non_dominated

AUGMENTATION: Final = 0.05  # weight of the sum, which breaks ties towards properly efficient points
SMOOTHING: Final = 0.05  # of the maximum, as a share of the front's range
UTOPIA: Final = 0.5  # beyond the ideal, in front ranges: what is aimed at, or the population would never leave the front it has
SMALLEST_RANGE: Final = 0.1  # relaxed units: below it a front has no extent worth sharing

Preferences = NDArray[np.float32]  # [population, objectives]


class Frame(NamedTuple):
    """Relaxed values of each objective on the population's front: the best are its `ideal`, the worst its `nadir`."""

    ideal: Float[Array, " objectives"]
    nadir: Float[Array, " objectives"]

    def normalise(self, relaxed: Float[Array, "... objectives"]) -> Float[Array, "... objectives"]:
        """0 at the ideal and 1 at the nadir."""
        return (relaxed - self.ideal) / jnp.maximum(self.nadir - self.ideal, SMALLEST_RANGE)


class AbstractScalarisation(abc.ABC):
    """A rule for preferences and what they mean."""

    @abc.abstractmethod
    def spread(self, population: int, objectives: int) -> Preferences:
        """Preferences at the start."""

    @abc.abstractmethod
    def __call__(self, relaxed: Float[Array, " objectives"], preference: Float[Array, " objectives"], frame: Frame) -> Float[Array, ""]:
        """What a member with this preference minimises."""

    @abc.abstractmethod
    def respread(self, preferences: Preferences, relaxed: NDArray[np.float64], frame: Frame) -> Preferences:
        """Preferences that share the measured front more evenly, asked for a few times in a search.

        Args:
            preferences: the present ones.
            relaxed: what members with these have reached, `[population, objectives]`.
            frame: of these.
        """

    @abc.abstractmethod
    def steer(self, preferences: Preferences, relaxed: NDArray[np.float64], frame: Frame) -> Preferences:
        """Preferences for the next few minibatches, asked for after every device call.

        Args:
            preferences: those so far, `[population, objectives]`.
            relaxed: the members' relaxed objectives, `[population, objectives]`.
            frame: their range.
        """


class Linear(AbstractScalarisation):
    """Weighted sum; preferences are weights. Reaches the convex parts of a front only.

    Args:
        low, high: range of the weight of the objectives after the first.
    """

    def __init__(self, low: float, high: float) -> None:
        self._low, self._high = low, high

    def spread(self, population: int, objectives: int) -> Preferences:
        """A geometric range of weights."""
        return spread_preferences(population, objectives, self._low, self._high)

    def __call__(self, relaxed: Float[Array, " objectives"], preference: Float[Array, " objectives"], frame: Frame) -> Float[Array, ""]:
        """The weighted sum."""
        return jnp.sum(preference * relaxed)

    def respread(self, preferences: Preferences, relaxed: NDArray[np.float64], frame: Frame) -> Preferences:
        """Evenly along the front."""
        return along_the_front(preferences, relaxed, frame)

    def steer(self, preferences: Preferences, relaxed: NDArray[np.float64], frame: Frame) -> Preferences:
        """As they are."""
        return preferences


class Tchebycheff(AbstractScalarisation):
    """Augmented weighted Tchebycheff distance from the ideal, its maximum smoothed (Lin et al., ICML 2024); reaches concave parts too."""

    widest: ClassVar[float] = 32.0

    def spread(self, population: int, objectives: int) -> Preferences:
        """A geometric range of ratios, the largest weight being 1."""
        weights = spread_preferences(population, objectives, 1 / self.widest, self.widest)
        return weights / weights.max(axis=1, keepdims=True)

    def __call__(self, relaxed: Float[Array, " objectives"], preference: Float[Array, " objectives"], frame: Frame) -> Float[Array, ""]:
        """`mu log sum exp(w d / mu) + rho sum(d)` with d the distance from a point beyond the ideal, in front ranges."""
        distance = frame.normalise(relaxed) + UTOPIA
        return SMOOTHING * jax.nn.logsumexp(preference * distance / SMOOTHING) + AUGMENTATION * jnp.sum(distance)

    def respread(self, preferences: Preferences, relaxed: NDArray[np.float64], frame: Frame) -> Preferences:
        """Evenly along the front."""
        spread = along_the_front(preferences, relaxed, frame)
        return spread / spread.max(axis=1, keepdims=True)

    def steer(self, preferences: Preferences, relaxed: NDArray[np.float64], frame: Frame) -> Preferences:
        """As they are."""
        return preferences


class Epsilon(AbstractScalarisation):
    """The first objective under bounds on the others; preferences are these bounds, as shares of the front's range."""

    slope: ClassVar[float] = 4.0  # of the penalty, steeper than a normalised front nearly everywhere
    curvature: ClassVar[float] = 20.0

    def spread(self, population: int, objectives: int) -> Preferences:
        """Bounds from the loosest to the tightest; with several costs in proportions that differ."""
        weights = spread_preferences(population, objectives, 1.0, 1.0)[:, 1:]
        # the tightest bound lies beyond the ideal, or nobody would push the cheap end further
        levels = np.linspace(1, -UTOPIA, population)[:, None] * weights / np.maximum(weights.max(axis=1, keepdims=True), 1e-9)
        # the first objective has no bound: its column is never read
        return np.concatenate([np.ones((population, 1)), levels], axis=1).astype(np.float32)

    def __call__(self, relaxed: Float[Array, " objectives"], preference: Float[Array, " objectives"], frame: Frame) -> Float[Array, ""]:
        """The first objective and what the others exceed their bounds by."""
        distance = frame.normalise(relaxed)
        beyond = jnp.maximum(distance - preference, 0)[1:]
        return distance[0] + AUGMENTATION * jnp.sum(distance) + jnp.sum(self.slope * beyond + self.curvature * beyond**2)

    def respread(self, preferences: Preferences, relaxed: NDArray[np.float64], frame: Frame) -> Preferences:
        """As they are: even shares of the front's range follow its frame."""
        return preferences

    def steer(self, preferences: Preferences, relaxed: NDArray[np.float64], frame: Frame) -> Preferences:
        """As they are."""
        return preferences


class Hypervolume(AbstractScalarisation):
    """Ascent of the population's hypervolume: preferences are its gradient by each member's objectives, renewed after every device call.

    Dominated members climb the hypervolume of their own layer of the front (Deist et al., Evolutionary Computation 2023).
    """

    # beyond the nadir, or the ends of the front would have no volume to win
    reference: ClassVar[float] = 1.1  # in units of the frame
    inertia: ClassVar[float] = 0.5

    def spread(self, population: int, objectives: int) -> Preferences:
        """A geometric range of weights, until a front is measured."""
        weights = spread_preferences(population, objectives, 0.05, 20.0)
        return weights / weights.max(axis=1, keepdims=True)

    def __call__(self, relaxed: Float[Array, " objectives"], preference: Float[Array, " objectives"], frame: Frame) -> Float[Array, ""]:
        """The weighted sum of normalised objectives."""
        return jnp.sum(preference * frame.normalise(relaxed))

    def respread(self, preferences: Preferences, relaxed: NDArray[np.float64], frame: Frame) -> Preferences:
        """As they are: the gradient spreads the members."""
        return preferences

    def steer(self, preferences: Preferences, relaxed: NDArray[np.float64], frame: Frame) -> Preferences:
        """The hypervolume's gradient, its largest entry 1, mixed with the last."""
        points = np.asarray(frame.normalise(jnp.asarray(relaxed)), np.float64)
        # members that do not count are put beyond the reference, where nothing is won
        gradient = hypervolume_gradient(np.where(np.isfinite(points), points, np.inf), np.full(points.shape[1], self.reference))
        largest = gradient.max(axis=1, keepdims=True)
        # who has no volume to win keeps the last wish; the floor is for the quotient that is not taken
        fresh = np.where(largest > 1e-6, gradient / np.maximum(largest, 1e-6), preferences)
        return (self.inertia * preferences + (1 - self.inertia) * fresh).astype(np.float32)


def hypervolume_gradient(points: NDArray[np.float64], reference: NDArray[np.float64], step: float = 1e-4) -> NDArray[np.float64]:
    """How much volume each point's objectives win per unit of improvement, `[points, objectives]`, layer by layer of the front."""
    gradient = np.zeros_like(points)
    left = np.where(np.all(points < reference, axis=1, keepdims=True), points, np.nan)
    while np.any(layer := non_dominated(left)):
        here = points[layer]
        volume = hypervolume(here, reference)
        for row, member in enumerate(np.flatnonzero(layer)):
            for column in range(points.shape[1]):
                better = here.copy()
                better[row, column] -= step
                # a difference is exact: the volume is linear in one coordinate as long as it passes no other point's
                gradient[member, column] = (hypervolume(better, reference) - volume) / step
        left[layer] = np.nan
    return gradient


def spread_preferences(population: int, objectives: int, low: float, high: float) -> Preferences:
    """Preferences `[population, objectives]`: 1 for the first objective, a geometric range for the others.

    With several cost objectives, the strength is shared among them in proportions that walk evenly over the simplex (golden-ratio
    sequence), so that each of them leads somewhere.
    """
    strength = np.geomspace(low, high, population) if population > 1 else np.array([np.sqrt(low * high)])
    others = objectives - 1
    golden = (np.outer(np.arange(population), np.arange(1, others + 1)) * 0.6180339887) % 1
    # exponential variates, normalised, lie evenly on the simplex; half a step off 0, whose logarithm is infinite
    shares = -np.log(np.clip(golden + 0.5 / population, 1e-3, 1 - 1e-3)) if others > 1 else np.ones((population, others))
    shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-9)
    # shares add up to 1: times their number, so that the mean weight is the strength
    return np.concatenate([np.ones((population, 1)), strength[:, None] * shares * max(others, 1)], axis=1).astype(np.float32)


def along_the_front(preferences: Preferences, relaxed: NDArray[np.float64], frame: Frame) -> Preferences:
    """Preferences whose members should lie evenly along the front of two objectives; the ends keep theirs.

    The ratio of the weights is interpolated over the length of the front between the members that have been reached. With more than two
    objectives, or fewer than three members that can be used, preferences stay.
    """
    # ratios are interpolated by their logarithms: a weight of 0 has none
    usable = np.flatnonzero(np.all(np.isfinite(relaxed), axis=1) & np.all(preferences > 0, axis=1))
    if relaxed.shape[1] != 2 or len(usable) < 3:
        return preferences
    order = usable[np.argsort(preferences[usable, 1] / preferences[usable, 0], kind="stable")]
    ratio = np.log(preferences[order, 1] / preferences[order, 0])
    points = np.asarray(frame.normalise(jnp.asarray(relaxed[order])), np.float64)
    # a stronger preference for the second objective cannot end with more of it, but for noise
    points[:, 1] = np.minimum.accumulate(points[:, 1])
    points[:, 0] = np.maximum.accumulate(points[:, 0])
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    if length[-1] <= 0:
        return preferences
    # a part of the way only: the front moves while it is measured
    length = 0.5 * length / length[-1] + 0.5 * np.linspace(0, 1, len(order))
    spread = np.interp(np.linspace(0, 1, len(order)), length, ratio)
    renewed = preferences.copy()
    renewed[order, 0], renewed[order, 1] = 1.0, np.exp(spread)
    return renewed


NAMES: Final = ("linear", "tchebycheff", "epsilon", "hypervolume")


def make(name: str, low: float, high: float) -> AbstractScalarisation:
    """A scalarisation by name; `low` and `high` are the range of linear weights."""
    if name == "linear":
        return Linear(low, high)
    if name == "tchebycheff":
        return Tchebycheff()
    return Epsilon() if name == "epsilon" else Hypervolume()


class Wish(NamedTuple):
    """What one member asks for, fixed: a `preference` among the objectives, in a `frame`."""

    preference: Float[Array, " objectives"]
    frame: Frame

    @classmethod
    def of(cls, preference: "Wish | Float[Array, ' objectives']") -> "Wish":
        """A wish from weights alone, in a frame of 0 to 1."""
        if isinstance(preference, Wish):
            return preference
        preference = jnp.asarray(preference, jnp.float32)
        return cls(preference, Frame(jnp.zeros_like(preference), jnp.ones_like(preference)))
