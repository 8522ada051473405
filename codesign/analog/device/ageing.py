"""What happens to programmed devices between programming and use, and the noise with which they are then read."""

import abc
from typing import Final

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from codesign.analog.checks import require_at_least
from codesign.analog.device.device import Device, drift
from codesign.analog.device.noise import leaf
from codesign.analog.device.time import compensate

# a month is 30 days
AGES_S: Final = {"programming": 0.0, "hour": 3600.0, "day": 86400.0, "month": 2592000.0}
"""Times since programming at which designs are verified [s], by name."""


class AbstractAgeing(eqx.Module):
    """Time since programming, and what is done about it."""

    @property
    @abc.abstractmethod
    def age_s(self) -> Float[Array, ""]:
        """Time since programming [s]."""

    @abc.abstractmethod
    def __call__(self, device: Device, G: Float[Array, "..."], key: Key[Array, ""]) -> Float[Array, "..."]:
        """Conductances at the time of use [S]; the same key is the same chip at every time."""


class Fresh(AbstractAgeing):
    """Used as programmed."""

    @property
    def age_s(self) -> Float[Array, ""]:
        """Zero."""
        return leaf(0.0)

    def __call__(self, device: Device, G: Float[Array, "..."], key: Key[Array, ""]) -> Float[Array, "..."]:
        """The programmed conductances."""
        return G


class AbstractAged(AbstractAgeing):
    """Used `time_s` seconds after programming.

    Attributes:
        time_s: the time [s].
        lasting: searched arrays draw the noise of single readings once per chip (static): faster, and each answer errs as much.
    """

    time_s: Float[Array, "..."] = eqx.field(converter=leaf)
    lasting: bool = eqx.field(static=True, default=False)

    def __check_init__(self) -> None:
        """Refuse a time before programming."""
        require_at_least("time_s", self.time_s, 0)

    @property
    def age_s(self) -> Float[Array, ""]:
        """`time_s`."""
        return self.time_s


class Aged(AbstractAged):
    """Used as time has left it."""

    def __call__(self, device: Device, G: Float[Array, "..."], key: Key[Array, ""]) -> Float[Array, "..."]:
        """See `device.drift`."""
        return drift(device, G, self.time_s, key)


class AgedCompensated(AbstractAged):
    """As `Aged`, with outputs scaled by what the summed conductance of the layer has lost (global drift compensation)."""

    def __call__(self, device: Device, G: Float[Array, "..."], key: Key[Array, ""]) -> Float[Array, "..."]:
        """Drifted conductances with the sum they were programmed with."""
        drifted = drift(device, G, self.time_s, key)
        # one factor for the layer, applied digitally; its calibration read-outs are taken as free of noise
        return compensate(drifted, jnp.sum(G), jnp.sum(drifted))


def slow_noise(device: Device, G: Float[Array, "..."], age_s: Float[Array, ""], key: Key[Array, ""]) -> Float[Array, "..."]:
    """Conductances with the part of the read noise that lasts over a whole evaluation: one draw per chip [S]."""
    sigma = device.reading.slow(G, device.g_max.astype(G.dtype), age_s)
    # may fall below zero; who hands conductances to the wires clips them
    return G + sigma * jax.random.normal(key, G.shape, G.dtype)


def fast_variance(device: Device, G: Float[Array, "..."], age_s: Float[Array, ""]) -> Float[Array, "..."]:
    """Variance of each device from one reading to the next [S^2]; currents of devices add, and so do their variances."""
    return device.reading.fast(G, device.g_max.astype(G.dtype), age_s) ** 2
