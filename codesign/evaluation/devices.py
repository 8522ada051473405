"""What a chip and its technology make of a memory device: its laws, how weights lie on it, and how old it gets."""

import dataclasses
import math
from functools import singledispatch
from typing import Any, Final, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from codesign.analog.arrays.mapping import AbstractWhole, DifferentialPair, OffsetColumn
from codesign.analog.device.ageing import AbstractAgeing, AgedCompensated
from codesign.analog.device.catalogue import DEVICES
from codesign.analog.device.device import Device
from codesign.analog.device.noise import AbstractProgrammingNoise, NormalNoise, ProportionalNoise, leaf
from codesign.analog.device.time import (
    AbstractDrift,
    AbstractReadNoise,
    FlickerReadNoise,
    Independent,
    NoDrift,
    NoReadNoise,
    PowerLawDrift,
    Relaxation,
    Successively,
    WhiteReadNoise,
)
from codesign.analog.wires.resistance import wire_resistance
from codesign.hardware.base import AbstractHardware
from codesign.hardware.crossbar.cells.choice import cells_in
from codesign.hardware.crossbar.columns import AbstractColumns, DifferentialColumns, OffsetColumns
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.hardware.crossbar.ranges import GIVEN
from codesign.hardware.hybrid.chip import HybridChip
from codesign.hardware.parameters.leaves import option
from codesign.technology.technology import Technology

# the quantity that technologies with laws of time have
_AGES: Final = "drift_start_s"
# and the one that those with a capacitor in each cell have
_MISMATCH: Final = "capacitor_mismatch_share"


def device_of(technology: Technology, programming_sigma: ArrayLike = 0.0, hardware: Crossbar | None = None) -> Device:
    """The memory device that a technology describes; laws whose quantities it lacks do nothing.

    Args:
        technology: its constants.
        programming_sigma: spread left by program-and-verify, as a share of the largest conductance; nothing to capacitors, whose
            mismatch is the technology's.
        hardware: the chip whose cells are stuck, have levels or are noisy; None for a device without.

    Raises:
        ValueError: the chip names a device that nobody published (with the nearest).
    """
    cells = {} if hardware is None else cells_of(hardware)
    kind = cells_in(technology)
    low, high = kind.conductances(technology)
    return Device(
        r_on_ohm=1 / high,
        r_off_ohm=1 / low,
        # weights arrive quantised: the device itself takes any level
        levels=cells.pop("levels", leaf(jnp.inf)),
        read_voltage_v=kind.read_voltage_v(technology),
        # technologies count in ns, laws of devices in s
        read_time_s=1e-9 * technology["read_time_ns"],
        programming=_programming(technology, programming_sigma),
        drift=_drift(technology),
        reading=_reading(technology, None if hardware is None else hardware.read_noise),
        **cells,
        name=technology.name,
        source="the technology's constants",
    )


def wires_of(technology: Technology) -> tuple[Array, Array]:
    """Resistance of a wire segment along a row and along a column, as a read meets it [ohm]; none where charges settle."""
    if _MISMATCH in technology.values:
        return jnp.zeros(()), jnp.zeros(())
    # the cell that the technologies' cell sizes describe
    return wire_resistance(technology.node_nm, "1T1R")


def cells_of(hardware: Crossbar) -> dict[str, Array]:
    """Shares of stuck cells, and levels, of a chip: those given, else those of the device that it names; empty for flawless cells.

    Raises:
        ValueError: a device that nobody published (with the nearest).
    """
    found: dict[str, Array] = {}
    for name, flawless in (("stuck_on", 0.0), ("stuck_off", 0.0), ("levels", math.inf)):
        given = getattr(hardware, name)
        if given is None and hardware.device is not None:
            # a known number, also while tracing: what is flawless must draw and compile nothing
            with jax.ensure_compile_time_eval():
                published = getattr(option("device", DEVICES, hardware.device)(), name)
            given = None if float(published) == flawless else published
        if given is not None:
            found[name] = given
    return found


def check_cells(hardware: AbstractHardware) -> None:
    """Refuse cells of a device that nobody published, and a chip without a working cell, before anything is traced.

    Raises:
        ValueError: the device (with the nearest), or the shares.
    """
    if not isinstance(hardware, Crossbar):
        return
    if hardware.device is not None:
        # also where all that it would say is given
        option("device", DEVICES, hardware.device)
    stuck = [float(share) for share in (hardware.stuck_on, hardware.stuck_off) if share is not None]
    if sum(stuck) >= 1:
        raise ValueError(f"stuck_on and stuck_off leave no working cell: {' + '.join(f'{share:g}' for share in stuck)} must be below 1")


def as_meant(hardware: Crossbar) -> Crossbar:
    """The chip without what noise and faults make of its weights; wires and the converters' rounding stay."""
    unflawed: dict[str, Any] = {name: None for name in (*GIVEN, "device")}
    return dataclasses.replace(hardware, programming_sigma=jnp.zeros_like(hardware.programming_sigma), **unflawed)


def matched(technology: Technology) -> Technology:
    """The technology without a spread of its cells that no chip can change."""
    if _MISMATCH not in technology.values:
        return technology
    return eqx.tree_at(lambda t: t.values[_MISMATCH], technology, replace_fn=jnp.zeros_like)


def _programming(technology: Technology, sigma: ArrayLike) -> AbstractProgrammingNoise:
    """What a written cell errs by: for as long as the chip lasts, where it is a capacitor."""
    if _MISMATCH in technology.values:
        return ProportionalNoise(technology[_MISMATCH])
    return NormalNoise(jnp.asarray(sigma))


def _drift(technology: Technology) -> AbstractDrift:
    def line(name: str) -> Array:
        return jnp.stack([technology[f"drift_{name}_{part}"] for part in ("slope", "intercept", "lowest", "highest")])

    # by what is there, not by its value: a law that does nothing would still draw for every device
    laws: list[AbstractDrift] = []
    if "drift_mean_slope" in technology.values:
        laws.append(PowerLawDrift(technology[_AGES], line("mean"), line("spread")))
    if "relaxation_share" in technology.values:
        laws.append(Relaxation(technology["relaxation_share"], technology["relaxation_start_s"]))
    if len(laws) == 1:
        return laws[0]
    return Successively(tuple(laws)) if laws else NoDrift()


def _reading(technology: Technology, given: Array | None) -> AbstractReadNoise:
    """Read noise; the part without memory as `given`."""
    laws: list[AbstractReadNoise] = []
    if "flicker_strength" in technology.values:
        # the law averages over its own time, longer than a circuit reads
        averaged_s = 1e-9 * technology["read_noise_time_ns"]
        strength, power, strongest = (technology[f"flicker_{name}"] for name in ("strength", "power", "strongest"))
        laws.append(FlickerReadNoise(strength, power, strongest, averaged_s))
    if given is not None:
        laws.append(WhiteReadNoise(given))
    elif "white_noise_share" in technology.values:
        laws.append(WhiteReadNoise(technology["white_noise_share"]))
    if len(laws) == 2:
        return Independent(*laws)
    return laws[0] if laws else NoReadNoise()


@singledispatch
def mapping_of(encoding: AbstractColumns) -> AbstractWhole:
    """How the devices of an encoding hold weights; an encoding from outside registers its own.

    Raises:
        TypeError: an encoding whose devices nobody described.
    """
    raise TypeError(f"what the devices of {type(encoding).__name__} hold is not known: register it with mapping_of")


@mapping_of.register
def _(encoding: DifferentialColumns) -> AbstractWhole:
    return DifferentialPair()


@mapping_of.register
def _(encoding: OffsetColumns) -> AbstractWhole:
    return OffsetColumn()


class EngineAges(NamedTuple):
    """Ages of the devices of a chip's engines, None for a digital one."""

    engines: tuple[AbstractAgeing | None, ...]


Ages = AbstractAgeing | EngineAges | None
"""One age of all devices, those of each engine, or none."""


@singledispatch
def ageing_of(hardware: AbstractHardware, technology: Technology) -> Ages:
    """The age at which a chip's devices are measured: the end of its refresh interval, with global drift compensation.

    The end is the worst that a user of the chip meets; on a logarithmic time axis, on which drift and relaxation are lines or roots,
    a device spends nearly all of an interval near it. Noise of single readings is drawn once per chip, as a draw for every sample, step
    and array would take longer than all else (`age_errors` draws it). None for digital chips, and for technologies without laws of
    time; that of each engine for a chip with several.
    """
    return None


@ageing_of.register
def _(hardware: Crossbar, technology: Technology) -> Ages:
    return AgedCompensated(hardware.refresh_s, lasting=True) if _AGES in technology.values else None


@ageing_of.register
def _(hardware: HybridChip, technology: Technology) -> Ages:
    found = [ageing_of(engine, technology) for engine in hardware.engines]
    # engines are chips of their own here, with one age each
    ages = tuple(age if isinstance(age, AbstractAgeing) else None for age in found)
    return EngineAges(ages) if any(age is not None for age in ages) else None
