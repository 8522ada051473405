"""Imperfect cells of weights in bit slices, against every digit and every cell by hand."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.analog.arrays.mapping import DifferentialPair
from codesign.analog.arrays.physics import CrossbarPhysics
from codesign.analog.arrays.slices import Slices
from codesign.analog.device.ageing import Aged
from codesign.analog.device.catalogue import generic, pcm
from codesign.analog.device.device import Device, stuck_masks
from codesign.analog.device.noise import leaf
from codesign.evaluation.arithmetic import slicing_factor

ONE = jnp.float32(1)
KEY = 7


def faulty(on: float = 0.1, off: float = 0.2, device: Device | None = None, levels: float = np.inf) -> Device:
    leaves = (leaf(on), leaf(off), leaf(levels))
    return eqx.tree_at(lambda d: (d.stuck_on, d.stuck_off, d.levels), device or generic(), leaves)


def held(device: Device, bits: float, cell_bits: float, weights: jax.Array, *, stuck: bool = True, **settings) -> jax.Array:
    slices = Slices(leaf(bits), leaf(cell_bits), stuck)
    physics = CrossbarPhysics(ONE, ONE, device, slices=slices, **settings)
    return physics.program(weights, ONE, jax.random.key(KEY)).weights


def by_hand(device: Device, bits: int, cell_bits: int, weights: np.ndarray) -> np.ndarray:
    """Every cell of every digit of both columns of a pair; the highest digit is spread over its cell."""
    faults = jax.random.fold_in(jax.random.key(KEY), 3)
    places, steps = np.asarray(DifferentialPair().places(jnp.asarray(weights))), 2**bits - 1
    total = np.zeros_like(places)
    for index in range(-(-bits // cell_bits)):
        most = 2 ** min(cell_bits, bits - cell_bits * index) - 1
        digit = np.round(places * steps).astype(int) // 2 ** (cell_bits * index) % 2**cell_bits
        on, off = stuck_masks(device, places.shape, jax.random.fold_in(faults, index))
        cell = np.where(on, 1, np.where(off, 0, digit / most))
        total += 2 ** (cell_bits * index) * most / steps * cell
    return total[0] - total[1]


@pytest.mark.parametrize(("bits", "cell_bits"), [(1, 1), (4, 1), (4, 2), (5, 2), (3, 8)])
def test_every_cell_is_stuck_by_itself(bits: int, cell_bits: int) -> None:
    """Digits, their weights, the part-filled highest cell, and one draw for each cell."""
    steps = 2**bits - 1
    weights = np.random.default_rng(0).integers(-steps, steps + 1, (40, 30)).astype(np.float32) / steps
    found = jax.jit(lambda w: held(faulty(), bits, cell_bits, w))(weights)
    np.testing.assert_allclose(found, by_hand(faulty(), bits, cell_bits, weights), atol=2e-6)


def test_a_stuck_cell_passes_no_gradient() -> None:
    weights = jnp.full((50, 40), 0.5).at[:, ::2].set(-0.5)

    def slopes(cell_bits: float) -> np.ndarray:
        return np.asarray(jax.jit(jax.grad(lambda w: jnp.sum(held(faulty(0.1, 0.1), 4, cell_bits, w))))(weights))

    whole, two = slopes(4), slopes(2)
    np.testing.assert_allclose(np.unique(whole.round(5)), [0, 1])
    assert whole.mean() == pytest.approx(0.8, abs=0.03)
    # digits of 12 and 3 of 15 steps
    np.testing.assert_allclose(np.unique(two.round(5)), [0, 0.2, 0.8, 1], atol=1e-5)


def test_errors_of_slices_have_the_mean_and_spread_of_independent_ones_and_so_does_their_slope() -> None:
    zeros, on = jnp.zeros((300, 200)), 0.1

    def spread(cell_bits: jax.Array) -> tuple[jax.Array, jax.Array]:
        # the resting device of a pair is stuck as often
        share = slicing_factor(jnp.asarray([7.0]), cell_bits)[0]
        found = held(faulty(on, 0.0), 6, cell_bits, zeros, spread_share=share)
        return jnp.std(found), jnp.mean(found)

    (value, mean), slope = jax.jit(lambda c: (spread(c), jax.grad(lambda c: spread(c)[0])(c)))(jnp.float32(2))
    expected = lambda c: (2 * on * (1 - on)) ** 0.5 * float(slicing_factor(jnp.asarray([7.0]), jnp.float32(c))[0])  # noqa: E731
    assert float(value) == pytest.approx(expected(2), rel=0.03)
    assert abs(float(mean)) < 0.01
    assert float(slope) == pytest.approx((expected(2.01) - expected(1.99)) / 0.02, rel=0.05)


def test_levels_spoil_digits_that_they_do_not_hold_and_no_others() -> None:
    weights = jnp.asarray(np.random.default_rng(0).integers(-15, 16, (40, 30)) / 15, jnp.float32)
    run = jax.jit(lambda levels: held(faulty(0, 0, levels=levels), 4, 2, weights, stuck=False))
    np.testing.assert_allclose(run(jnp.float32(4)), weights, atol=1e-6)
    np.testing.assert_allclose(run(jnp.float32(16)), weights, atol=1e-6)
    two = np.asarray(run(jnp.float32(2)))
    # both digits at an end of their cell
    assert set(np.abs(two * 15).round(3).ravel()) <= {0, 3, 12, 15}
    assert np.abs(two - weights).max() > 0.1


def test_a_chip_keeps_its_faults() -> None:
    """Fresh and aged; another chip has others, and cells that work are as they were."""
    device, weights = faulty(0.05, 0.05, pcm()), jnp.full((60, 50), 0.6)

    def stuck(ageing: Aged | None, key: int) -> jax.Array:
        physics = CrossbarPhysics(ONE, ONE, device, ageing=ageing, slices=Slices(leaf(4), leaf(4)))
        flawless = CrossbarPhysics(ONE, ONE, device, ageing=ageing)
        found, meant = (each.program(weights, ONE, jax.random.key(key)).weights for each in (physics, flawless))
        return jnp.abs(found - meant) > 1e-4

    fresh, aged, other = (np.asarray(jax.jit(stuck)(ageing, key)) for ageing, key in ((None, 0), (Aged(86400.0), 0), (None, 1)))
    # a few aged cells happen to come near to what they would have been
    assert (fresh != aged).mean() < 0.005
    # either cell of a pair; one that is stuck where it was meant to rest does not spread
    assert fresh.mean() == pytest.approx(1 - 0.9**2, abs=0.03)
    assert (fresh != other).mean() > 0.1
