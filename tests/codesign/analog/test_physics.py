"""Searched crossbars against arrays of single devices: what programming, wires and encodings do to weights."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.analog.arrays.array import analog_matmul
from codesign.analog.arrays.converter import UniformConverter
from codesign.analog.arrays.device_array import DeviceCrossbar, Wires
from codesign.analog.arrays.mapping import AbstractWhole, DifferentialPair, OffsetColumn
from codesign.analog.arrays.physics import CrossbarPhysics
from codesign.analog.arrays.searched import StatisticalCrossbar, TiledCrossbar
from codesign.analog.device.ageing import AbstractAgeing, Aged, Fresh
from codesign.analog.device.catalogue import generic, pcm
from codesign.analog.device.device import Device
from codesign.analog.wires.resistance import wire_resistance
from codesign.analog.wires.wires import effective_conductance

MAPPINGS = [DifferentialPair(), OffsetColumn()]
ONE = jnp.float32(1)
# NeuroSim's memory, as in the technology
R_ON, R_OFF = 100e3, 1.7e6


def weights(kind: str, shape: tuple[int, int]) -> jax.Array:
    """Clipped normal ones, as trained weights are, or evenly spread ones."""
    draw = np.random.default_rng(0)
    found = np.clip(draw.normal(0, 0.4, shape), -1, 1) if kind == "bell" else draw.uniform(-1, 1, shape)
    return jnp.asarray(found, jnp.float32)


def physics(device: Device, mapping: AbstractWhole = MAPPINGS[0], rows: float = 64, columns: float = 64, **settings) -> CrossbarPhysics:
    r_word, r_bit = wire_resistance(45, "1T1R")
    return CrossbarPhysics(jnp.float32(rows), jnp.float32(columns), device, r_word, r_bit, mapping, **settings)


def devices(
    device: Device, mapping: AbstractWhole, rows: int, columns: int, tier: str, ageing: AbstractAgeing | None = None
) -> DeviceCrossbar:
    converter = UniformConverter(jnp.float32(6), signed=mapping.signed)
    wires = Wires(*wire_resistance(45, "1T1R"), tier)
    return DeviceCrossbar(device, mapping, ageing or Fresh(), wires, converter, rows, columns)


@pytest.mark.parametrize("mapping", MAPPINGS)
@pytest.mark.parametrize("sigma", [0.03, 0.1, 0.2])
def test_mean_and_spread_of_noisy_weights_are_those_of_devices(mapping: AbstractWhole, sigma: float) -> None:
    """Devices near zero are cut off there: their mean rises and their spread shrinks, in both alike."""
    device = generic(sigma, R_ON, R_OFF)
    w = jnp.broadcast_to(jnp.asarray([-1, -0.2, 0, 0.05, 0.2, 1], jnp.float32), (20_000, 6))
    searched, exact = physics(device, mapping), devices(device, mapping, 100, 6, "none")

    @jax.jit
    def both(key: jax.Array) -> tuple[jax.Array, jax.Array]:
        wireless = CrossbarPhysics(searched.rows, searched.columns, device, mapping=mapping)
        one, other = jax.random.split(key)
        return wireless.program(w, ONE, one).weights, exact.program(w, ONE, other).weights[0].reshape(-1, 6)[: len(w)]

    found, expected = (np.asarray(held) for held in both(jax.random.key(0)))
    spread = sigma * mapping.reach * R_OFF / (R_OFF - R_ON)
    np.testing.assert_allclose(found.mean(0), expected.mean(0), atol=0.04 * spread)
    np.testing.assert_allclose(found.std(0), expected.std(0), rtol=0.03)
    # not those of normal devices
    assert found[:, 2].std() < 0.95 * 2**0.5 * spread if sigma >= 0.1 and mapping.signed else True


def test_slices_average_their_spread_but_not_what_is_cut_off() -> None:
    device, w = generic(0.2, R_ON, R_OFF), jnp.full((20_000, 2), 0.05).at[:, 1].set(0.8)
    whole, sliced = (CrossbarPhysics(ONE, ONE, device, spread_share=share) for share in (1.0, 0.6))
    key = jax.random.key(1)
    one, six = jax.jit(lambda key: (whole.program(w, ONE, key).weights, sliced.program(w, ONE, jax.random.clone(key)).weights))(key)
    np.testing.assert_allclose(six.std(0), 0.6 * one.std(0), rtol=1e-3)
    np.testing.assert_allclose(six.mean(0), one.mean(0), atol=3e-3)
    assert float(one.mean(0)[1]) < 0.78  # the resting device of the pair cannot fall as far as it rises


def test_the_spread_has_its_gradient() -> None:
    def spread(sigma: jax.Array) -> jax.Array:
        return jnp.std(CrossbarPhysics(ONE, ONE, generic(sigma)).program(jnp.full((200, 100), 0.5), ONE, jax.random.key(3)).weights)

    value, slope = jax.jit(jax.value_and_grad(spread))(jnp.float32(0.02))
    # two devices a weight, in units of the range between 20 and 200 kohm
    assert float(value) == pytest.approx(0.02 * 2**0.5 / 0.9, rel=0.02)
    assert float(slope) == pytest.approx(2**0.5 / 0.9, rel=0.02)


@pytest.mark.parametrize("mapping", MAPPINGS)
@pytest.mark.parametrize(("rows", "columns"), [(32, 16), (48, 20), (128, 64)])
def test_tiles_hold_what_devices_behind_their_wires_hold(mapping: AbstractWhole, rows: int, columns: int) -> None:
    """Every array by itself, part-filled ones with cells at rest: to rounding the Pade tier of the exact arrays."""
    w, device = weights("wide", (150, 70)), generic(0.0, R_ON, R_OFF)
    searched = physics(device, mapping, rows, columns, exact=True, block=16)
    exact = devices(device, mapping, rows, columns, "pade")
    held, expected = jax.jit(lambda key: (searched.program(w, ONE, key), exact.program(w, ONE, jax.random.clone(key))))(jax.random.key(0))
    np.testing.assert_allclose(held.weights, np.asarray(expected.weights)[0].reshape(-1, 70)[:150], atol=2e-5)
    np.testing.assert_allclose(0.0 if held.correction is None else held.correction, expected.correction, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bell", "wide"])
def test_wires_of_the_actual_weights_follow_the_exact_solver(kind: str) -> None:
    """256 x 256 at 45 nm: the bar of 2 %; and the gradient to the weights points as that of the exact line tier."""
    w, (r_word, r_bit) = weights(kind, (256, 256)), wire_resistance(45, "1T1R")
    low, span = 1 / R_OFF, 1 / R_ON - 1 / R_OFF
    x = jnp.asarray(np.random.default_rng(1).uniform(size=(64, 256)) < 0.3, jnp.float32)

    def searched(w: jax.Array) -> jax.Array:
        return x @ physics(generic(0.0, R_ON, R_OFF), rows=256, columns=256).program(w, ONE, jax.random.key(0)).weights

    def solved(w: jax.Array, tier: str) -> jax.Array:
        plus, minus = (effective_conductance(low + span * jnp.maximum(s * w, 0), r_word, r_bit, tier) for s in (1, -1))
        return x @ (plus - minus) / span

    found, exact = jax.jit(searched)(w), jax.jit(solved, static_argnums=1)(w, "exact")
    ideal = jnp.sqrt(jnp.mean(exact**2))
    assert float(jnp.sqrt(jnp.mean((found - exact) ** 2)) / ideal) < 0.01
    assert float(jnp.sqrt(jnp.mean((x @ w - exact) ** 2)) / ideal) > 0.1
    # what the wires add to the slope of the plain product
    lines = functools.partial(solved, tier="line mean-field")
    ours, theirs = (jax.jit(jax.grad(lambda w, f=f: jnp.sum((f(w) - x @ w) ** 2)))(w).ravel() for f in (searched, lines))
    assert float(ours @ theirs / jnp.linalg.norm(ours) / jnp.linalg.norm(theirs)) > 0.99


def test_wires_weaken_far_cells_more_and_larger_arrays_and_weights_more() -> None:
    delivered = jax.jit(lambda size, magnitude: physics(generic(), rows=size, columns=size).delivered((64, 64), magnitude))
    small, large = np.asarray(delivered(jnp.float32(32), 0.3)), np.asarray(delivered(jnp.float32(64), 0.3))
    assert large.mean() < small.mean() < 1
    assert large[63, 0] > large[0, 63]  # nearest to source and ground, farthest from both
    np.testing.assert_allclose(small[:32, :32], small[32:, 32:], rtol=1e-6)  # a new array begins
    assert np.asarray(delivered(jnp.float32(64), 0.6)).mean() < large.mean()


def test_the_closed_form_delivers_what_the_devices_do_on_average() -> None:
    w = weights("bell", (64, 64))
    searched = physics(generic(0.0, R_ON, R_OFF))
    held = jax.jit(lambda w: searched.program(w, ONE, jax.random.key(0)).weights)(w)
    magnitude = jnp.mean(jnp.abs(w))
    assert float(jnp.mean(jnp.abs(w) * searched.delivered(w.shape, magnitude))) == pytest.approx(float(jnp.mean(jnp.abs(held))), rel=2e-3)


def test_offset_columns_answer_worse() -> None:
    """Their converters cover a common mode, their devices conduct half of the largest and so lose more on the wires."""
    w, x = weights("bell", (256, 24)), jnp.asarray(np.random.default_rng(2).uniform(size=(200, 256)) < 0.2, jnp.float32)
    device = generic(0.02, R_ON, R_OFF)

    def error(mapping: AbstractWhole, share: float, kind: str) -> float:
        searched = physics(device, mapping, exact=kind == "tiles")
        arrays = {
            "tiles": TiledCrossbar(searched, jnp.float32(6)),
            "smooth": StatisticalCrossbar(searched, jnp.float32(6)),
            "devices": devices(device, mapping, 64, 64, "pade"),
        }
        read = jax.jit(lambda key: analog_matmul(x, w, arrays[kind], key, 1.0, share))(jax.random.key(0))
        return float(jnp.sqrt(jnp.mean((read - x @ w) ** 2)) / jnp.std(x @ w))

    # each with the best full scale of a few
    best = {
        (mapping.signed, kind): min(error(mapping, share, kind) for share in (0.1, 0.15, 0.2))
        for mapping in MAPPINGS
        for kind in ("tiles", "smooth", "devices")
    }
    for kind in ("tiles", "smooth", "devices"):
        assert best[False, kind] > 1.5 * best[True, kind]
        for signed in (True, False):
            assert best[signed, kind] == pytest.approx(best[signed, "devices"], rel=0.2)


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_aged_weights_have_the_mean_and_spread_of_aged_devices(mapping: AbstractWhole) -> None:
    device = pcm()
    w = jnp.broadcast_to(jnp.asarray([-1, 0, 0.1, 0.6], jnp.float32), (5_000, 4))
    searched = CrossbarPhysics(ONE, ONE, device, mapping=mapping, ageing=Aged(86400.0))
    exact = devices(device, mapping, 100, 4, "none", Aged(86400.0))

    @jax.jit
    def both(key: jax.Array) -> tuple[jax.Array, jax.Array]:
        one, other = jax.random.split(key)
        return searched.program(w, ONE, one).weights, exact.program(w, ONE, other).weights[0].reshape(-1, 4)

    found, expected = (np.asarray(held) for held in both(jax.random.key(0)))
    np.testing.assert_allclose(found.mean(0), expected.mean(0), atol=0.01)
    np.testing.assert_allclose(found.std(0), expected.std(0), rtol=0.1)
