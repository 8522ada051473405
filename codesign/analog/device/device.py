"""A memory device of an analog array: its conductance range and levels, and what programming, time and reading do to it.

A device composes laws (`noise`, `time`); published devices are in `catalogue`. Life of a conductance:

    G = quantise(device, target)                      # finite levels, straight-through gradient
    G = program(device, G, key)                       # programming noise, stuck cells
    G = drift(device, G, time_s, key)                 # same key: same device at every time
    G = read(device, G, time_s, key)                  # read noise, one draw per reading

All draws are reparameterised: gradients reach the noise laws, the on/off ratio, the levels and the read voltage.
"""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Key

from codesign.analog.checks import require_above, require_array, require_at_least, require_at_most
from codesign.analog.device.noise import AbstractProgrammingNoise, leaf
from codesign.analog.device.time import AbstractDrift, AbstractReadNoise
from codesign.numerics import held_between, straight_through
from codesign.shown.chips import chip_sheet
from codesign.shown.sheet import Sheet
from codesign.shown.shown import Shown


class Device(Shown, eqx.Module):
    """One kind of cell.

    Attributes:
        r_on_ohm, r_off_ohm: lowest and highest resistance [ohm].
        levels: distinguishable conductances from G_min to G_max; a real number of at least 2, inf for analog programming.
        read_voltage_v: amplitude of a read pulse [V].
        read_time_s: duration of a read pulse [s].
        stuck_on, stuck_off: share of cells stuck at G_max and at G_min.
        programming, drift, reading: noise laws.
        name, source: for people.

    Raises:
        ValueError: (outside `jit`) a field that is not finite or out of range, and `r_off_ohm` not above `r_on_ohm`.
    """

    r_on_ohm: Float[Array, ""] = eqx.field(converter=leaf)
    r_off_ohm: Float[Array, ""] = eqx.field(converter=leaf)
    levels: Float[Array, ""] = eqx.field(converter=leaf)
    read_voltage_v: Float[Array, ""] = eqx.field(converter=leaf)
    read_time_s: Float[Array, ""] = eqx.field(converter=leaf)
    programming: AbstractProgrammingNoise
    drift: AbstractDrift
    reading: AbstractReadNoise
    stuck_on: Float[Array, ""] = eqx.field(converter=leaf, default=0.0)
    stuck_off: Float[Array, ""] = eqx.field(converter=leaf, default=0.0)
    name: str = eqx.field(static=True, default="device")
    source: str = eqx.field(static=True, default="")

    def __check_init__(self) -> None:
        """Refuse impossible devices by name of the field."""
        require_above("r_on_ohm", self.r_on_ohm, 0.0)
        # no upper end: an infinite off resistance is a cell that really opens
        require_above("r_off_ohm", jnp.minimum(self.r_off_ohm, 1e30), self.r_on_ohm, "r_on_ohm")
        require_at_least("levels", jnp.minimum(self.levels, 1e30), 2)
        require_above("read_voltage_v", self.read_voltage_v, 0.0)
        require_above("read_time_s", self.read_time_s, 0.0)
        for field in ("stuck_on", "stuck_off"):
            require_at_least(field, getattr(self, field), 0)
        require_at_most("stuck_on + stuck_off", self.stuck_on + self.stuck_off, 1)

    def sheet(self) -> Sheet:
        """Range, levels and laws; see `codesign.shown`."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return chip_sheet(f"Device {fields.pop('name')}", fields, {}, {})

    @property
    def g_max(self) -> Float[Array, ""]:
        """Largest conductance [S]."""
        return 1 / self.r_on_ohm

    @property
    def g_min(self) -> Float[Array, ""]:
        """Smallest conductance [S]."""
        return 1 / self.r_off_ohm

    @property
    def on_off_ratio(self) -> Float[Array, ""]:
        """Largest over smallest conductance."""
        return self.r_off_ohm / self.r_on_ohm

    @property
    def read_energy_j(self) -> Float[Array, ""]:
        """Energy of reading a cell at G_max once, `V^2 G t`; an array's energy is `wires.source_power` times the read time [J]."""
        return self.read_voltage_v**2 * self.g_max * self.read_time_s


def quantise(device: Device, G: Float[Array, "..."]) -> Float[Array, "..."]:
    """The nearest programmable level, from G_min to G_max.

    Fractional levels interpolate the roundings to the whole numbers around them. The gradient passes straight through to `G`, and
    reaches `levels` through the interpolation and the range through the ends.
    """
    low, high = device.g_min.astype(G.dtype), device.g_max.astype(G.dtype)
    share = jnp.clip((G - low) / (high - low), 0, 1)
    # steps below a millionth of the range count as none; inf is replaced first, as inf - floor(inf) would be NaN
    analog = device.levels > 2.0**20
    levels = jnp.where(analog, 2.0, device.levels).astype(G.dtype)
    floor = jax.lax.stop_gradient(jnp.floor(levels))

    def snap(count: Array) -> Array:
        # no slope from here: G gets slope 1 below, and levels theirs through part alone
        return jax.lax.stop_gradient(jnp.round(share * (count - 1)) / (count - 1))

    part = levels - floor
    snapped = (1 - part) * snap(floor) + part * snap(floor + 1)
    snapped = straight_through(snapped, snapped + share)
    return held_between(low + (high - low) * jnp.where(analog, share, snapped), low, high)


def stuck_masks(device: Device, shape: tuple[int, ...], key: Key[Array, ""]) -> tuple[Bool[Array, "..."], Bool[Array, "..."]]:
    """Cells of one chip that are stuck at G_max, and at G_min; they never overlap."""
    # one draw cut into stretches: shares come out right and no cell is stuck both ways
    lottery = jax.random.uniform(key, shape)
    on = lottery < device.stuck_on
    return on, ~on & (lottery < device.stuck_on + device.stuck_off)


def program(device: Device, G_target: Float[Array, "..."], key: Key[Array, ""]) -> Float[Array, "..."]:
    """One chip's conductances after programming: noise around the target, then stuck cells [S].

    Args:
        device: the cell.
        G_target: wanted conductances [S].
        key: this chip.

    Raises:
        ValueError: (outside `jit`) a negative or non-finite target, or an empty array.
    """
    # any number of dimensions will do, but none may be empty
    require_array("G_target", G_target, jnp.ndim(G_target))
    require_at_least("G_target", G_target, 0)
    noise_key, fault_key = jax.random.split(key)
    G = device.programming.sample(G_target, device.g_max.astype(G_target.dtype), noise_key)
    # faults come last: a stuck cell knows neither target nor noise, and passes no gradient
    on, off = stuck_masks(device, G.shape, fault_key)
    return jnp.where(on, device.g_max.astype(G.dtype), jnp.where(off, device.g_min.astype(G.dtype), G))


def drift(device: Device, G: Float[Array, "..."], time_s: ArrayLike, key: Key[Array, ""]) -> Float[Array, "..."]:
    """Conductances `time_s` seconds after programming [S]; the same key is the same chip at every time."""
    return device.drift.sample(G, device.g_max.astype(G.dtype), time_s, key)


def read(device: Device, G: Float[Array, "..."], time_s: ArrayLike, key: Key[Array, ""]) -> Float[Array, "..."]:
    """Conductances as one reading sees them, `time_s` seconds after programming [S]."""
    return device.reading.sample(G, device.g_max.astype(G.dtype), time_s, key)
