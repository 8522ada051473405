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
from codesign.analog.mapping import AbstractMapping, Encoding
from codesign.analog.readout import convert
from codesign.analog.wires import effective_conductance, source_power


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

    def power(self, G: Float[Array, "rows columns"], V: Float[Array, "batch rows"]) -> Float[Array, " batch"]:
        """Power that one tile draws from its drivers [W]; exact in every tier but "none", which has no wires."""
        ideal = self.tier == "none"
        return source_power(G, V, 0.0 if ideal else self.r_word, 0.0 if ideal else self.r_bit)


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

    def _tiles(
        self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]
    ) -> tuple[Encoding, Float[Array, "planes tiles across rows columns"]]:
        """The chip that `key` draws: its encoding, and its conductances; unused cells rest at the smallest."""
        code = self.mapping.encode(weights, scale, self.device)
        program_key, age_key = jax.random.split(key)
        G = self.ageing(self.device, program(self.device, code.G, program_key), age_key)
        planes, fan_in, outputs = G.shape
        tiles, across = -(-fan_in // self.rows), -(-outputs // self.columns)
        padding = ((0, 0), (0, tiles * self.rows - fan_in), (0, across * self.columns - outputs))
        padded = jnp.pad(G, padding, constant_values=self.device.g_min.astype(G.dtype))
        return code, jnp.moveaxis(padded.reshape(planes, tiles, self.rows, across, self.columns), 3, 2)

    def _split(self, x: Float[Array, "batch fan_in"]) -> Float[Array, "batch tiles rows"]:
        tiles = -(-x.shape[1] // self.rows)
        return jnp.pad(x, ((0, 0), (0, tiles * self.rows - x.shape[1]))).reshape(-1, tiles, self.rows)

    def program(self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]) -> HeldTiles:  # type: ignore[override]
        """Encode, program, age, and solve the wires of every tile."""
        code, G = self._tiles(weights, scale, key)
        solved = self.wires(G.reshape(-1, self.rows, self.columns)).reshape(G.shape)
        W = jnp.moveaxis(solved, 2, 3).reshape(*G.shape[:2], self.rows, -1)[..., : weights.shape[1]]
        return HeldTiles(jnp.einsum("rp,ptio,ro->rtio", code.sense, W, code.gain), code.correction)

    def read(  # type: ignore[override]
        self, x: Float[Array, "batch fan_in"], held: HeldTiles, full_scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "batch outputs"]:
        """Every tile's column sums through its converters, added up, and corrected."""
        sums = jnp.einsum("bti,rtio->brto", self._split(x), held.weights)
        return jnp.sum(self.converter(sums, full_scale * self.rows), axis=(1, 2)) + x @ held.correction

    def read_energy_pj(
        self, x: Float[Array, "batch fan_in"], weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, " batch"]:
        """Energy that devices and wires take for one reading of each input [pJ].

        It belongs to the chip that `program` draws from the same key, at the same device voltages: what lowers the output by
        wire losses also lowers the energy. Inputs are shares of the read voltage.
        """
        G = self._tiles(weights, scale, key)[1]
        V = self.device.read_voltage_v.astype(x.dtype) * jnp.moveaxis(self._split(x), 1, 0)
        across = jax.vmap(self.wires.power, in_axes=(0, None))
        power = jax.vmap(jax.vmap(across), in_axes=(0, None))(G, V)
        return 1e12 * self.device.read_time_s.astype(x.dtype) * jnp.sum(power, axis=(0, 1, 2))
