"""What a chip and its technology make of a memory device: its laws, how weights lie on it, and how old it gets."""

from functools import singledispatch
from typing import Final

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from codesign.analog.arrays.mapping import AbstractWhole, DifferentialPair, OffsetColumn
from codesign.analog.device.ageing import AbstractAgeing, AgedCompensated
from codesign.analog.device.device import Device
from codesign.analog.device.noise import NormalNoise, leaf
from codesign.analog.device.time import FlickerReadNoise, Independent, PowerLawDrift, Relaxation, Successively, WhiteReadNoise
from codesign.hardware.base import AbstractHardware
from codesign.hardware.crossbar.columns import AbstractColumns, DifferentialColumns, OffsetColumns
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.technology.technology import Technology

# the quantity that technologies with laws of time have
_AGES: Final = "drift_start_s"


def device_of(technology: Technology, programming_sigma: ArrayLike = 0.0) -> Device:
    """The memory device that a technology describes.

    Args:
        technology: its constants.
        programming_sigma: spread left by program-and-verify, as a share of the largest conductance.
    """

    def line(name: str) -> Array:
        return jnp.stack([technology[f"drift_{name}_{part}"] for part in ("slope", "intercept", "lowest", "highest")])

    drift = PowerLawDrift(technology["drift_start_s"], line("mean"), line("spread"))
    relaxation = Relaxation(technology["relaxation_share"], technology["relaxation_start_s"])
    # technologies count in ns, laws of devices in s
    read_s = 1e-9 * technology["read_time_ns"]
    flicker = FlickerReadNoise(technology["flicker_strength"], technology["flicker_power"], technology["flicker_strongest"], read_s)
    return Device(
        r_on_ohm=technology["on_resistance_ohm"],
        r_off_ohm=technology["off_resistance_ohm"],
        # weights arrive quantised: the device itself takes any level
        levels=leaf(jnp.inf),
        read_voltage_v=technology["read_voltage_v"],
        read_time_s=read_s,
        programming=NormalNoise(jnp.asarray(programming_sigma)),
        drift=Successively((drift, relaxation)),
        reading=Independent(flicker, WhiteReadNoise(technology["white_noise_share"])),
        name=technology.name,
        source="the technology's constants",
    )


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


def ageing_of(hardware: AbstractHardware, technology: Technology) -> AbstractAgeing | None:
    """The age at which a chip's devices are measured: the end of its refresh interval, with global drift compensation.

    The end is the worst that a user of the chip meets; on a logarithmic time axis, on which drift and relaxation are lines or roots,
    a device spends nearly all of an interval near it. None for digital chips, and for technologies without laws of time.
    """
    if not isinstance(hardware, Crossbar) or _AGES not in technology.values:
        return None
    return AgedCompensated(hardware.refresh_s)
