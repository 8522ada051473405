"""A layer that lies in parts on several arrays: exact at the ends, errors in proportion in between, gradients that are finite."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from jaxtyping import Array

from codesign.analog.arrays.array import AbstractArray, DigitalArray, analog_matmul
from codesign.analog.arrays.mixed import MixedArray
from codesign.workloads.workload import conv

SPREAD = 0.1


class Noisy(AbstractArray):
    """Each weight errs once for the chip, each output once for the reading; without ends that clip, the errors have known variances."""

    spread: Array = eqx.field(converter=jnp.asarray)

    def program(self, weights: Array, scale: Array, key: Array) -> Array:
        return weights + self.spread * jax.random.normal(key, weights.shape)

    def read(self, x: Array, held: Array, full_scale: Array, key: Array) -> Array:
        return x @ held + self.spread * jax.random.normal(key, (x.shape[0], held.shape[1]))


X = jnp.asarray(np.random.default_rng(0).random((40, 24)), jnp.float32)
WEIGHTS = jnp.asarray(np.random.default_rng(1).uniform(-1, 1, (24, 50)), jnp.float32)


def product(array: AbstractArray, seed: int = 0) -> Array:
    return analog_matmul(X, WEIGHTS, array, jax.random.key(seed))


def errors(shares: list[float], *spreads: float) -> np.ndarray:
    mixed = MixedArray(tuple(Noisy(spread) for spread in spreads), jnp.asarray(shares))
    return np.asarray(jnp.stack([product(mixed, seed) - X @ WEIGHTS for seed in range(8)]))


def test_the_ends_are_the_pure_arrays_to_the_last_bit() -> None:
    np.testing.assert_array_equal(product(MixedArray((Noisy(SPREAD),), jnp.ones(1))), product(Noisy(SPREAD)))
    np.testing.assert_array_equal(product(MixedArray((Noisy(SPREAD),), jnp.zeros(1))), product(DigitalArray()))
    two = MixedArray((Noisy(SPREAD), Noisy(2 * SPREAD)), jnp.asarray([1.0, 0.0]))
    np.testing.assert_array_equal(product(two), product(Noisy(SPREAD)))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_variance_of_errors_is_in_proportion_to_the_share(share: float) -> None:
    np.testing.assert_allclose(errors([share], SPREAD).var() / errors([1.0], SPREAD).var(), share, rtol=1e-3)


def test_several_arrays_err_independently() -> None:
    whole = errors([1.0, 0.0], SPREAD, SPREAD).var()
    # were their errors one, the roots would add up before they are squared
    np.testing.assert_allclose(errors([0.5, 0.5], SPREAD, SPREAD).var() / whole, 1, rtol=0.1)


def test_maps_are_products_of_patches() -> None:
    layer = conv("c", 3, 5, 6, kernel=3)
    maps = jnp.asarray(np.random.default_rng(2).random((4, 6, 6, 3)), jnp.float32)
    kernel = jnp.asarray(np.random.default_rng(3).normal(size=(layer.fan_in, 5)), jnp.float32)
    for share in (0.0, 1.0):
        array = MixedArray((Noisy(SPREAD),), jnp.asarray([share]))
        held = array.program(kernel, jnp.asarray(1.0), jax.random.key(0))
        pure = Noisy(SPREAD) if share else DigitalArray()
        own = pure.program(kernel, jnp.asarray(1.0), jax.random.key(0))
        found, expected = (a.read_map(maps, h, jnp.asarray(1.0), jax.random.key(1), layer) for a, h in ((array, held), (pure, own)))
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_rows_of_it_are_rows_of_all() -> None:
    array = MixedArray((Noisy(SPREAD), Noisy(SPREAD)), jnp.asarray([0.3, 0.3]))
    held = array.program(WEIGHTS, jnp.asarray(1.0), jax.random.key(0))
    cut, part = array.part(held, 3, 9)
    silent = jnp.zeros_like(X).at[:, 3:9].set(X[:, 3:9])
    # readings without noise of their own
    quiet = [eqx.tree_at(lambda a: [each.spread for each in a.arrays], a, [jnp.zeros(())] * 2) for a in (array, cut)]
    whole = quiet[0].read(silent, held, jnp.asarray(1.0), jax.random.key(1))
    np.testing.assert_allclose(whole, quiet[1].read(X[:, 3:9], part, jnp.asarray(1.0), jax.random.key(1)), rtol=1e-4, atol=1e-4)


def test_current_is_that_of_the_analog_parts() -> None:
    class Half(Noisy):
        def delivered(self, shape: tuple[int, ...], magnitude: object = 0.3) -> Array:
            return jnp.full(shape, 0.5)

    for shares in ([0.2, 0.2], [0.5, 0.5]):
        np.testing.assert_allclose(MixedArray((Half(SPREAD), Noisy(SPREAD)), jnp.asarray(shares)).delivered((3, 4)), 0.75, rtol=1e-6)
    # nobody pays for current where nothing is analog
    assert np.all(np.isfinite(MixedArray((Half(SPREAD),), jnp.zeros(1)).delivered((3, 4))))


def test_gradients_of_shares() -> None:
    def loss(logits: Array) -> Array:
        # as a search has them: the root's slope at 0 is that of a share which falls as fast
        return jnp.mean(product(MixedArray((Noisy(SPREAD),), jax.nn.softmax(logits)[:1])) ** 2)

    check_grads(loss, (jnp.asarray([0.3, -0.4]),), order=1, modes=["rev"], eps=3e-2, rtol=3e-2)
    assert np.all(np.isfinite(jax.grad(loss)(jnp.asarray([-200.0, 0.0]))))
