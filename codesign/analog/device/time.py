"""What happens to a programmed device with time: drift of the conductance, and noise of one reading.

Drift `G(t) = G (t / t0)^-nu` with an exponent of its own for each device, and 1/f noise whose variance grows with the logarithm
of the time since programming (Joshi et al. 2020, Nat. Commun. 11:2473, and the PCM model of aihwkit, whose constants these are).
"""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key

from codesign.analog.device.noise import leaf, standard_normal
from codesign.numerics import safe_divide, safe_log, safe_root


class AbstractDrift(eqx.Module):
    """Loss of conductance with the time since programming."""

    @abc.abstractmethod
    def sample(self, G: Float[Array, "..."], G_max: Float[Array, ""], time_s: ArrayLike, key: Key[Array, ""]) -> Float[Array, "..."]:
        """Conductances after `time_s` seconds [S]; the same key is the same device at every time."""


class NoDrift(AbstractDrift):
    """The conductance stays."""

    def sample(self, G: Float[Array, "..."], G_max: Float[Array, ""], time_s: ArrayLike, key: Key[Array, ""]) -> Float[Array, "..."]:
        """The programmed conductance."""
        return G


class PowerLawDrift(AbstractDrift):
    """`(t / t0)^-nu`, nu normal with mean and spread that are lines in ln(G / G_max), clipped; no drift before t0.

    Attributes:
        start_s: t0, when the conductance was verified [s].
        mean: slope, intercept, lowest, highest of the mean exponent.
        spread: slope, intercept, lowest, highest of the standard deviation of the exponent.
    """

    start_s: Float[Array, ""] = eqx.field(converter=leaf)
    mean: Float[Array, " 4"] = eqx.field(converter=leaf)
    spread: Float[Array, " 4"] = eqx.field(converter=leaf)

    def exponent(self, G: Float[Array, "..."], G_max: Float[Array, ""]) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
        """Mean and standard deviation of nu."""
        # open cells have no logarithm; below a millionth both lines of the PCM law have long met their clips
        log_share = safe_log(G / G_max, 1e-6)

        def line(law: Array) -> Array:
            slope, intercept, low, high = law.astype(G.dtype)
            return jnp.clip(slope * log_share + intercept, low, high)

        return line(self.mean), line(self.spread)

    def sample(self, G: Float[Array, "..."], G_max: Float[Array, ""], time_s: ArrayLike, key: Key[Array, ""]) -> Float[Array, "..."]:
        """Reparameterised in mean, spread and time; an exponent is never negative."""
        mean, spread = self.exponent(G, G_max)
        # the draw is of the key alone, so a device keeps its exponent at every time
        nu = jnp.maximum(mean + spread * standard_normal(key, G), 0)
        elapsed = jnp.maximum(jnp.asarray(time_s, G.dtype) / self.start_s.astype(G.dtype), 1)
        return G * elapsed ** (-nu)


class Relaxation(AbstractDrift):
    """Spread that grows with the logarithm of time, `share G_max sqrt(ln(t / t0))`, around an unchanged mean; nothing before t0.

    Filaments of resistive memories relax to either side, most of it early: of the spread NeuRRAM shows after two days nearly all is there
    after one (Wan et al. 2022, as fitted in aihwkit's `ReRamWan2022NoiseModel`).

    Attributes:
        share: standard deviation at `t = e t0`, as a share of G_max.
        start_s: t0, when the conductance was verified [s].
    """

    share: Float[Array, ""] = eqx.field(converter=leaf)
    start_s: Float[Array, ""] = eqx.field(converter=leaf)

    def sample(self, G: Float[Array, "..."], G_max: Float[Array, ""], time_s: ArrayLike, key: Key[Array, ""]) -> Float[Array, "..."]:
        """Reparameterised in share and time; never negative."""
        elapsed = jnp.asarray(time_s, G.dtype) / self.start_s.astype(G.dtype)
        # the root has no slope at t0, hence the second where
        later = elapsed > 1
        growth = jnp.where(later, jnp.sqrt(jnp.log(jnp.where(later, elapsed, 2))), 0)
        # one draw for all times: what relaxes upwards goes on doing so
        return jnp.maximum(G + self.share.astype(G.dtype) * G_max * growth * standard_normal(key, G), 0)


class Successively(AbstractDrift):
    """One kind of drift after another, in the order of `laws`."""

    laws: tuple[AbstractDrift, ...]

    def sample(self, G: Float[Array, "..."], G_max: Float[Array, ""], time_s: ArrayLike, key: Key[Array, ""]) -> Float[Array, "..."]:
        """Each law on what the one before left."""
        for law, law_key in zip(self.laws, jax.random.split(key, len(self.laws)), strict=True):
            G = law.sample(G, G_max, time_s, law_key)
        return G


class AbstractReadNoise(eqx.Module):
    """Noise of one reading, in two parts: what lasts over a whole evaluation, and what differs from reading to reading."""

    @abc.abstractmethod
    def slow(self, G: Float[Array, "..."], G_max: Float[Array, ""], time_s: ArrayLike) -> Float[Array, "..."]:
        """Standard deviation of the lasting part, `time_s` seconds after programming [S]."""

    @abc.abstractmethod
    def fast(self, G: Float[Array, "..."], G_max: Float[Array, ""], time_s: ArrayLike) -> Float[Array, "..."]:
        """Standard deviation of the part that is new in every reading [S]."""

    def sigma(self, G: Float[Array, "..."], G_max: Float[Array, ""], time_s: ArrayLike) -> Float[Array, "..."]:
        """Standard deviation of a reading [S]."""
        return safe_root(self.slow(G, G_max, time_s) ** 2 + self.fast(G, G_max, time_s) ** 2)

    def sample(self, G: Float[Array, "..."], G_max: Float[Array, ""], time_s: ArrayLike, key: Key[Array, ""]) -> Float[Array, "..."]:
        """One reading of each device [S]."""
        return G + self.sigma(G, G_max, time_s) * standard_normal(key, G)


class NoReadNoise(AbstractReadNoise):
    """Readings repeat exactly."""

    def slow(self, G: Float[Array, "..."], G_max: Float[Array, ""], time_s: ArrayLike) -> Float[Array, "..."]:
        """Zero."""
        return jnp.zeros_like(G)

    def fast(self, G: Float[Array, "..."], G_max: Float[Array, ""], time_s: ArrayLike) -> Float[Array, "..."]:
        """Zero."""
        return jnp.zeros_like(G)


class WhiteReadNoise(AbstractReadNoise):
    """Noise without memory, `share` of the device's conductance."""

    share: Float[Array, ""] = eqx.field(converter=leaf)

    def slow(self, G: Float[Array, "..."], G_max: Float[Array, ""], time_s: ArrayLike) -> Float[Array, "..."]:
        """Zero."""
        return jnp.zeros_like(G)

    def fast(self, G: Float[Array, "..."], G_max: Float[Array, ""], time_s: ArrayLike) -> Float[Array, "..."]:
        """`share * G`."""
        return self.share.astype(G.dtype) * jnp.abs(G)


class FlickerReadNoise(AbstractReadNoise):
    """1/f noise: `|G| min(q / g^p, q_max) sqrt(ln((t + t_read) / (2 t_read)))` with g = G / G_max.

    Each decade of frequency holds as much power as the next, and an evaluation spans few of the many decades between a reading and the
    time since programming, so all of it lasts (aihwkit, too, draws it once). `EachReading` makes it fast instead.

    Attributes:
        strength, power, strongest: q, p and q_max.
        read_s: duration of a reading, which is also the earliest time that makes sense [s].
    """

    strength: Float[Array, ""] = eqx.field(converter=leaf)
    power: Float[Array, ""] = eqx.field(converter=leaf)
    strongest: Float[Array, ""] = eqx.field(converter=leaf)
    read_s: Float[Array, ""] = eqx.field(converter=leaf)

    def slow(self, G: Float[Array, "..."], G_max: Float[Array, ""], time_s: ArrayLike) -> Float[Array, "..."]:
        """The law above; zero up to one reading after programming."""
        # keeps the power finite at open cells, whose noise is zero anyway by the factor |G|
        share = jnp.maximum(jnp.abs(G) / G_max, 1e-6)
        q = jnp.minimum(self.strength / share**self.power, self.strongest).astype(G.dtype)
        ratio = (jnp.asarray(time_s, G.dtype) + self.read_s) / (2 * self.read_s)
        # up to one reading the logarithm is not positive; the second where keeps the root's slope finite
        later = ratio > 1
        return jnp.abs(G) * q * jnp.where(later, jnp.sqrt(jnp.log(jnp.where(later, ratio, 2))), 0)

    def fast(self, G: Float[Array, "..."], G_max: Float[Array, ""], time_s: ArrayLike) -> Float[Array, "..."]:
        """Zero."""
        return jnp.zeros_like(G)


class Independent(AbstractReadNoise):
    """Two kinds of noise, `one` and the `other`, that know nothing of each other: variances add."""

    one: AbstractReadNoise
    other: AbstractReadNoise

    def slow(self, G: Float[Array, "..."], G_max: Float[Array, ""], time_s: ArrayLike) -> Float[Array, "..."]:
        """Root of the sum of squares."""
        return safe_root(self.one.slow(G, G_max, time_s) ** 2 + self.other.slow(G, G_max, time_s) ** 2)

    def fast(self, G: Float[Array, "..."], G_max: Float[Array, ""], time_s: ArrayLike) -> Float[Array, "..."]:
        """Root of the sum of squares."""
        return safe_root(self.one.fast(G, G_max, time_s) ** 2 + self.other.fast(G, G_max, time_s) ** 2)


class EachReading(AbstractReadNoise):
    """Another law, drawn anew in every reading, lasting part included."""

    law: AbstractReadNoise

    def slow(self, G: Float[Array, "..."], G_max: Float[Array, ""], time_s: ArrayLike) -> Float[Array, "..."]:
        """Zero."""
        return jnp.zeros_like(G)

    def fast(self, G: Float[Array, "..."], G_max: Float[Array, ""], time_s: ArrayLike) -> Float[Array, "..."]:
        """All of the law's noise."""
        return self.law.sigma(G, G_max, time_s)


class Lasting(AbstractReadNoise):
    """Another law, drawn once per chip, what changes between readings included: every reading errs as much, but the same way.

    A search takes it for speed: nothing is drawn at a reading.
    """

    law: AbstractReadNoise

    def slow(self, G: Float[Array, "..."], G_max: Float[Array, ""], time_s: ArrayLike) -> Float[Array, "..."]:
        """All of the law's noise."""
        return self.law.sigma(G, G_max, time_s)

    def fast(self, G: Float[Array, "..."], G_max: Float[Array, ""], time_s: ArrayLike) -> Float[Array, "..."]:
        """Zero."""
        return jnp.zeros_like(G)


def compensate(
    read: Float[Array, "... columns"], programmed_sum: Float[Array, ""], read_sum: Float[Array, ""]
) -> Float[Array, "... columns"]:
    """Global drift compensation: outputs scaled by what a calibration read-out of the whole array has lost.

    Args:
        read: outputs, or conductances, now.
        programmed_sum: summed conductance read right after programming [S].
        read_sum: the same sum read now [S].
    """
    # an array without conductance has nothing to restore
    return read * safe_divide(programmed_sum, read_sum, 1.0)
