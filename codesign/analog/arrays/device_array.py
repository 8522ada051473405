"""A crossbar made of real devices: mapping, programming, ageing, wires, drivers and converters, each a part that can be exchanged.

It plugs into `codesign.analog.arrays.array.analog_matmul` beside the statistical arrays. Array sizes are static here, so tiles are cut
exactly, wires are solved tile by tile, and every tile has converters of its own.
"""

import dataclasses
from typing import Final, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from codesign.analog.arrays.array import AbstractArray
from codesign.analog.arrays.converter import AbstractConverter
from codesign.analog.arrays.driver import AbstractDriver, IdealDriver
from codesign.analog.arrays.mapping import AbstractMapping, Encoding
from codesign.analog.checks import require_at_least
from codesign.analog.device.ageing import AbstractAgeing, fast_variance, slow_noise
from codesign.analog.device.device import Device, program
from codesign.analog.device.noise import leaf
from codesign.analog.device.time import NoReadNoise
from codesign.analog.wires.wires import effective_conductance, source_power
from codesign.numerics import safe_root

_BOLTZMANN_J_PER_K: Final = 1.380649e-23


class Wires(eqx.Module):
    """Wires of an array.

    Attributes:
        r_word, r_bit: resistance of one segment of a word line and of a bit line [ohm].
        tier: what solves them (`codesign.analog.wires.wires`; static).
    """

    r_word: Float[Array, ""] = eqx.field(converter=leaf)
    r_bit: Float[Array, ""] = eqx.field(converter=leaf)
    tier: str = eqx.field(static=True)

    def __check_init__(self) -> None:
        """Refuse negative resistances."""
        require_at_least("r_word", self.r_word, 0)
        require_at_least("r_bit", self.r_bit, 0)

    def __call__(self, G: Float[Array, "tiles rows columns"]) -> Float[Array, "tiles rows columns"]:
        """Effective conductances of every tile [S]."""
        # "auto" computes every tier here, since vmap turns its switch into a selection
        return jax.vmap(lambda tile: effective_conductance(tile, self.r_word, self.r_bit, self.tier))(G)

    def power(self, G: Float[Array, "rows columns"], V: Float[Array, "batch rows"]) -> Float[Array, " batch"]:
        """Power that one tile draws from its drivers [W]; exact in every tier but "none", which has no wires."""
        # the effective matrix gives the currents of columns, not what each driver delivers: that takes the exact field
        ideal = self.tier == "none"
        return source_power(G, V, 0.0 if ideal else self.r_word, 0.0 if ideal else self.r_bit)


class HeldTiles(NamedTuple):
    """A programmed layer: effective weights tile by tile, the digital correction, and what its readings err by.

    Attributes:
        weights: [readings, row tiles, rows, outputs].
        correction: [fan_in, outputs].
        variance: [readings, row tiles, rows, outputs], of a reading per squared input; None without noise from reading to reading.
        thermal: [readings, row tiles, outputs], variance that does not depend on the input; None where it is left out.
        offset: [readings, row tiles, outputs], of the converters, shares of the full scale.
    """

    weights: Float[Array, "readings tiles rows outputs"]
    correction: Float[Array, "fan_in outputs"]
    variance: Float[Array, "readings tiles rows outputs"] | None
    thermal: Float[Array, "readings tiles outputs"] | None
    offset: Float[Array, "readings tiles outputs"]


class DeviceCrossbar(AbstractArray):
    """Arrays of `rows` x `columns` devices.

    Attributes:
        device: the cell.
        mapping: weights to conductances.
        ageing: from programming to use.
        wires: IR drop.
        converter: read-out of a tile's column.
        rows, columns: array size (static).
        driver: inputs to read pulses.
        temperature_k: of the thermal noise of devices, `4 k T G B` over the bandwidth `B = 1 / (2 t_read)`; None leaves it out.
        lead: rows of the first tile that come before the first input, for a part of a layer that begins within a tile (static).

    Raises:
        ValueError: fewer than one row or column; (outside `jit`) a temperature that is not above zero.
    """

    device: Device
    mapping: AbstractMapping
    ageing: AbstractAgeing
    wires: Wires
    converter: AbstractConverter
    rows: int = eqx.field(static=True)
    columns: int = eqx.field(static=True)
    driver: AbstractDriver = IdealDriver()
    temperature_k: Float[Array, ""] | None = eqx.field(converter=lambda t: None if t is None else leaf(t), default=None)
    lead: int = eqx.field(static=True, default=0)

    def __check_init__(self) -> None:
        """Refuse arrays without cells."""
        require_at_least("rows", self.rows, 1)
        require_at_least("columns", self.columns, 1)
        if self.temperature_k is not None:
            require_at_least("temperature_k", self.temperature_k, 0)

    def _tiles(
        self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]
    ) -> tuple[Encoding, Float[Array, "planes tiles across rows columns"]]:
        """The chip that `key` draws: its encoding, and its conductances; unused cells rest at the smallest."""
        code = self.mapping.encode(weights, scale, self.device)
        program_key, age_key, noise_key = jax.random.split(key, 3)
        G = self.ageing(self.device, program(self.device, code.G, program_key), age_key)
        # noise may carry a conductance below zero, which the exact wires do not take
        G = jnp.maximum(slow_noise(self.device, G, self.ageing.age_s, noise_key), 0)
        planes, fan_in, outputs = G.shape
        tiles, across = -(-fan_in // self.rows), -(-outputs // self.columns)
        # cells without a weight still load the wires; padded after the noise, they have none
        padding = ((0, 0), (0, tiles * self.rows - fan_in), (0, across * self.columns - outputs))
        padded = jnp.pad(G, padding, constant_values=self.device.g_min.astype(G.dtype))
        # whole arrays in the last two axes, as the wires' solvers take them
        return code, jnp.moveaxis(padded.reshape(planes, tiles, self.rows, across, self.columns), 3, 2)

    def _split(self, x: Float[Array, "... fan_in"]) -> Float[Array, "... tiles rows"]:
        tiles = -(-(self.lead + x.shape[-1]) // self.rows)
        padding = [(0, 0)] * (x.ndim - 1) + [(self.lead, tiles * self.rows - self.lead - x.shape[-1])]
        return jnp.pad(x, padding).reshape(*x.shape[:-1], tiles, self.rows)

    def program(self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]) -> HeldTiles:
        """Encode, program, age, solve the wires of every tile, and draw the converters' offsets."""
        # `read_energy_pj` splits alike, to find the same chip
        chip_key, converter_key = jax.random.split(key)
        code, G = self._tiles(weights, scale, chip_key)
        solved = self.wires(G.reshape(-1, self.rows, self.columns)).reshape(G.shape)

        def outputs(cells: Array) -> Array:
            return jnp.moveaxis(cells, 2, 3).reshape(*G.shape[:2], self.rows, -1)[..., : weights.shape[1]]

        def sensed(cells: Array, power: int) -> Array:
            # to the first power for currents; squared for variances, where the minus of a pair drops out
            return jnp.einsum("rp,ptio,ro->rtio", code.sense**power, outputs(cells), code.gain**power)

        variance = thermal = None
        # what the wires leave of a device's current they leave of its noise
        share = solved / jnp.where(G > 0, G, 1)
        # a matter of structure, known while tracing: a silent device draws and compiles nothing
        if not isinstance(self.device.reading, NoReadNoise):
            variance = sensed(share**2 * fast_variance(self.device, G, self.ageing.age_s), 2)
        if self.temperature_k is not None:
            # driven or not, every device of a column fluctuates, so the rows are summed here once
            thermal = jnp.sum(sensed(share**2 * self._thermal_variance(G), 2), axis=2)
        held = sensed(solved, 1)
        offset = self.converter.manufacture(held[:, :, 0], converter_key)
        # jaxlib 0.10 on CPU reads foreign memory where a product with a broadcast scalar is fused with random numbers
        correction = code.correction + 0 * weights
        return HeldTiles(held, correction, variance, thermal, offset)

    def part(self, held: HeldTiles, start: int, stop: int) -> tuple["DeviceCrossbar", HeldTiles]:
        """The tiles that hold the rows, whole: rows of the first and last one that belong to others rest."""
        first, last = (self.lead + start) // self.rows, -(-(self.lead + stop) // self.rows)
        kept = jax.tree.map(lambda leaf: leaf[:, first:last], held)
        reader = dataclasses.replace(self, lead=(self.lead + start) % self.rows)
        return reader, kept._replace(correction=held.correction[start:stop])

    def _thermal_variance(self, G: Array) -> Array:
        """Johnson-Nyquist noise of each device in units of a conductance at the read voltage [S^2]."""
        assert self.temperature_k is not None
        # 4 k T G B with B = 1 / (2 t), over V^2 to turn a current's variance into a conductance's
        per_conductance = 2 * _BOLTZMANN_J_PER_K * self.temperature_k / (self.device.read_time_s * self.device.read_voltage_v**2)
        return per_conductance.astype(G.dtype) * G

    def read(
        self, x: Float[Array, "batch fan_in"], held: HeldTiles, full_scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "batch outputs"]:
        """Every pulse's and tile's column sums through its converters, added up, and corrected."""
        pulses = self.driver(x)
        keys = jax.random.split(key, pulses.weights.shape[0])
        total = jnp.zeros((), x.dtype)
        for level, weight, pulse_key in zip(pulses.levels, pulses.weights, keys, strict=True):
            total = total + weight * self._read_pulse(level, held, full_scale, pulse_key)
        return total

    def _read_pulse(self, x: Float[Array, "batch fan_in"], held: HeldTiles, full_scale: Array, key: Array) -> Float[Array, "batch outputs"]:
        noise_key, converter_key = jax.random.split(key)
        tiles = self._split(x)
        sums = jnp.einsum("bti,rtio->brto", tiles, held.weights)
        variance = None if held.variance is None else jnp.einsum("bti,rtio->brto", tiles**2, held.variance)
        if held.thermal is not None:
            # devices and temperature know nothing of each other: variances add, and one draw serves both
            variance = held.thermal + (0 if variance is None else variance)
        if variance is not None:
            sums = sums + safe_root(variance) * jax.random.normal(noise_key, sums.shape, sums.dtype)
        # sums are in weight units: all readings share one full scale and step, planes of low digits too
        codes = self.converter(sums, full_scale * self.rows, held.offset, converter_key)
        # x as it was driven, not as it was meant: the digital side knows the pulses exactly
        return jnp.sum(codes, axis=(1, 2)) + x @ held.correction

    def read_energy_pj(
        self, x: Float[Array, "batch fan_in"], weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, " batch"]:
        """Energy that devices and wires take for all pulses of each input [pJ].

        It belongs to the chip that `program` draws from the same key, at the same device voltages: what lowers the output by
        wire losses also lowers the energy. Inputs are shares of the read voltage.
        """
        # the half of the key that `program` gives its chip
        G = self._tiles(weights, scale, jax.random.split(key)[0])[1]
        levels = self.driver(x).levels
        V = self.device.read_voltage_v.astype(x.dtype) * jnp.moveaxis(self._split(levels.reshape(-1, x.shape[1])), 1, 0)
        # neighbouring arrays and planes share their drivers' voltages, row tiles have their own
        across = jax.vmap(self.wires.power, in_axes=(0, None))
        power = jax.vmap(jax.vmap(across), in_axes=(0, None))(G, V)
        # joule to pJ; pulses went in as part of the batch and are added up per input below
        energy = 1e12 * self.device.read_time_s.astype(x.dtype) * jnp.sum(power, axis=(0, 1, 2))
        return jnp.sum(energy.reshape(levels.shape[0], -1), axis=0)
