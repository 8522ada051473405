"""Which arithmetic a chip gives each weighted layer: the way loss gradients reach hardware parameters."""

from functools import singledispatch

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.analog.arrays.array import AbstractArray, Condition, CrossbarPhysics, DigitalArray, StatisticalCrossbar, TiledCrossbar
from codesign.analog.arrays.converter import UniformConverter
from codesign.analog.arrays.device_array import DeviceCrossbar, Wires
from codesign.analog.arrays.mapping import DifferentialPair
from codesign.analog.device.ageing import AbstractAgeing
from codesign.analog.device.device import Device
from codesign.analog.device.noise import NormalNoise, leaf
from codesign.analog.device.time import FlickerReadNoise, Independent, PowerLawDrift, Relaxation, Successively, WhiteReadNoise
from codesign.analog.wires.resistance import wire_resistance
from codesign.hardware.base import AbstractHardware
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.network.operation import Operation
from codesign.technology.technology import Technology


# by the type of chip, so that a family from outside registers its arithmetic and chips need not know networks
@singledispatch
def arrays_of(
    hardware: AbstractHardware,
    technology: Technology,
    operation: Operation,
    exact: bool,
    granularity: int,
    ageing: AbstractAgeing | None = None,
) -> list[AbstractArray]:
    """The arithmetic of each weighted layer on a chip; digital, and so exact, unless the family says otherwise.

    Args:
        hardware: the chip.
        technology: prices and physical constants.
        operation: how the network is run.
        exact: tile by tile with legal parameters, or the smooth form.
        granularity: divides every number of rows that may occur (exact form only).
        ageing: how long after programming analog devices are used, then with their read noise; None for right after, without.
    """
    return [DigitalArray()] * operation.weight_bits.shape[0]


@arrays_of.register
def _(
    hardware: Crossbar,
    technology: Technology,
    operation: Operation,
    exact: bool,
    granularity: int,
    ageing: AbstractAgeing | None = None,
) -> list[AbstractArray]:
    layers = operation.weight_bits.shape[0]
    # errors of a weight's slices are independent, whether devices or converters make them
    slicing = slicing_factor(operation.weight_bits, hardware.cell_bits)
    sigmas = jnp.broadcast_to(hardware.programming_sigma, (layers,)) * slicing
    converters = jnp.broadcast_to(hardware.adc_bits, (layers,))
    # without programming noise of its own, which CrossbarPhysics adds
    condition = None if ageing is None else Condition(device_of(technology), ageing)
    # weights are bell-shaped: a device conducts about a quarter of the largest on average
    conductance = 0.25 / technology["on_resistance_ohm"]
    # the cell that the technologies' cell sizes describe
    row_ohm, column_ohm = wire_resistance(technology.node_nm, "1T1R")
    arrays: list[AbstractArray] = []
    for layer in range(layers):
        physics = CrossbarPhysics(
            rows=hardware.rows,
            columns=hardware.columns,
            programming_sigma=sigmas[layer],
            row_loss=conductance * row_ohm,
            column_loss=conductance * column_ohm,
            condition=condition,
        )
        bits, step = converters[layer], slicing[layer]
        arrays.append(TiledCrossbar(physics, bits, granularity, step) if exact else StatisticalCrossbar(physics, bits, step))
    return arrays


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
    # the law averages over its own time, longer than a circuit reads
    averaged_s = 1e-9 * technology["read_noise_time_ns"]
    flicker = FlickerReadNoise(technology["flicker_strength"], technology["flicker_power"], technology["flicker_strongest"], averaged_s)
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


def device_arrays(
    hardware: Crossbar, technology: Technology, operation: Operation, ageing: AbstractAgeing, tier: str
) -> list[DeviceCrossbar]:
    """Arrays of single devices for a legal crossbar design: wires solved tile by tile, one device pair a weight (no bit slices).

    Args:
        hardware: the chip; rows and columns must be known numbers, as they set shapes.
        technology: prices and physical constants.
        operation: how the network is run.
        ageing: time since programming.
        tier: of the wires (`codesign.analog.wires.wires`).
    """
    layers = operation.weight_bits.shape[0]
    sigmas = jnp.broadcast_to(hardware.programming_sigma, (layers,))
    converters = jnp.broadcast_to(hardware.adc_bits, (layers,))
    wires = Wires(*wire_resistance(technology.node_nm, "1T1R"), tier)
    # known numbers, as they set the shapes of tiles
    rows, columns = int(hardware.rows), int(hardware.columns)
    return [
        DeviceCrossbar(device_of(technology, sigma), DifferentialPair(), ageing, wires, UniformConverter(bits), rows, columns)
        for sigma, bits in zip(sigmas, converters, strict=True)
    ]


def slicing_factor(weight_bits: Float[Array, " layers"], cell_bits: Float[Array, ""]) -> Float[Array, " layers"]:
    """Spread of a bit-sliced weight, as a multiple of one device's spread; also of its rounding, as every slice has its own conversion.

    A magnitude of m = weight_bits - 1 bits lies on n = m / c devices of base B = 2**c whose sums are weighted by B**i; their
    independent errors add to sigma**2 (B - 1)**2 sum_i B**(2 i) / (B**n - 1)**2 = sigma**2 (B - 1)/(B + 1) (2**m + 1)/(2**m - 1).
    """
    # a weight has two bits or more, so levels - 1 is not zero
    base, levels = 2.0**cell_bits, 2 ** (weight_bits - 1)
    return jnp.sqrt((base - 1) / (base + 1) * (levels + 1) / (levels - 1))
