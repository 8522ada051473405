"""Arrays of several shapes on one chip: every layer's own rows and columns, its area and its answers paid by itself."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.analog.arrays.array import analog_matmul
from codesign.analog.device.ageing import Fresh
from codesign.evaluation.arithmetic import arrays_of, device_arrays
from codesign.hardware.crossbar.crossbar import COMPONENTS, Crossbar
from codesign.network.operation import Operation
from codesign.technology.catalogue import load
from codesign.workloads.workload import Workload, conv, dense

WORK = Workload.of([conv("conv", 8, 24, 8), dense("dense", 300, 40)], timesteps=3, input_rate=0.3)
PRICES = load("rram_45nm")
# programming is then shared by the same inferences, whatever the chip
CHIP = {"inferences_per_s": 1e-3, "adc_bits": 5, "arrays_per_tile": 2}
# the pitch of the grid is that of the chip's mean tile, all neurons share a memory, and all that leaks does so while any layer runs
OF_THE_WHOLE_CHIP = {"interconnect", "neurons", "leakage"}
X = jnp.ones((3, 100))
W = jnp.asarray(np.random.default_rng(0).uniform(-1, 1, (100, 20)), jnp.float32)
RUN = Operation.of(2, longest=3)


def chip(rows: object, columns: object) -> Crossbar:
    return Crossbar.of(rows=rows, columns=columns, **CHIP)


def test_equal_shapes_layer_by_layer_are_one_shape() -> None:
    many, one = chip([64, 64], [32, 32]), chip(64, 32)
    np.testing.assert_array_equal(*(np.asarray(each.cost(WORK, PRICES).energy_pj) for each in (many, one)))
    np.testing.assert_array_equal(*(np.asarray(each.cost(WORK, PRICES).area_um2) for each in (many, one)))

    def products(used: Crossbar) -> list[jax.Array]:
        arrays = [arrays_of(used, PRICES, RUN, exact, 16)[1] for exact in (True, False)]
        return [analog_matmul(X, W, array, jax.random.key(0), 1.0, 0.2) for array in arrays]

    for found, expected in zip(*(jax.jit(products)(each) for each in (many, one)), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("interconnect", ["mesh", "htree"])
def test_every_layer_costs_what_it_costs_on_a_chip_of_its_shape(interconnect: str) -> None:
    shapes = ((64, 32), (128, 256))
    pure = [Crossbar.of(rows=rows, columns=columns, interconnect=interconnect, **CHIP) for rows, columns in shapes]
    mixed = Crossbar.of(rows=[64, 128], columns=[32, 256], interconnect=interconnect, **CHIP)
    alike = [i for i, name in enumerate(COMPONENTS) if name not in OF_THE_WHOLE_CHIP]
    found = mixed.cost(WORK, PRICES)
    alone = [each.partial_cost(WORK, PRICES, jnp.eye(2)[layer]) for layer, each in enumerate(pure)]
    for layer, cost in enumerate(alone):
        np.testing.assert_allclose(np.asarray(found.energy_pj)[layer, alike], np.asarray(cost.energy_pj)[layer, alike], rtol=1e-6)
        np.testing.assert_allclose(found.latency_ns[layer], cost.latency_ns[layer], rtol=1e-6)
        np.testing.assert_allclose(found.utilisation[layer], cost.utilisation[layer], rtol=1e-6)
    np.testing.assert_allclose(np.asarray(found.area_um2)[alike], sum(np.asarray(cost.area_um2) for cost in alone)[alike], rtol=1e-6)


def test_every_layer_answers_as_on_a_chip_of_its_shape() -> None:
    mixed = chip([16, 64], [32, 8])

    def product(used: Crossbar, layer: int) -> jax.Array:
        return analog_matmul(X, W, arrays_of(used, PRICES, RUN, True, 16)[layer], jax.random.key(0), 1.0, 0.2)

    compiled = jax.jit(product, static_argnums=1)
    for layer, (rows, columns) in enumerate(((16, 32), (64, 8))):
        np.testing.assert_array_equal(*(compiled(each, layer) for each in (mixed, chip(rows, columns))))
        # traced, as a measurement is
        of_devices = jax.jit(lambda: device_arrays(mixed, PRICES, RUN, Fresh(), "pade"))()[layer]
        assert (of_devices.rows, of_devices.columns) == (rows, columns)


def test_gradients_reach_the_shape_of_every_layer() -> None:
    """Of cost and of answers, each layer's by its own shape alone."""

    def answers(shape: jax.Array, layer: int) -> jax.Array:
        array = arrays_of(chip(*shape), PRICES, RUN, False, 16)[layer]
        return jnp.sum((analog_matmul(X, W, array, jax.random.key(0), 1.0, 0.2) - X @ W) ** 2)

    shape = jnp.asarray([[50.0, 90.0], [40.0, 70.0]])
    priced = jax.jit(jax.jacobian(lambda shape: chip(*shape).cost(WORK, PRICES, 0.5).latency_ns))(shape)
    cost = jax.jit(jax.grad(lambda shape: jnp.log(chip(*shape).cost(WORK, PRICES, 0.5).energy)))(shape)
    assert np.all(np.abs(cost) > 1e-6)
    assert np.all(np.abs(priced[0, :, 1]) < 1e-3 * np.abs(priced[0, :, 0]).max())
    for layer in range(2):
        slope = np.asarray(jax.jit(jax.grad(answers), static_argnums=1)(shape, layer))
        assert np.all(np.abs(slope[:, layer]) > 1e-6)
        np.testing.assert_array_equal(slope[:, 1 - layer], 0)
