"""Devices of every slice with solved wires, and the search's form of the same devices."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from codesign.analog.arrays.array import AbstractArray
from codesign.analog.arrays.mapping import AbstractWhole, DifferentialPair, OffsetColumn
from codesign.analog.arrays.slices import digits_of
from codesign.analog.device.ageing import Fresh
from codesign.analog.device.time import NoReadNoise
from codesign.evaluation import solved
from codesign.evaluation.arithmetic import arrays_of, device_arrays
from codesign.evaluation.evaluate import Design
from codesign.hardware.crossbar.columns import AbstractColumns, DifferentialColumns, OffsetColumns
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.hardware.hybrid.chip import HybridChip
from codesign.hardware.systolic.array import Systolic
from codesign.network.builders.models import mlp
from codesign.network.layers.layers import Synapses
from codesign.network.operation import Operation
from codesign.technology import catalogue


@pytest.mark.parametrize(
    ("mapping", "weight_bits", "cell_bits", "count"),
    [(DifferentialPair(), 2, 1, 1), (DifferentialPair(), 5, 1, 4), (DifferentialPair(), 4, 2, 2), (OffsetColumn(), 6, 4, 2)],
)
def test_slices_add_up_to_the_weight(mapping: AbstractWhole, weight_bits: int, cell_bits: int, count: int) -> None:
    """Of whole and of part-filled top slices; every digit is a level of its cell."""
    steps = 2 ** (weight_bits - 1) - 1
    places = mapping.places(jnp.arange(-steps, steps + 1)[:, None] / steps)
    found = jax.jit(lambda places: digits_of(places, weight_bits, cell_bits, mapping, count + 1))(places)
    np.testing.assert_allclose(jnp.tensordot(found.shares, found.places, 1), places, atol=1e-6)
    assert found.shares[count] == 0 < found.shares[count - 1]
    assert 0 <= float(found.places.min()) <= float(found.places.max()) <= 1


NETWORK = mlp((20,), 7, [], rngs=nnx.Rngs(0))
GRAPH, WEIGHTS = nnx.split(NETWORK)
TECHNOLOGY = catalogue.load("rram_22nm")


@jax.jit
def searched_of(design: Design) -> list[AbstractArray]:
    return arrays_of(design.hardware, TECHNOLOGY, design.operation, True, 8)


@jax.jit
def devices_of(design: Design, key: jax.Array) -> list[solved.Devices | None]:
    return solved.programmed(GRAPH, design, searched_of(design), key, 4)


@jax.jit
def forms_of(design: Design, key: jax.Array, layers: Any, shares: Any) -> Any:
    return solved.forms(GRAPH, design, searched_of(design), key, layers, shares)


def products(encoding: AbstractColumns, cell_bits: float, weight_bits: float, sigma: float, **given: float) -> list[np.ndarray]:
    """What one layer reads: on solved wires, in the search's form of these devices, on the search's array, on `DeviceCrossbar`."""
    chip = Crossbar.of(rows=8, columns=8, adc_bits=12, cell_bits=cell_bits, programming_sigma=sigma, encoding=encoding, **given)
    design = Design(WEIGHTS, Operation.of(1, longest=1, weight_bits=weight_bits), chip)
    key = jax.random.key(2)
    layers = devices_of(design, key)
    shares = [None if layer is None else solved.deliver(layer, "exact") for layer in layers]
    exact, form = forms_of(design, jax.random.clone(key), layers, shares)
    (devices,) = device_arrays(chip, TECHNOLOGY, design.operation, Fresh(), "exact")
    # new in every reading: a search draws it once per chip, and only of devices that age
    devices = dataclasses.replace(devices, device=dataclasses.replace(devices.device, reading=NoReadNoise()))
    synapses = next(module for _, module in nnx.iter_modules(NETWORK) if isinstance(module, Synapses))
    weights, scale = synapses.quantised(jnp.float32(weight_bits)), jnp.exp(synapses.log_scale[...])
    x = jax.random.uniform(jax.random.key(1), (5, 20))

    @jax.jit
    def read(array: AbstractArray, key: jax.Array) -> jax.Array:
        program_key, read_key = jax.random.split(key)
        return array.read(x, array.program(weights, scale, program_key), 2 * scale, read_key)

    return [np.asarray(read(array, jax.random.key(3))) for array in (exact[0], form[0], searched_of(design)[0], devices)]


# offset by one: 15 levels of a slice where a whole device has the weight's 14, so that its currents and their drops are a little smaller
@pytest.mark.parametrize(("encoding", "near"), [(DifferentialColumns(), 4e-3), pytest.param(OffsetColumns(), 1e-2, marks=pytest.mark.slow)])
def test_devices_without_noise_read_as_a_device_crossbar_with_exact_wires(encoding: AbstractColumns, near: float) -> None:
    """Also where tiles are part-filled (20 rows on 8, 7 columns on 8); and the search's form of them is the search's array."""
    exact, form, searched, devices = products(encoding, 4.0, 4.0, 0.0)
    scale = np.abs(devices).max()
    np.testing.assert_allclose(exact, devices, atol=near * scale)
    np.testing.assert_allclose(form, searched, atol=4e-3 * scale)


def test_both_forms_are_of_the_same_devices() -> None:
    """Slices with noise: their sum is what the search's form holds, so that only wires and roundings differ."""
    exact, form, searched, _ = products(DifferentialColumns(), 1.0, 5.0, 0.1)
    noise = np.std(searched - form)
    assert np.std(exact - form) < 0.1 * noise


def test_both_forms_have_the_same_stuck_cells_and_offsets() -> None:
    """Every slice is stuck by itself, in both forms where it is in the other."""
    exact, form, searched, _ = products(DifferentialColumns(), 2.0, 5.0, 0.0, stuck_on=0.05, stuck_off=0.05, adc_offset=0.5)
    faults = np.std(searched - form)  # other draws of the same rates
    assert np.std(exact - form) < 0.1 * faults


def test_of_a_mixed_chip_only_layers_on_the_crossbar_are_solved() -> None:
    crossbar = Crossbar.of(rows=8, columns=8, adc_bits=12, cell_bits=4.0, programming_sigma=0.1)

    @jax.jit
    def of(share: jax.Array) -> tuple[Any, Any]:
        chip = HybridChip.of({"analog": crossbar, "digital": Systolic.of()}, [0])
        design = Design(WEIGHTS, Operation.of(1, longest=1, weight_bits=4.0), dataclasses.replace(chip, assignment=share[None]))
        arrays = arrays_of(design.hardware, TECHNOLOGY, design.operation, True, 8)
        layers = solved.programmed(GRAPH, design, arrays, jax.random.key(0), 1)
        forms = solved.forms(GRAPH, design, arrays, jax.random.key(0), layers, [jnp.ones_like(layers[0].G)])
        return layers[0].slices, (forms[0][0].shares, solved.sizes(GRAPH, design, arrays, 1)[0].arrays)

    analog, digital = of(jnp.asarray([1.0, 0.0])), of(jnp.asarray([0.0, 1.0]))
    assert (int(analog[0]), int(digital[0])) == (1, 0)
    assert [float(each[1][0][0]) for each in (analog, digital)] == [1, 0]
    # the budget is not spent on what is not there
    assert int(analog[1][1]) > 0
    assert int(digital[1][1]) == 0


def test_wires_are_solved_array_by_array() -> None:
    """A layer beyond one array: its parts know nothing of each other; catches a wrong order of tiles."""
    G = np.random.default_rng(0).uniform(1e-6, 1e-5, (1, 1, 6, 5)).astype(np.float32)
    layer = solved.Devices(G, *(jnp.asarray(v) for v in (1, 4.0, 4.0, 20.0, 30.0, 1e-6)))
    found = solved.deliver(layer, "exact")
    corner = np.full((1, 1, 4, 4), 1e-6, np.float32)
    corner[..., :2, :1] = G[..., 4:, 4:]
    alone = solved.deliver(layer._replace(G=corner), "exact")
    np.testing.assert_allclose(found[..., 4:, 4:], alone[..., :2, :1], rtol=1e-5)
    assert np.all(found < 1)
