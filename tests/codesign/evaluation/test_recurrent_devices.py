"""Layers that read parts of their array, on arrays of single devices: with ideal devices they answer as exact arithmetic does."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from codesign.analog.arrays.array import DigitalArray
from codesign.analog.arrays.converter import IdealConverter
from codesign.analog.arrays.device_array import DeviceCrossbar, Wires
from codesign.analog.arrays.mapping import AbstractMapping, DifferentialPair, OffsetColumn
from codesign.analog.arrays.physics import CrossbarPhysics
from codesign.analog.arrays.searched import TiledCrossbar
from codesign.analog.device.ageing import Fresh
from codesign.analog.device.catalogue import generic
from codesign.analog.device.noise import leaf
from codesign.evaluation.evaluate import Batch, Design
from codesign.evaluation.recalibrate import Recalibrated, recalibrate
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.network.builders.mobilenet import mobilenet
from codesign.network.builders.models import convnet, recurrent
from codesign.network.layers.layers import Synapses
from codesign.network.operation import Operation
from codesign.workloads.workload import conv, dense


def ideal(mapping: AbstractMapping, rows: int = 4) -> DeviceCrossbar:
    """Exact devices, wires and converters: what is left is how weights are cut into tiles."""
    return DeviceCrossbar(generic(), mapping, Fresh(), Wires(0.0, 0.0, "none"), IdealConverter(), rows, 4)


def tiled() -> TiledCrossbar:
    """A search's crossbar, whose only tile rounds finely and clips nothing."""
    return TiledCrossbar(CrossbarPhysics(jnp.float32(1024), jnp.float32(64), generic()), leaf(24.0))


@pytest.mark.parametrize("mapping", [DifferentialPair(), OffsetColumn()])
def test_a_part_is_the_product_of_its_rows(mapping: AbstractMapping) -> None:
    """Also where it begins and ends within a tile of 4, and where it is a part of a part."""
    synapses = Synapses(dense("d", 11, 3), gain=1.0, rngs=nnx.Rngs(0))
    x = jax.random.uniform(jax.random.key(1), (2, 11))

    @jax.jit
    def products(key: jax.Array) -> list[list[jax.Array]]:
        whole = [synapses.program(array, jnp.float32(5), jax.random.clone(key)).part(1, 11) for array in (ideal(mapping), DigitalArray())]
        cuts = ((1, 3), (3, 9), (5, 11))
        return [[each.part(a - 1, b - 1).read(x[:, a:b], jax.random.clone(key)) for a, b in cuts] for each in whole]

    for found, expected in zip(*products(jax.random.key(0)), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_recurrent_network_hears_itself_on_devices() -> None:
    network = recurrent((5,), 3, [6], rngs=nnx.Rngs(0))
    layers = network.geometries
    operation = Operation.of(len(layers), longest=4, timesteps=4, weight_bits=5)
    x = 3 * jax.random.uniform(jax.random.key(1), (8, 5))
    # gains and offsets of columns that change nothing
    recalibrated = [Recalibrated(ideal(DifferentialPair()), jnp.ones(n.channels_out), jnp.zeros(n.channels_out)) for n in layers]

    @jax.jit
    def answers(key: jax.Array) -> list[jax.Array]:
        arrays = [[DigitalArray()] * len(layers), recalibrated]
        return [network(x, operation, each, jax.random.clone(key)).step_logits for each in arrays]

    expected, found = answers(jax.random.key(2))
    assert np.ptp(expected, axis=0).max() > 0.01  # something changes over time
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_depthwise_groups_are_read_from_their_own_columns() -> None:
    synapses = Synapses(conv("d", 3, 3, 4, groups=3), gain=1.0, rngs=nnx.Rngs(0))
    x = jax.random.uniform(jax.random.key(1), (2, 4, 4, 3))
    arrays = (ideal(DifferentialPair()), tiled(), DigitalArray())
    *found, expected = jax.jit(lambda key: [synapses(x, array, jnp.float32(5), jax.random.clone(key)) for array in arrays])(
        jax.random.key(0)
    )
    for each in found:
        np.testing.assert_allclose(each, expected, atol=1e-4)


def test_recalibration_undoes_a_gain_and_an_offset_of_a_convolutions_columns() -> None:
    """A chip whose columns read half and 0.1 more; catches moments over the wrong axes of a map."""
    network = convnet((6, 6, 1), 3, [4], kernel=3, rngs=nnx.Rngs(0))
    graph, state = nnx.split(network)
    layers = network.geometries
    design = Design(state, Operation.of(len(layers), longest=2), Crossbar.of())
    batch = Batch(jax.random.uniform(jax.random.key(1), (8, 6, 6, 1)), jnp.zeros(8, jnp.int32))
    chip = [Recalibrated(tiled(), jnp.full(n.channels_out, 0.5), jnp.full(n.channels_out, 0.1)) for n in layers]

    @jax.jit
    def corrections(key: jax.Array) -> tuple[jax.Array, jax.Array]:
        first = recalibrate(graph, design, batch, chip, [tiled()] * len(layers), key)[0]
        assert isinstance(first, Recalibrated)
        return first.gain, first.offset

    gain, offset = corrections(jax.random.key(0))
    np.testing.assert_allclose(gain, 2, rtol=1e-3)
    np.testing.assert_allclose(offset, -0.2, rtol=1e-3)


def test_layers_with_groups_of_channels_are_not_recalibrated() -> None:
    network = mobilenet((6, 6, 1), 3, [4, 6], [2, 2], rngs=nnx.Rngs(0))
    graph, state = nnx.split(network)
    batch = Batch(jnp.zeros((2, 6, 6, 1)), jnp.zeros(2, jnp.int32))
    design = Design(state, Operation.of(len(network.geometries), longest=2), Crossbar.of())
    with pytest.raises(ValueError, match=r"layer '\w+' has groups of channels, which cannot be recalibrated"):
        recalibrate(graph, design, batch, [], [], jax.random.key(0))
