"""What differs from reading to reading: read noise at the output, thermal noise, converters, and drivers."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.analog.arrays.converter import IdealConverter, UniformConverter
from codesign.analog.arrays.device_array import DeviceCrossbar, Wires
from codesign.analog.arrays.driver import BitSerialDriver, IdealDriver, MultiLevelDriver, SpikeDriver
from codesign.analog.arrays.mapping import BitSlices, DifferentialPair
from codesign.analog.arrays.physics import CrossbarPhysics
from codesign.analog.arrays.searched import StatisticalCrossbar, TiledCrossbar
from codesign.analog.device.ageing import Aged, AgedCompensated, Fresh
from codesign.analog.device.catalogue import generic, pcm
from codesign.analog.device.device import read
from codesign.analog.device.noise import leaf, standard_normal
from codesign.analog.device.time import WhiteReadNoise

READINGS = 4000
SCALE, FULL = jnp.float32(1), jnp.float32(1)


def noisy(share=0.1):
    return eqx.tree_at(lambda d: d.reading, generic(), WhiteReadNoise(leaf(share)), is_leaf=lambda x: x is None)


def crossbar(device=None, wires=0.0, mapping=None, **parts):
    parts = {"converter": IdealConverter(), "rows": 8, "columns": 4} | parts
    chosen = Wires(leaf(wires), leaf(wires), "exact" if wires else "none")
    return DeviceCrossbar(device or generic(), mapping or DifferentialPair(), Fresh(), chosen, **parts)


def layer(fan_in=20, outputs=3):
    rng = np.random.default_rng(0)
    return rng.uniform(0, 1, fan_in).astype(np.float32), rng.uniform(-1, 1, (fan_in, outputs)).astype(np.float32)


def test_draws_are_those_of_jax_whatever_the_key():
    """What keeps compilers from drawing again is a condition: it has to hold for every key."""
    keys, like = jax.random.split(jax.random.key(0), 500), jnp.zeros((3, 2))
    found = jax.jit(jax.vmap(lambda key: standard_normal(key, like)))(keys)
    expected = jax.vmap(lambda key: jax.random.normal(key, like.shape))(jax.random.clone(keys))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@eqx.filter_jit
def many_readings(array, x, weights):
    held = array.program(weights, SCALE, jax.random.key(0))
    return array.read(jnp.broadcast_to(x, (READINGS, x.shape[0])), held, FULL, jax.random.key(1))


def readings(array, x, weights):
    """Many readings of one input on one chip."""
    return np.asarray(many_readings(array, x, weights))


@eqx.filter_jit
def encoded(mapping, weights, device):
    return mapping.encode(weights, SCALE, device)


@pytest.mark.parametrize("mapping", [DifferentialPair(), BitSlices(6, 2)], ids=["pair", "slices"])
def test_noise_at_the_output_is_that_of_reading_every_device(mapping):
    """Variances of devices, drawn once per column here, against every device drawn on its own."""
    x, weights = layer()
    device = noisy()
    found = readings(crossbar(device, mapping=mapping), x, weights)
    code = encoded(mapping, weights, device)

    def by_device(key):
        return jnp.einsum("i,rp,pio,ro->o", x, code.sense, read(device, code.G, 0.0, key), code.gain) + x @ code.correction

    expected = np.asarray(jax.jit(lambda key: jax.lax.map(by_device, jax.random.split(key, READINGS)))(jax.random.key(2)))
    np.testing.assert_allclose(found.mean(0), expected.mean(0), atol=5 * expected.std(0).max() * READINGS**-0.5 * 1.5)
    np.testing.assert_allclose(found.std(0), expected.std(0), rtol=0.06)


def test_noise_is_new_in_every_reading_and_its_gradient_matches_differences():
    with jax.enable_x64(True):
        x, weights = (v.astype(np.float64) for v in layer())

        @jax.jit
        @jax.value_and_grad
        def loss(share):
            array = crossbar(eqx.tree_at(lambda d: d.reading, generic(), WhiteReadNoise(share)), wires=0.0)
            held = array.program(weights, jnp.asarray(1.0), jax.random.key(0))
            return jnp.mean((array.read(jnp.stack([x, x]), held, jnp.asarray(1.0), jax.random.key(1)) - x @ weights) ** 2)

        share, step = 0.1, 1e-6
        numeric = (loss(share + step)[0] - loss(share - step)[0]) / (2 * step)
        np.testing.assert_allclose(loss(share)[1], numeric, rtol=1e-6)
        assert np.isfinite(loss(0.0)[1])
    outputs = readings(crossbar(noisy()), *layer())
    assert len(np.unique(outputs[:, 0])) > READINGS / 2


def test_thermal_noise_is_that_of_the_columns_conductance():
    x, weights = layer(fan_in=8)
    array = crossbar(temperature_k=300.0)
    found = readings(array, x, weights)
    code = encoded(DifferentialPair(), weights, array.device)
    variance = 4 * 1.380649e-23 * 300 * np.asarray(code.G).sum((0, 1)) / (2 * 10e-9) / 0.2**2
    np.testing.assert_allclose(found.std(0), np.sqrt(variance) * np.asarray(code.gain)[0], rtol=0.06)


@pytest.mark.slow
def test_offsets_belong_to_the_chip_and_noise_to_the_conversion():
    x, weights = layer(fan_in=8, outputs=512)
    quiet = readings(crossbar(converter=UniformConverter(leaf(16.0))), 0 * x, weights)
    np.testing.assert_array_equal(quiet, 0)
    offset = readings(crossbar(converter=UniformConverter(leaf(16.0), leaf(0.02))), 0 * x, weights)
    np.testing.assert_allclose(offset[0], offset[1], rtol=1e-6)
    assert offset[0].std() == pytest.approx(0.02 * 8, rel=0.15)  # full scale: 8 rows
    shared = readings(crossbar(converter=UniformConverter(leaf(16.0), leaf(0.02), columns_per_converter=4)), 0 * x, weights)[0]
    np.testing.assert_allclose(shared.reshape(-1, 4), np.repeat(shared[::4, None], 4, axis=1), rtol=1e-6)
    noise = readings(crossbar(converter=UniformConverter(leaf(16.0), leaf(0.0), leaf(0.02))), 0 * x, weights[:, :4])
    np.testing.assert_allclose(noise.std(0), 0.02 * 8, rtol=0.06)


@eqx.filter_jit
def sent(driver, x):
    """Pulses, and the gradient of what they add up to."""
    return driver(x), jax.grad(lambda v: jnp.einsum("p,pbi->", driver(v).weights, driver(v).levels))(x)


def test_drivers_send_what_they_can():
    x = np.asarray([[0.0, 0.2, 0.5, 0.9, 1.0]], np.float32)
    np.testing.assert_array_equal(sent(SpikeDriver(), x)[0].levels[0], [[0, 0, 1, 1, 1]])
    np.testing.assert_allclose(np.asarray(sent(MultiLevelDriver(leaf(2.0)), x)[0].levels[0]) * 3, [[0, 1, 2, 3, 3]], atol=1e-6)
    serial = jax.tree.map(np.asarray, sent(BitSerialDriver(3), x)[0])
    assert set(np.unique(serial.levels)) == {0, 1}
    np.testing.assert_allclose(serial.weights @ serial.levels[:, 0], np.round(x[0] * 7) / 7, atol=1e-6)
    for driver in (IdealDriver(), SpikeDriver(), MultiLevelDriver(leaf(2.5)), BitSerialDriver(3)):
        pulses, gradient = sent(driver, x)
        np.testing.assert_allclose(gradient[:, 1:4], 1, rtol=1e-5)
        assert np.sum(pulses.weights) == pytest.approx(1)


@pytest.mark.slow
def test_bit_serial_pulses_are_converted_one_by_one_and_all_cost_energy():
    x, weights = layer(fan_in=8)
    x = x[None]
    exact = np.round(x * 7) / 7 @ weights
    serial, once = (crossbar(driver=driver) for driver in (BitSerialDriver(3), MultiLevelDriver(leaf(3.0))))
    for array in (serial, once):
        np.testing.assert_allclose(readings(array, x[0], weights)[:1], exact, atol=1e-5)
    pulses = np.asarray(sent(BitSerialDriver(3), x)[0].levels)[:, 0]
    G = np.asarray(encoded(DifferentialPair(), weights, generic()).G).sum((0, 2)) + 2 * float(generic().g_min)  # one unused column a plane
    expected = 1e12 * 10e-9 * 0.2**2 * np.sum(pulses @ G)
    energy = jax.jit(lambda x, w: serial.read_energy_pj(x, w, SCALE, jax.random.key(0)))(x, weights)
    np.testing.assert_allclose(energy[0], expected, rtol=1e-4)


@pytest.mark.parametrize("form", ["statistical", "tiled"])
def test_searched_arrays_read_with_the_devices_noise_and_age(form):
    x, weights = layer(fan_in=64)

    def array(device, ageing):
        physics = CrossbarPhysics(jnp.float32(16), jnp.float32(64), device, ageing=ageing)
        bits = jnp.float32(20)
        return StatisticalCrossbar(physics, bits) if form == "statistical" else TiledCrossbar(physics, bits)

    found = readings(array(noisy(), Fresh()), x, 0.5 * weights)
    expected = readings(crossbar(noisy(), rows=16), x, 0.5 * weights)
    np.testing.assert_allclose(found.mean(0), x @ (0.5 * weights), atol=0.02)
    np.testing.assert_allclose(found.std(0), expected.std(0), rtol=0.07)
    plain, compensated = (readings(array(pcm(), a(leaf(2.6e6))), x, 0.5 * weights)[0] for a in (Aged, AgedCompensated))
    exact = x @ (0.5 * weights)
    assert np.abs(plain - exact).sum() > 1.5 * np.abs(compensated - exact).sum()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: UniformConverter(leaf(4.0), leaf(-0.1)), "offset is -0.1"),
        (lambda: UniformConverter(leaf(4.0), leaf(0.0), leaf(float("nan"))), "noise is nan"),
        (lambda: UniformConverter(leaf(4.0), columns_per_converter=0), "columns_per_converter is 0"),
        (lambda: MultiLevelDriver(leaf(0.5)), "bits is 0.5"),
        (lambda: BitSerialDriver(0), "bits is 0"),
        (lambda: Aged(leaf(-1.0)), "time_s is -1"),
        (lambda: AgedCompensated(leaf(float("nan"))), "time_s is nan"),
        (lambda: Wires(leaf(-1.0), leaf(0.0), "pade"), "r_word is -1"),
        (lambda: crossbar(temperature_k=-1.0), "temperature_k is -1"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
