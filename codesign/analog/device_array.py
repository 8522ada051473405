"""A crossbar made of real devices: mapping, programming, ageing, wires and converters, each a part that can be exchanged.

It plugs into `codesign.analog.array.analog_matmul` beside the statistical arrays. Array sizes are static here, so tiles are cut
exactly, wires are solved tile by tile, and every tile has converters of its own.
"""

import abc
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from codesign.analog.array import AbstractArray
from codesign.analog.checks import require_at_least
from codesign.analog.device import Device, age, age_compensated, program
from codesign.analog.device_noise import leaf
from codesign.analog.mapping import AbstractMapping
from codesign.analog.readout import convert
from codesign.analog.wires import effective_conductance


class AbstractAgeing(eqx.Module):
    """What happens between programming and use."""

    @abc.abstractmethod
    def __call__(self, device: Device, G: Float[Array, "..."], key: Key[Array, ""]) -> Float[Array, "..."]:
        """Conductances at the time of use [S]."""


class Fresh(AbstractAgeing):
    """Used as programmed."""

    def __call__(self, device: Device, G: Float[Array, "..."], key: Key[Array, ""]) -> Float[Array, "..."]:
        """The programmed conductances."""
        return G


class Aged(AbstractAgeing):
    """Used `time_s` seconds after programming: drift and one reading's noise."""

    time_s: Float[Array, ""] = eqx.field(converter=leaf)

    def __call__(self, device: Device, G: Float[Array, "..."], key: Key[Array, ""]) -> Float[Array, "..."]:
        """See `device.age`."""
        return age(device, G, self.time_s, key)


class AgedCompensated(AbstractAgeing):
    """As `Aged`, with outputs scaled by what the summed conductance of the array has lost."""

    time_s: Float[Array, ""] = eqx.field(converter=leaf)

    def __call__(self, device: Device, G: Float[Array, "..."], key: Key[Array, ""]) -> Float[Array, "..."]:
        """See `device.age_compensated`."""
        return age_compensated(device, G, self.time_s, key)


class Wires(eqx.Module):
    """Wire resistance of one segment of each kind, and the tier that solves it (`codesign.analog.wires`)."""

    r_word: Float[Array, ""] = eqx.field(converter=leaf)
    r_bit: Float[Array, ""] = eqx.field(converter=leaf)
    tier: str = eqx.field(static=True)

    def __call__(self, G: Float[Array, "tiles rows columns"]) -> Float[Array, "tiles rows columns"]:
        """Effective conductances of every tile [S]."""
        return jax.vmap(lambda tile: effective_conductance(tile, self.r_word, self.r_bit, self.tier))(G)


class AbstractConverter(eqx.Module):
    """What turns a tile's column sum into a number."""

    @abc.abstractmethod
    def __call__(self, sums: Float[Array, "..."], full_scale: Float[Array, ""]) -> Float[Array, "..."]:
        """Numbers read, in the units of the sums."""


class IdealConverter(AbstractConverter):
    """Reads the exact sum (SpikeSim's engine as released; CrossSim's default)."""

    def __call__(self, sums: Float[Array, "..."], full_scale: Float[Array, ""]) -> Float[Array, "..."]:
        """The sums."""
        return sums


class UniformConverter(AbstractConverter):
    """Clips to the full scale and rounds to `bits` bits, straight-through; see `readout.convert`."""

    bits: Float[Array, ""] = eqx.field(converter=leaf)

    def __check_init__(self) -> None:
        """Refuse fewer than one bit."""
        require_at_least("bits", self.bits, 1)

    def __call__(self, sums: Float[Array, "..."], full_scale: Float[Array, ""]) -> Float[Array, "..."]:
        """Rounded sums."""
        return convert(sums, full_scale, self.bits)


class HeldTiles(NamedTuple):
    """A programmed layer: effective weights tile by tile, and the digital correction.

    Attributes:
        weights: [readings, row tiles, rows, outputs].
        correction: [fan_in, outputs].
    """

    weights: Float[Array, "readings tiles rows outputs"]
    correction: Float[Array, "fan_in outputs"]


class DeviceCrossbar(AbstractArray):
    """Arrays of `rows` x `columns` devices.

    Attributes:
        device: the cell.
        mapping: weights to conductances.
        ageing: from programming to use.
        wires: IR drop.
        converter: read-out of a tile's column.
        rows, columns: array size (static).

    Raises:
        ValueError: fewer than one row or column.
    """

    device: Device
    mapping: AbstractMapping
    ageing: AbstractAgeing
    wires: Wires
    converter: AbstractConverter
    rows: int = eqx.field(static=True)
    columns: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        """Refuse arrays without cells."""
        require_at_least("rows", self.rows, 1)
        require_at_least("columns", self.columns, 1)

    def program(self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]) -> HeldTiles:  # type: ignore[override]
        """Encode, program, age, and solve the wires of every tile; unused cells rest at the smallest conductance."""
        code = self.mapping.encode(weights, scale, self.device)
        program_key, age_key = jax.random.split(key)
        G = self.ageing(self.device, program(self.device, code.G, program_key), age_key)
        planes, fan_in, outputs = G.shape
        tiles, across = -(-fan_in // self.rows), -(-outputs // self.columns)
        padding = ((0, 0), (0, tiles * self.rows - fan_in), (0, across * self.columns - outputs))
        padded = jnp.pad(G, padding, constant_values=self.device.g_min.astype(G.dtype)).reshape(
            planes, tiles, self.rows, across, self.columns
        )
        solved = self.wires(jnp.moveaxis(padded, 3, 2).reshape(-1, self.rows, self.columns))
        joined = jnp.moveaxis(solved.reshape(planes, tiles, across, self.rows, self.columns), 2, 3)
        W = joined.reshape(planes, tiles, self.rows, -1)[..., :outputs]
        return HeldTiles(jnp.einsum("rp,ptio,ro->rtio", code.sense, W, code.gain), code.correction)

    def read(  # type: ignore[override]
        self, x: Float[Array, "batch fan_in"], held: HeldTiles, full_scale: Float[Array, ""]
    ) -> Float[Array, "batch outputs"]:
        """Every tile's column sums through its converters, added up, and corrected."""
        tiles, rows = held.weights.shape[1:3]
        split = jnp.pad(x, ((0, 0), (0, tiles * rows - x.shape[1]))).reshape(-1, tiles, rows)
        sums = jnp.einsum("bti,rtio->brto", split, held.weights)
        return jnp.sum(self.converter(sums, full_scale * rows), axis=(1, 2)) + x @ held.correction
