"""Drivers of the word lines: how inputs become read pulses.

Inputs are shares of the read voltage; a negative one takes the other polarity. A driver sends an input in one or several pulses, each
read and converted on its own, whose results are added digitally with the weights of their digits.
"""

import abc
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.analog.checks import require_at_least
from codesign.analog.device.noise import leaf
from codesign.numerics import straight_through


class Pulses(NamedTuple):
    """What the word lines see.

    Attributes:
        levels: [pulses, batch, fan_in], shares of the read voltage.
        weights: [pulses], digital weight of each pulse; they add up to 1.
    """

    levels: Float[Array, "pulses batch fan_in"]
    weights: Float[Array, " pulses"]


class AbstractDriver(eqx.Module):
    """Digital-to-analog conversion of a layer's inputs."""

    @abc.abstractmethod
    def __call__(self, x: Float[Array, "batch fan_in"]) -> Pulses:
        """The pulses of each input."""


def _single(levels: Array) -> Pulses:
    return Pulses(levels[None], jnp.ones(1, levels.dtype))


class IdealDriver(AbstractDriver):
    """One pulse of exactly the input's height."""

    def __call__(self, x: Float[Array, "batch fan_in"]) -> Pulses:
        """The inputs."""
        return _single(x)


class SpikeDriver(AbstractDriver):
    """One transistor a line: a full pulse for an event, none otherwise; numbers of at least one half count as an event."""

    def __call__(self, x: Float[Array, "batch fan_in"]) -> Pulses:
        """0 and 1; the gradient passes straight through within [0, 1]."""
        return _single(straight_through((x >= 0.5).astype(x.dtype), jnp.clip(x, 0, 1)))


class MultiLevelDriver(AbstractDriver):
    """A digital-to-analog converter: one pulse of `2^bits` heights from 0 to the read voltage.

    Attributes:
        bits: any real number of at least 1; between whole numbers the two roundings are mixed.
    """

    bits: Float[Array, ""] = eqx.field(converter=leaf)

    def __check_init__(self) -> None:
        """Refuse fewer than one bit."""
        require_at_least("bits", self.bits, 1)

    def __call__(self, x: Float[Array, "batch fan_in"]) -> Pulses:
        """Rounded inputs; the gradient passes straight through within [-1, 1], and to `bits` as the difference of roundings."""
        unit = jnp.clip(x, -1, 1)
        bits = self.bits.astype(x.dtype)
        floor = jax.lax.stop_gradient(jnp.floor(bits))

        def rounded(whole: Array) -> Array:
            # at least one, since bits are at least 1
            steps = 2**whole - 1
            return straight_through(jnp.round(unit * steps) / steps, unit)

        return _single((1 - (bits - floor)) * rounded(floor) + (bits - floor) * rounded(floor + 1))


class BitSerialDriver(AbstractDriver):
    """Numbers of `bits` bits sent bit by bit through spike drivers.

    Attributes:
        bits: whole number of at least 1 (static: the number of pulses).
    """

    bits: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        """Refuse fewer than one bit."""
        require_at_least("bits", self.bits, 1)

    def __call__(self, x: Float[Array, "batch fan_in"]) -> Pulses:
        """Binary digits, lowest first, with the number's sign; each digit passes the gradient straight through."""
        unit = jnp.clip(x, -1, 1)
        code = jnp.round(jnp.abs(unit) * (2**self.bits - 1))
        powers = 2.0 ** jnp.arange(self.bits, dtype=x.dtype)
        digits = jnp.sign(unit) * jnp.mod(jnp.floor(code / powers[:, None, None]), 2)
        # the weights add up to 1: with slope 1 in each digit the whole number has slope 1
        return Pulses(straight_through(digits, jnp.broadcast_to(unit, digits.shape)), powers / (2**self.bits - 1))
