"""Mappings and the crossbar of devices: what a perfect device computes, what each part changes, and bad input."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.analog.arrays.array import analog_matmul
from codesign.analog.arrays.converter import IdealConverter, UniformConverter
from codesign.analog.arrays.device_array import DeviceCrossbar, Wires
from codesign.analog.arrays.mapping import BinaryBranches, BitSlices, DifferentialPair, OffsetColumn, TowardsHighResistance
from codesign.analog.device.ageing import Aged, AgedCompensated, Fresh
from codesign.analog.device.catalogue import generic, pcm
from codesign.analog.device.noise import leaf

SLICES = BitSlices(weight_bits=6, cell_bits=2)
MAPPINGS = [DifferentialPair(), OffsetColumn(), SLICES, TowardsHighResistance(OffsetColumn()), TowardsHighResistance(SLICES)]
NO_WIRES = Wires(leaf(0), leaf(0), "none")


def layer(seed=0, fan_in=20, outputs=7):
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 1, (5, fan_in)).astype(np.float32)
    weights = (np.round(rng.uniform(-1, 1, (fan_in, outputs)) * 31.5 - 0.5) + 0.5) / 31.5
    return x, weights.astype(np.float32)


def matmul(x, weights, array, key, *scales):
    # the checked form takes no NumPy arrays
    return analog_matmul(jnp.asarray(x), jnp.asarray(weights), array, key, *scales)


def crossbar(mapping, device=None, ageing=None, wires=NO_WIRES, converter=None, rows=8, columns=4):
    return DeviceCrossbar(device or generic(), mapping, ageing or Fresh(), wires, converter or IdealConverter(), rows, columns)


compiled = eqx.filter_jit(analog_matmul)


def product(x, weights, array, seed=0):
    return np.asarray(compiled(x, weights, array, jax.random.key(seed)))


@pytest.mark.parametrize("mapping", MAPPINGS, ids=lambda m: f"{type(m).__name__}-{type(getattr(m, 'base', m)).__name__}")
def test_perfect_devices_compute_the_product_and_its_gradient(mapping):
    x, weights = layer()
    np.testing.assert_allclose(product(x, weights, crossbar(mapping)), x @ weights, atol=3e-5)
    gradient = jax.jit(jax.grad(lambda w: jnp.sum(jnp.sin(matmul(x, w, crossbar(mapping), jax.random.key(0))))))(0.99 * weights)
    if "Slices" not in repr(mapping):
        np.testing.assert_allclose(gradient, x.T @ np.cos(x @ (0.99 * weights)), atol=2e-4)
    assert np.all(np.abs(gradient) > 0)


def test_bit_slices_pass_the_gradient_straight_through():
    x, weights = layer()
    gradient = jax.jit(jax.grad(lambda w: jnp.sum(matmul(x, w, crossbar(SLICES), jax.random.key(0)))))(0.99 * weights)
    np.testing.assert_allclose(gradient, np.broadcast_to(x.sum(0)[:, None], weights.shape), rtol=1e-4)


def test_towards_high_resistance_lowers_the_current_and_keeps_the_product():
    _, weights = layer()
    shifted = np.clip(weights + 0.4 * np.sign(weights.sum(0)), -1, 1)

    def currents(mapping):
        return np.asarray(jax.jit(lambda w: mapping.encode(w, jnp.float32(1), generic()).G.sum((0, 1)))(shifted))

    base, better = currents(OffsetColumn()), currents(TowardsHighResistance(OffsetColumn()))
    assert better.sum() < 0.95 * base.sum()
    assert np.all(better <= base * (1 + 1e-6))


@pytest.mark.slow
def test_exact_wires_lower_outputs_tile_by_tile():
    x, weights = layer()
    weights = np.abs(weights)
    wired = crossbar(DifferentialPair(), wires=Wires(leaf(20.0), leaf(20.0), "exact"))
    small = crossbar(DifferentialPair(), wires=Wires(leaf(20.0), leaf(20.0), "exact"), rows=4, columns=2)
    ideal, large_tiles, small_tiles = x @ weights, product(x, weights, wired), product(x, weights, small)
    assert np.all(large_tiles < small_tiles)
    assert np.all(small_tiles < ideal)
    tiers = [product(x, weights, crossbar(DifferentialPair(), wires=Wires(leaf(20.0), leaf(20.0), t))) for t in ("pade", "line mean-field")]
    errors = [np.abs(t - large_tiles).max() for t in tiers]
    assert errors[1] < errors[0] < 0.1 * np.abs(ideal - large_tiles).max()


@eqx.filter_jit
def energies(array, x, weights, scale, key):
    return array.read_energy_pj(x, weights, scale, key)


@pytest.mark.slow
def test_energy_is_of_the_same_chip_at_the_same_voltages():
    x, weights = layer()
    scale, key = jnp.float32(1), jax.random.key(4)
    noisy = crossbar(OffsetColumn(), generic(0.1), rows=20, columns=7)
    energy = energies(noisy, x, weights, scale, key)

    @jax.jit
    def conductances(weights, key):
        return noisy.program(weights, scale, key).weights[0, 0] / OffsetColumn().encode(weights, scale, noisy.device).gain

    conductance = np.asarray(conductances(weights, jax.random.key(4)))
    expected = 1e12 * 10e-9 * 0.2**2 * (x**2 @ conductance.sum(1))
    np.testing.assert_allclose(energy, expected, rtol=1e-5)
    wired = [crossbar(OffsetColumn(), wires=Wires(leaf(r), leaf(r), "exact")) for r in (0.0, 20.0, 200.0)]
    lost = [float(np.sum(energies(array, x, weights, scale, jax.random.key(0)))) for array in wired]
    assert lost[0] > lost[1] > lost[2]


def test_gradients_reach_device_wires_and_converter():
    x, weights = layer()
    array = crossbar(DifferentialPair(), generic(0.05), wires=Wires(leaf(5.0), leaf(5.0), "pade"), converter=UniformConverter(leaf(5.5)))

    @eqx.filter_jit
    @eqx.filter_grad
    def gradient(array):
        return jnp.sum((matmul(x, weights, array, jax.random.key(1), 1.0, 0.3) - x @ weights) ** 2)

    found = gradient(array)
    for part in (found.device.programming.share, found.device.r_off_ohm, found.wires.r_word, found.wires.r_bit, found.converter.bits):
        assert float(jnp.abs(part)) > 0


@pytest.mark.slow
def test_compensation_recovers_most_of_what_drift_takes():
    x, weights = layer(fan_in=64)
    exact = x @ weights
    month = leaf(2.6e6)
    errors = [
        np.mean([np.mean(np.abs(product(x, weights, crossbar(DifferentialPair(), pcm(), ageing), key) - exact)) for key in range(4)])
        for ageing in (Aged(month), AgedCompensated(month), Fresh())
    ]
    assert errors[2] < errors[1] < 0.7 * errors[0]


def test_one_trace_for_every_value_and_a_chip_per_key():
    x, weights = layer()
    traces = []

    @eqx.filter_jit
    def run(weights, array, key):
        traces.append(1)
        return matmul(x, weights, array, key)

    def chip(s):
        return crossbar(DifferentialPair(), generic(s / 10), converter=UniformConverter(leaf(4 + s)))

    outputs = [run(weights * np.float32(s), chip(s), jax.random.key(k)) for k, s in enumerate((0.5, 0.6, 0.7))]
    assert len(traces) == 1
    again = run(weights * np.float32(0.5), chip(0.5), jax.random.key(0))
    np.testing.assert_array_equal(again, outputs[0])
    assert len({float(np.sum(output)) for output in outputs}) == 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: BitSlices(0, 1), "weight_bits is 0"),
        (lambda: BitSlices(4, 0), "cell_bits is 0"),
        (lambda: BinaryBranches(leaf(1e-6), 0, 0), "weight_bits is 0"),
        (lambda: UniformConverter(leaf(0.5)), "bits is 0.5"),
        (lambda: crossbar(DifferentialPair(), rows=0), "rows is 0"),
        (lambda: crossbar(DifferentialPair(), columns=0), "columns is 0"),
        (lambda: DifferentialPair().encode(jnp.full((2, 2), jnp.nan), jnp.float32(1), generic()), r"weights\[0, 0\] is nan"),
        (lambda: OffsetColumn().encode(jnp.ones((2, 2)), jnp.float32(0), generic()), "scale is 0"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
