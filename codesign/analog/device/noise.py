"""Noise laws of memory devices: how far a programmed conductance lies from its target.

Every law is a standard deviation as a function of the target, and a draw is `target + sigma(target) * normal`: reparameterised,
so gradients reach the law's own parameters. Conductances are in siemens, the published polynomials in microsiemens.
"""

import abc
import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.special import ndtr
from jaxtyping import Array, Float, Key

MICRO = 1e-6


def leaf(value: Any) -> Any:
    """A float array leaf in the default float type, from a number or a sequence of numbers."""
    # of an explicit dtype: a weakly typed leaf would trace once more, a Python number once per value
    return jnp.asarray(value, jnp.result_type(float))


def standard_normal(key: Key[Array, ""], like: Float[Array, "..."]) -> Float[Array, "..."]:
    """Normal numbers of mean 0 and spread 1, as many as `like` has entries and of its dtype; they are computed once.

    Written plainly, XLA's CPU code repeats the last half of the computation in each operation that reads them, backward ones included:
    half of the time of a programmed layer with its gradient.
    """
    drawn = jax.random.normal(key, like.shape, like.dtype)
    bits = jax.random.key_data(jax.random.clone(key))[0]
    # operands and results of a branch are kept; x (x + 1) is even, also where it overflows, which compilers do not know
    return jax.lax.cond(bits * (bits + 1) % 2 == 0, lambda x: x, jnp.zeros_like, drawn)


class AbstractProgrammingNoise(eqx.Module):
    """Spread of devices after programming."""

    @abc.abstractmethod
    def sigma(self, G: Float[Array, "..."], G_max: Float[Array, ""]) -> Float[Array, "..."]:
        """Standard deviation of a device programmed to `G` [S]."""

    @abc.abstractmethod
    def sample(self, G: Float[Array, "..."], G_max: Float[Array, ""], key: Key[Array, ""]) -> Float[Array, "..."]:
        """One programmed device for each target [S]; never negative."""


def _normal(G: Array, sigma: Array, key: Array) -> Array:
    # cut, not drawn again: where the spread is wide against the target the mean rises a little
    return jnp.maximum(G + sigma * standard_normal(key, G), 0)


def clipped_mean(G: Float[Array, "..."], sigma: Float[Array, "..."]) -> Float[Array, "..."]:
    """Mean of a normal device that is cut off at zero, `G Phi(G / sigma) + sigma phi(G / sigma)`; smooth in both."""
    # at no spread the second where keeps the ratio finite, and the mean is the target
    spread = sigma > 0
    ratio = jnp.where(spread, G / jnp.where(spread, sigma, 1), jnp.inf)
    # phi(inf) is 0 with a slope of NaN
    bounded = jnp.minimum(ratio, 40)
    return G * ndtr(bounded) + sigma * jnp.exp(-(bounded**2) / 2) / math.sqrt(2 * math.pi)


class NoNoise(AbstractProgrammingNoise):
    """Devices land on their target (digital memories)."""

    def sigma(self, G: Float[Array, "..."], G_max: Float[Array, ""]) -> Float[Array, "..."]:
        """Zero."""
        return jnp.zeros_like(G)

    def sample(self, G: Float[Array, "..."], G_max: Float[Array, ""], key: Key[Array, ""]) -> Float[Array, "..."]:
        """The target."""
        return G


class NormalNoise(AbstractProgrammingNoise):
    """The same spread at every conductance; `share` of the largest one."""

    share: Float[Array, ""] = eqx.field(converter=leaf)

    def sigma(self, G: Float[Array, "..."], G_max: Float[Array, ""]) -> Float[Array, "..."]:
        """`share * G_max`."""
        return jnp.broadcast_to((self.share * G_max).astype(G.dtype), G.shape)

    def sample(self, G: Float[Array, "..."], G_max: Float[Array, ""], key: Key[Array, ""]) -> Float[Array, "..."]:
        """Normal around the target, cut off at zero."""
        return _normal(G, self.sigma(G, G_max), key)


class ProportionalNoise(AbstractProgrammingNoise):
    """A spread proportional to the conductance: device variation, as a `share` of it."""

    share: Float[Array, ""] = eqx.field(converter=leaf)

    def sigma(self, G: Float[Array, "..."], G_max: Float[Array, ""]) -> Float[Array, "..."]:
        """`share * G`."""
        return self.share.astype(G.dtype) * G

    def sample(self, G: Float[Array, "..."], G_max: Float[Array, ""], key: Key[Array, ""]) -> Float[Array, "..."]:
        """Normal around the target, cut off at zero."""
        return _normal(G, self.sigma(G, G_max), key)


class LogNormalNoise(AbstractProgrammingNoise):
    """Log-normal around the target, whose mean it keeps; `spread` is the standard deviation of the logarithm."""

    spread: Float[Array, ""] = eqx.field(converter=leaf)

    def sigma(self, G: Float[Array, "..."], G_max: Float[Array, ""]) -> Float[Array, "..."]:
        """`G sqrt(exp(spread^2) - 1)`."""
        squared = self.spread**2
        # sqrt has no slope at a spread of zero; there the law is spread * G
        tiny = squared < 1e-12
        share = jnp.where(tiny, self.spread, jnp.sqrt(jnp.expm1(jnp.where(tiny, 1, squared))))
        return share.astype(G.dtype) * G

    def sample(self, G: Float[Array, "..."], G_max: Float[Array, ""], key: Key[Array, ""]) -> Float[Array, "..."]:
        """`G exp(spread e - spread^2 / 2)`."""
        spread = self.spread.astype(G.dtype)
        # minus half the variance keeps the mean, not the median
        return G * jnp.exp(spread * standard_normal(key, G) - spread**2 / 2)


class PolynomialNoise(AbstractProgrammingNoise):
    """A published fit `sigma = scale * sum_k c_k u^k` in microsiemens.

    Attributes:
        coefficients: `c_0, c_1, ...`.
        unit: what u counts, in siemens; zero stands for the device's largest conductance.
        scale: 1 is the publication; a design variable, as better programming costs more pulses.
    """

    coefficients: Float[Array, " terms"] = eqx.field(converter=leaf)
    unit: Float[Array, ""] = eqx.field(converter=leaf)
    scale: Float[Array, ""] = eqx.field(converter=leaf, default=1.0)

    def sigma(self, G: Float[Array, "..."], G_max: Float[Array, ""]) -> Float[Array, "..."]:
        """The fit at `G`, inside the fitted range [0, G_max], and not below zero."""
        # zero and not None stands for G_max: the structure is the same for every fit
        unit = jnp.where(self.unit > 0, self.unit, G_max)
        # a polynomial runs away outside the range it was fitted in
        u = jnp.clip(G, 0, G_max) / unit.astype(G.dtype)
        # polyval takes the highest power first
        fit = jnp.polyval(self.coefficients[::-1].astype(G.dtype), u)
        return jnp.maximum(self.scale.astype(G.dtype) * MICRO * fit, 0)

    def sample(self, G: Float[Array, "..."], G_max: Float[Array, ""], key: Key[Array, ""]) -> Float[Array, "..."]:
        """Normal around the target, cut off at zero."""
        return _normal(G, self.sigma(G, G_max), key)
