"""Which arithmetic a chip gives each weighted layer: the way loss gradients reach hardware parameters."""

from functools import singledispatch

import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.analog.array import AbstractArray, CrossbarPhysics, DigitalArray, StatisticalCrossbar, TiledCrossbar
from codesign.analog.wires_resistance import wire_resistance
from codesign.hardware.base import AbstractHardware
from codesign.hardware.crossbar import Crossbar
from codesign.network.operation import Operation
from codesign.technology import Technology


@singledispatch
def arrays_of(
    hardware: AbstractHardware, technology: Technology, operation: Operation, exact: bool, granularity: int
) -> list[AbstractArray]:
    """The arithmetic of each weighted layer on a chip; digital, and so exact, unless the family says otherwise.

    Args:
        hardware: the chip.
        technology: prices and physical constants.
        operation: how the network is run.
        exact: tile by tile with legal parameters, or the smooth form.
        granularity: divides every number of rows that may occur (exact form only).
    """
    return [DigitalArray()] * operation.weight_bits.shape[0]


@arrays_of.register
def _(hardware: Crossbar, technology: Technology, operation: Operation, exact: bool, granularity: int) -> list[AbstractArray]:
    layers = operation.weight_bits.shape[0]
    sigmas = jnp.broadcast_to(hardware.programming_sigma, (layers,)) * slicing_factor(operation.weight_bits, hardware.cell_bits)
    # weights are bell-shaped: a device conducts about a quarter of the largest on average
    conductance = 0.25 / technology["on_resistance_ohm"]
    row_ohm, column_ohm = wire_resistance(technology.node_nm, "1T1R")
    arrays: list[AbstractArray] = []
    for layer in range(layers):
        physics = CrossbarPhysics(
            rows=hardware.rows,
            columns=hardware.columns,
            programming_sigma=sigmas[layer],
            row_loss=conductance * row_ohm,
            column_loss=conductance * column_ohm,
        )
        arrays.append(TiledCrossbar(physics, hardware.adc_bits, granularity) if exact else StatisticalCrossbar(physics, hardware.adc_bits))
    return arrays


def slicing_factor(weight_bits: Float[Array, " layers"], cell_bits: Float[Array, ""]) -> Float[Array, " layers"]:
    """Spread of a bit-sliced weight, as a multiple of one device's spread.

    A magnitude of m = weight_bits - 1 bits lies on n = m / c devices of base B = 2**c whose sums are weighted by B**i; their
    independent errors add to sigma**2 (B - 1)**2 sum_i B**(2 i) / (B**n - 1)**2 = sigma**2 (B - 1)/(B + 1) (2**m + 1)/(2**m - 1).
    """
    base, levels = 2.0**cell_bits, 2 ** (weight_bits - 1)
    return jnp.sqrt((base - 1) / (base + 1) * (levels + 1) / (levels - 1))
