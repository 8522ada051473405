"""Which arithmetic a chip gives each weighted layer: the way loss gradients reach hardware parameters."""

import dataclasses
from collections.abc import Sequence
from functools import singledispatch
from typing import Final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from codesign.analog.arrays.array import AbstractArray, DigitalArray
from codesign.analog.arrays.converter import ConversionErrors, UniformConverter
from codesign.analog.arrays.device_array import DeviceCrossbar, Wires
from codesign.analog.arrays.mixed import MixedArray
from codesign.analog.arrays.physics import CrossbarPhysics
from codesign.analog.arrays.readout import converter_step
from codesign.analog.arrays.searched import StatisticalCrossbar, TiledCrossbar
from codesign.analog.arrays.slices import Slices
from codesign.analog.device.ageing import AbstractAged, AbstractAgeing, Fresh
from codesign.analog.device.time import Lasting
from codesign.evaluation.devices import Ages, EngineAges, cells_of, device_of, mapping_of, wires_of
from codesign.hardware.base import AbstractHardware
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.hardware.hybrid.chip import HybridChip
from codesign.network.operation import Operation
from codesign.technology.technology import Technology

_ROUNDING: Final = 1e-4  # bits and columns come out of exponentials: off by a rounding


# by the type of chip, so that a family from outside registers its arithmetic and chips need not know networks
@singledispatch
def arrays_of(
    hardware: AbstractHardware,
    technology: Technology,
    operation: Operation,
    exact: bool,
    granularity: int,
    ageing: Ages = None,
) -> list[AbstractArray]:
    """The arithmetic of each weighted layer on a chip; digital, and so exact, unless the family says otherwise.

    Args:
        hardware: the chip; one of several engines as it is `assigned`.
        technology: prices and physical constants.
        operation: how the network is run.
        exact: tile by tile with legal parameters, or the smooth form.
        granularity: divides every number of rows that may occur (exact form only).
        ageing: how long after programming analog devices are used, then with their read noise; None for right after, without. Its
            time may differ from layer to layer and from engine to engine (`codesign.evaluation.devices.ageing_of`).
    """
    return [DigitalArray()] * operation.weight_bits.shape[0]


@arrays_of.register
def _(
    hardware: Crossbar,
    technology: Technology,
    operation: Operation,
    exact: bool,
    granularity: int,
    ageing: Ages = None,
) -> list[AbstractArray]:
    if len(hardware.encodings) > 1:
        each = [arrays_of(chip, technology, operation, exact, granularity, ageing) for chip in hardware.alone()]
        return [_shared(own, hardware.encoding) for own in zip(*each, strict=True)]
    encoding, layers = hardware.encodings[0], operation.weight_bits.shape[0]
    # errors of a weight's slices are independent, whether devices or converters make them; 1 for the sign, which takes no cell of a pair
    stored = encoding.stored_bits(operation.weight_bits)
    slicing = slicing_factor(stored + 1, hardware.cell_bits)
    named = (hardware.programming_sigma, hardware.adc_bits, hardware.cell_bits)
    sigmas, converters, cell_bits = (jnp.broadcast_to(leaf, (layers,)) for leaf in named)
    row_ohm, column_ohm = wires_of(technology)
    if ageing is None and hardware.read_noise is not None:
        # without laws of time devices are as programmed, and noisy all the same
        ageing = Fresh()
    cells = cells_of(hardware)
    # what searches draw once per chip, for speed
    each_reading = exact and not (isinstance(ageing, AbstractAged) and ageing.lasting)
    arrays: list[AbstractArray] = []
    for layer in range(layers):
        device = device_of(technology, sigmas[layer], hardware)
        physics = CrossbarPhysics(
            rows=_of_layer(hardware.rows, layer),
            columns=_of_layer(hardware.columns, layer),
            device=device if each_reading else dataclasses.replace(device, reading=Lasting(device.reading)),
            r_word=row_ohm,
            r_bit=column_ohm,
            mapping=mapping_of(encoding),
            ageing=jax.tree.map(lambda leaf, layer=layer: leaf[layer] if leaf.ndim else leaf, ageing),
            spread_share=slicing[layer],
            cell_bits=_of_layer(hardware.cell_bits, layer),
            slices=Slices(stored[layer], cell_bits[layer], bool(cells.keys() - {"levels"})) if cells else None,
            exact=exact,
            block=granularity,
        )
        setting = (physics, converters[layer], slicing[layer], conversion_errors(hardware, operation, layer))
        arrays.append(TiledCrossbar(*setting) if exact else StatisticalCrossbar(*setting))
    return arrays


@arrays_of.register
def _(
    hardware: HybridChip,
    technology: Technology,
    operation: Operation,
    exact: bool,
    granularity: int,
    ageing: Ages = None,
) -> list[AbstractArray]:
    ages = ageing.engines if isinstance(ageing, EngineAges) else (ageing,) * len(hardware.engines)
    engines = [
        arrays_of(engine, technology, operation, exact, granularity, age) for engine, age in zip(hardware.engines, ages, strict=True)
    ]
    return [_shared(own, shares) for own, shares in zip(zip(*engines, strict=True), hardware.assignment, strict=True)]


def _shared(arrays: Sequence[AbstractArray], shares: Float[Array, " engines"]) -> AbstractArray:
    """Arithmetic of a layer that lies in parts on engines, or on a crossbar whose encoding is open."""
    # outside of a program a choice that is made is known: export asks for what a layer really runs on
    if not isinstance(shares, jax.core.Tracer) and np.max(shares) == 1:
        return arrays[int(np.argmax(shares))]
    analog = [i for i, array in enumerate(arrays) if not isinstance(array, DigitalArray)]
    return MixedArray(tuple(arrays[i] for i in analog), shares[np.asarray(analog)]) if analog else DigitalArray()


def device_arrays(
    hardware: Crossbar, technology: Technology, operation: Operation, ageing: AbstractAgeing, tier: str
) -> list[DeviceCrossbar]:
    """Arrays of single devices for a legal crossbar design: wires solved tile by tile, one device or pair a weight (no bit slices).

    Args:
        hardware: the chip; rows and columns must be known numbers, as they set shapes, and so must its encoding where it has several.
        technology: prices and physical constants.
        operation: how the network is run.
        ageing: time since programming.
        tier: of the wires (`codesign.analog.wires.wires`).
    """
    if len(hardware.encodings) > 1:
        hardware = hardware.alone()[int(np.argmax(hardware.encoding))]
    layers = operation.weight_bits.shape[0]
    sigmas = jnp.broadcast_to(hardware.programming_sigma, (layers,))
    converters = jnp.broadcast_to(hardware.adc_bits, (layers,))
    wires = Wires(*wires_of(technology), tier)
    mapping = mapping_of(hardware.encodings[0])

    def at(layer: int) -> DeviceCrossbar:
        used = jax.tree.map(lambda leaf: leaf[layer] if leaf.ndim else leaf, ageing)
        rows, columns = _known(hardware.rows, layer), _known(hardware.columns, layer)
        converter = _converter(hardware, converters[layer], layer, mapping.signed)
        return DeviceCrossbar(device_of(technology, sigmas[layer], hardware), mapping, used, wires, converter, rows, columns)

    return [at(layer) for layer in range(layers)]


def _of_layer(value: Array, layer: int) -> Array:
    # not broadcast first: the slopes of one value for all layers add up in the order of the layers
    return value[layer] if value.ndim else value


def _known(value: Array, layer: int) -> int:
    # sets shapes: while tracing, indexing with JAX would make an unknown number of it
    held = np.asarray(value)
    return int(held[layer] if held.ndim else held)


def conversion_errors(hardware: Crossbar, operation: Operation, layer: int) -> ConversionErrors | None:
    """What the converters of a layer err by beside their rounding; None where the chip says nothing of it."""
    if hardware.adc_noise is None and hardware.adc_offset is None:
        return None
    encoding, layers = hardware.encodings[0], operation.weight_bits.shape
    noise = None if hardware.adc_noise is None else _of_layer(hardware.adc_noise, layer)
    slices = jnp.ceil(encoding.stored_bits(operation.weight_bits) / hardware.cell_bits - _ROUNDING)
    shared = hardware.columns_per_adc / (slices * encoding.columns_per_slice)
    return ConversionErrors(noise, hardware.adc_offset, jnp.floor(jnp.broadcast_to(shared, layers)[layer] + _ROUNDING))


def _converter(hardware: Crossbar, bits: Array, layer: int, signed: bool) -> UniformConverter:
    """Converters of real devices, one or a pair a weight; errors in shares of the full scale."""
    if hardware.adc_noise is None and hardware.adc_offset is None:
        return UniformConverter(bits, signed=signed)
    step = converter_step(jnp.ones(()), bits)
    noises = jnp.zeros(()) if hardware.adc_noise is None else hardware.adc_noise
    noise = step * _of_layer(noises, layer)
    offset = step * (0 if hardware.adc_offset is None else hardware.adc_offset)
    served = _known(hardware.columns_per_adc, layer)
    return UniformConverter(bits, offset, noise, max(served // hardware.encodings[0].columns_per_slice, 1), signed)


def slicing_factor(weight_bits: Float[Array, " layers"], cell_bits: Float[Array, "..."]) -> Float[Array, " layers"]:
    """Spread of a bit-sliced weight, as a multiple of one device's spread; also of its rounding, as every slice has its own conversion.

    A magnitude of m = weight_bits - 1 bits lies on n = m / c devices of base B = 2**c whose sums are weighted by B**i; their
    independent errors add to sigma**2 (B - 1)**2 sum_i B**(2 i) / (B**n - 1)**2 = sigma**2 (B - 1)/(B + 1) (2**m + 1)/(2**m - 1).
    """
    # a weight has two bits or more, so levels - 1 is not zero
    base, levels = 2.0**cell_bits, 2 ** (weight_bits - 1)
    return jnp.sqrt((base - 1) / (base + 1) * (levels + 1) / (levels - 1))
