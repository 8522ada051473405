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
    x = jnp.asarray(rng.uniform(0, 1, (5, fan_in)), jnp.float32)
    weights = jnp.asarray(np.round(rng.uniform(-1, 1, (fan_in, outputs)) * 31.5 - 0.5) + 0.5, jnp.float32) / 31.5
    return x, weights


def crossbar(mapping, device=None, ageing=None, wires=NO_WIRES, converter=None, rows=8, columns=4):
    return DeviceCrossbar(device or generic(), mapping, ageing or Fresh(), wires, converter or IdealConverter(), rows, columns)


compiled = eqx.filter_jit(analog_matmul)


def product(x, weights, array, seed=0):
    return compiled(x, weights, array, jax.random.key(seed))


@pytest.mark.parametrize("mapping", MAPPINGS, ids=lambda m: f"{type(m).__name__}-{type(getattr(m, 'base', m)).__name__}")
def test_perfect_devices_compute_the_product_and_its_gradient(mapping):
    x, weights = layer()
    np.testing.assert_allclose(product(x, weights, crossbar(mapping)), x @ weights, atol=3e-5)
    gradient = jax.jit(jax.grad(lambda w: jnp.sum(jnp.sin(analog_matmul(x, w, crossbar(mapping), jax.random.key(0))))))(0.99 * weights)
    if "Slices" not in repr(mapping):
        np.testing.assert_allclose(gradient, jax.grad(lambda w: jnp.sum(jnp.sin(x @ w)))(0.99 * weights), atol=2e-4)
    assert bool((jnp.abs(gradient) > 0).all())


def test_bit_slices_pass_the_gradient_straight_through():
    x, weights = layer()
    gradient = jax.jit(jax.grad(lambda w: jnp.sum(analog_matmul(x, w, crossbar(SLICES), jax.random.key(0)))))(0.99 * weights)
    np.testing.assert_allclose(gradient, jax.grad(lambda w: jnp.sum(x @ w))(weights), rtol=1e-4)


def test_towards_high_resistance_lowers_the_current_and_keeps_the_product():
    _, weights = layer()
    shifted = jnp.clip(weights + 0.4 * jnp.sign(weights.sum(0)), -1, 1)
    base = OffsetColumn().encode(shifted, jnp.float32(1), generic())
    better = TowardsHighResistance(OffsetColumn()).encode(shifted, jnp.float32(1), generic())
    assert float(better.G.sum()) < 0.95 * float(base.G.sum())
    assert bool((better.G.sum((0, 1)) <= base.G.sum((0, 1))).all())


@pytest.mark.slow
def test_exact_wires_lower_outputs_tile_by_tile():
    x, weights = layer()
    weights = jnp.abs(weights)
    wired = crossbar(DifferentialPair(), wires=Wires(leaf(20.0), leaf(20.0), "exact"))
    small = crossbar(DifferentialPair(), wires=Wires(leaf(20.0), leaf(20.0), "exact"), rows=4, columns=2)
    ideal, large_tiles, small_tiles = x @ weights, product(x, weights, wired), product(x, weights, small)
    assert bool((large_tiles < small_tiles).all() & (small_tiles < ideal).all())
    tiers = [product(x, weights, crossbar(DifferentialPair(), wires=Wires(leaf(20.0), leaf(20.0), t))) for t in ("pade", "line mean-field")]
    errors = [float(jnp.abs(t - large_tiles).max()) for t in tiers]
    assert errors[1] < errors[0] < 0.1 * float(jnp.abs(ideal - large_tiles).max())


@pytest.mark.slow
def test_energy_is_of_the_same_chip_at_the_same_voltages():
    x, weights = layer()
    scale, key = jnp.float32(1), jax.random.key(4)
    noisy = crossbar(OffsetColumn(), generic(0.1), rows=20, columns=7)
    energy = noisy.read_energy_pj(x, weights, scale, key)
    held = noisy.program(weights, scale, jax.random.key(4)).weights[0, 0]
    conductance = held / OffsetColumn().encode(weights, scale, noisy.device).gain
    expected = 1e12 * 10e-9 * 0.2**2 * (x**2 @ conductance.sum(1))
    np.testing.assert_allclose(energy, expected, rtol=1e-5)
    wired = [crossbar(OffsetColumn(), wires=Wires(leaf(r), leaf(r), "exact")) for r in (0.0, 20.0, 200.0)]
    lost = [float(array.read_energy_pj(x, weights, scale, jax.random.key(0)).sum()) for array in wired]
    assert lost[0] > lost[1] > lost[2]


def test_gradients_reach_device_wires_and_converter():
    x, weights = layer()
    array = crossbar(DifferentialPair(), generic(0.05), wires=Wires(leaf(5.0), leaf(5.0), "pade"), converter=UniformConverter(leaf(5.5)))

    @eqx.filter_jit
    @eqx.filter_grad
    def gradient(array):
        return jnp.sum((analog_matmul(x, weights, array, jax.random.key(1), 1.0, 0.3) - x @ weights) ** 2)

    found = gradient(array)
    for part in (found.device.programming.share, found.device.r_off_ohm, found.wires.r_word, found.wires.r_bit, found.converter.bits):
        assert float(jnp.abs(part)) > 0


@pytest.mark.slow
def test_compensation_recovers_most_of_what_drift_takes():
    x, weights = layer(fan_in=64)
    exact = x @ weights
    month = leaf(2.6e6)
    errors = [
        np.mean(
            [float(jnp.mean(jnp.abs(product(x, weights, crossbar(DifferentialPair(), pcm(), ageing), key) - exact))) for key in range(4)]
        )
        for ageing in (Aged(month), AgedCompensated(month), Fresh())
    ]
    assert errors[2] < errors[1] < 0.7 * errors[0]


def test_one_trace_for_every_value_and_a_chip_per_key():
    x, weights = layer()
    traces = []

    @eqx.filter_jit
    def run(weights, array, key):
        traces.append(1)
        return analog_matmul(x, weights, array, key)

    outputs = [
        run(weights * s, crossbar(DifferentialPair(), generic(s / 10), converter=UniformConverter(leaf(4 + s))), jax.random.key(k))
        for k, s in enumerate((0.5, 0.6, 0.7))
    ]
    assert len(traces) == 1
    again = run(weights * 0.5, crossbar(DifferentialPair(), generic(0.05), converter=UniformConverter(leaf(4.5))), jax.random.key(0))
    np.testing.assert_array_equal(again, outputs[0])
    assert len({float(jnp.sum(output)) for output in outputs}) == 3


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
