"""The exchangeable parts of a neuron: how it fires, how it is reset, and how its potential is stored. All are static."""

import abc
import dataclasses
from collections.abc import Callable
from typing import Final

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from codesign.network.neurons.surrogate import Surrogate, arctan
from codesign.network.quantise import interpolate_bits
from codesign.numerics import straight_through


class AbstractFiring(abc.ABC):
    """From the distance to the threshold to what is sent: 0, 1, or up to `largest` in graded spikes."""

    @property
    @abc.abstractmethod
    def payload_bits(self) -> int | Float[Array, ""]:
        """Bits of one spike; 1 is binary."""

    @property
    @abc.abstractmethod
    def largest(self) -> int | Float[Array, ""]:
        """The largest spike."""

    @abc.abstractmethod
    def noise(self, current: Float[Array, "time batch *neurons"], key: Key[Array, ""]) -> Float[Array, "time batch *neurons"] | None:
        """Random numbers of all steps, drawn at once; None where firing is deterministic."""

    @abc.abstractmethod
    def __call__(self, distance: Float[Array, "..."], noise: Float[Array, "..."] | None) -> Float[Array, "..."]:
        """What is sent at a potential of `threshold (1 + distance)`."""


# frozen and compared by value: networks that are built alike have equal static structures, and share a trace
@dataclasses.dataclass(frozen=True)
class Binary(AbstractFiring):
    """One spike at or above the threshold; its gradient is that of `surrogate`."""

    surrogate: Surrogate = arctan

    @property
    def payload_bits(self) -> int:
        """1."""
        return 1

    @property
    def largest(self) -> int:
        """1."""
        return 1

    def noise(self, current: Float[Array, "time batch *neurons"], key: Key[Array, ""]) -> None:
        """None."""
        return None

    def __call__(self, distance: Float[Array, "..."], noise: Float[Array, "..."] | None) -> Float[Array, "..."]:
        """1 where `distance >= 0`."""
        return self.surrogate(distance)


@dataclasses.dataclass(frozen=True)
class Graded(AbstractFiring):
    """A spike with a payload: how many thresholds the potential holds, at most 2**bits - 1 (integer spikes, Luo et al. 2024).

    Attributes:
        bits: of the payload, 1 to 8.
        surrogate: of every threshold.
        used: bits that are sent of these, any real number from 1 to `bits`, linear between whole ones; None for all.
    """

    bits: int = 2
    surrogate: Surrogate = arctan
    used: Float[Array, ""] | None = None

    def __post_init__(self) -> None:
        """Refuse payloads that no spike has."""
        if not 1 <= self.bits <= 8:
            raise ValueError(f"a graded spike carries 1 to 8 bits, got {self.bits}")

    @property
    def payload_bits(self) -> int | Float[Array, ""]:
        """Bits of the payload."""
        return self.bits if self.used is None else self._at_most(self.used)

    @property
    def largest(self) -> int | Float[Array, ""]:
        """2**bits - 1."""
        return 2**self.bits - 1 if self.used is None else jnp.sum(self._sent(self.used))

    def noise(self, current: Float[Array, "time batch *neurons"], key: Key[Array, ""]) -> None:
        """None."""
        return None

    def __call__(self, distance: Float[Array, "..."], noise: Float[Array, "..."] | None) -> Float[Array, "..."]:
        """The floor of the potential in thresholds; its gradient is the sum of one surrogate per level."""
        levels = jnp.arange(2**self.bits - 1, dtype=distance.dtype)
        reached = self.surrogate(distance[..., None] - levels)
        return jnp.sum(reached if self.used is None else reached * self._sent(self.used), axis=-1)

    def _at_most(self, bits: Float[Array, ""]) -> Float[Array, ""]:
        # no `minimum`, which halves the gradient where both are equal
        return jnp.where(bits > self.bits, self.bits, bits)

    def _sent(self, bits: Float[Array, ""]) -> Float[Array, " levels"]:
        """Share of each level that so many bits send."""
        levels = jnp.arange(2**self.bits - 1, dtype=bits.dtype)
        # at the most bits the gradient is the step down, there is none up
        low = jax.lax.stop_gradient(jnp.minimum(jnp.floor(bits), self.bits - 1))
        share = self._at_most(bits) - low
        return (1 - share) * (levels < 2**low - 1) + share * (levels < 2 ** (low + 1) - 1)


@dataclasses.dataclass(frozen=True)
class Stochastic(AbstractFiring):
    """A spike with probability sigmoid(distance / temperature): noise is the resource, and the probability its own gradient."""

    temperature: float | Float[Array, ""] = 0.25

    @property
    def payload_bits(self) -> int:
        """1."""
        return 1

    @property
    def largest(self) -> int:
        """1."""
        return 1

    def noise(self, current: Float[Array, "time batch *neurons"], key: Key[Array, ""]) -> Float[Array, "time batch *neurons"]:
        """Uniform numbers."""
        return jax.random.uniform(key, current.shape, current.dtype)

    def __call__(self, distance: Float[Array, "..."], noise: Float[Array, "..."] | None) -> Float[Array, "..."]:
        """1 where the uniform number is below the probability."""
        assert noise is not None
        probability = jax.nn.sigmoid(distance / self.temperature)
        return straight_through((noise < probability).astype(distance.dtype), probability)


Reset = Callable[[Array, Array, Array], Array]


def soft_reset(potential: Array, fired: Array, threshold: Array) -> Array:
    """Subtract the threshold once per spike level: nothing above it is lost."""
    return potential - fired * threshold


def hard_reset(potential: Array, fired: Array, threshold: Array) -> Array:
    """Return to 0."""
    # graded spikes are larger than 1, and would turn the sign of the potential
    return potential * (1 - jnp.minimum(fired, 1))


def no_reset(potential: Array, fired: Array, threshold: Array) -> Array:
    """Keep the potential."""
    return potential


class AbstractState(abc.ABC):
    """How a potential is stored between steps."""

    @abc.abstractmethod
    def store(self, potential: Array, threshold: Array, bits: Float[Array, ""]) -> Array:
        """The `potential` (any shape) as it is held in so many `bits`, in units of the `threshold` (a scalar, or one per neuron)."""


@dataclasses.dataclass(frozen=True)
class ExactState(AbstractState):
    """A floating-point register: `state_bits` is priced, and assumed to be enough."""

    def store(self, potential: Array, threshold: Array, bits: Float[Array, ""]) -> Array:
        """The potential itself."""
        return potential


@dataclasses.dataclass(frozen=True)
class FixedPointState(AbstractState):
    """Two's complement of `bits` bits that saturates at `span` thresholds; with `span` a power of two, the threshold is on its grid."""

    span: int = 4

    def store(self, potential: Array, threshold: Array, bits: Float[Array, ""]) -> Array:
        """Rounded and saturated, linear between whole bits; the gradient passes straight through inside the range."""

        def rounded(x: Array, whole_bits: Array) -> Array:
            half = 2 ** (whole_bits - 1)
            # two's complement reaches one step less above 0 than below
            inside = jnp.clip(x, -1, 1 - 1 / half)
            # ties to even, where a datapath rounds half up: `integer.FixedPointNeuron` is the form that is true to the bit
            return straight_through(jnp.round(inside * half) / half, inside)

        # in thresholds, so that a threshold that is learned keeps its place on the grid
        scale = self.span * threshold
        return scale * interpolate_bits(rounded, potential / scale, bits)


@dataclasses.dataclass(frozen=True)
class Parts:
    """Firing, reset and state of a neuron; `start` is its potential before the first step, in thresholds."""

    firing: AbstractFiring = dataclasses.field(default_factory=Binary)
    reset: Reset = soft_reset
    state: AbstractState = dataclasses.field(default_factory=ExactState)
    start: float = 0.0

    def at_rest(self, drive: Float[Array, "..."], threshold: Array) -> Float[Array, "..."]:
        """Potentials before the first step, for neurons with a drive of that shape."""
        if self.start == 0:
            return jnp.zeros_like(drive)
        # the state of a loop has to keep the dtype of what drives it
        return jnp.broadcast_to(self.start * threshold, drive.shape).astype(drive.dtype)

    def fire(
        self, potential: Array, threshold: Array, noise: Array | None, state_bits: Float[Array, ""], at_rest: Array | None = None
    ) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
        """Store, compare, send, reset: the potential that is left, and what is sent.

        The reset is detached from the gradient (it pays: Zenke and Vogels 2021). `at_rest` is the threshold that the stored
        potential is counted in, where the one that fires moves from step to step.
        """
        potential = self.state.store(potential, threshold if at_rest is None else at_rest, state_bits)
        # in units of the threshold, so that the surrogate's width follows it
        fired = self.firing(potential / threshold - 1, noise)
        return self.reset(potential, jax.lax.stop_gradient(fired), threshold), fired


PLAIN: Final = Parts()
RESETS: Final[dict[str, Reset]] = {"soft": soft_reset, "hard": hard_reset, "none": no_reset}
"""What a spike does to the potential, by name."""
STATES: Final[dict[str, AbstractState]] = {"exact": ExactState(), "fixed_point": FixedPointState()}
"""How potentials are held between steps, by name."""
