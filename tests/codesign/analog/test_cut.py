"""Wire drops of layers cut into arrays of any size, against a loop over the arrays."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from codesign.analog.wires.cut import exact_cut, shared_drops, smooth_cut

REST = 0.05


def by_loop(G: np.ndarray, size: int, to_ground: bool) -> np.ndarray:
    """The sums of `shared_drops`, array by array, unused cells at rest."""
    count = G.shape[0]
    padded = np.full((-(-count // size) * size, G.shape[1]), REST)
    padded[:count] = G
    depth = np.arange(size, 0, -1) if to_ground else np.arange(1, size + 1)
    shared = np.minimum(depth[:, None], depth)
    return np.concatenate([shared @ padded[start : start + size] for start in range(0, count, size)])[:count]


@pytest.mark.parametrize("to_ground", [False, True])
@pytest.mark.parametrize("count", [60, 100, 300])
def test_sums_are_those_of_every_array(count: int, to_ground: bool) -> None:
    """In both forms at powers of two, in the exact form at any size; one program serves all sizes."""
    G = np.random.default_rng(0).uniform(0, 1, (count, 7)).astype(np.float32)
    traces = 0

    @jax.jit
    def smooth(size: jax.Array) -> jax.Array:
        nonlocal traces
        traces += 1
        return shared_drops(jnp.asarray(G), jnp.float32(REST), smooth_cut(count, size, to_ground))

    exact = jax.jit(lambda size: shared_drops(jnp.asarray(G), jnp.float32(REST), exact_cut(count, size, to_ground)))
    blocks = jax.jit(lambda size: shared_drops(jnp.asarray(G), jnp.float32(REST), exact_cut(count, size, to_ground, 16)))
    for size in (2, 16, 64, 128, 512):
        np.testing.assert_allclose(smooth(jnp.float32(size)), by_loop(G, size, to_ground), rtol=5e-5)
    for size in (3, 100, 128):
        np.testing.assert_allclose(exact(jnp.float32(size * 1.000001)), by_loop(G, size, to_ground), rtol=1e-5)
    for size in (16, 48, 96, 256):
        np.testing.assert_allclose(blocks(jnp.float32(size)), by_loop(G, size, to_ground), rtol=1e-5)
    assert traces == 1


@pytest.mark.parametrize("to_ground", [False, True])
def test_between_powers_of_two_sums_lie_between_and_have_gradients(to_ground: bool) -> None:
    with jax.enable_x64(True):
        G = jnp.asarray(np.random.default_rng(0).uniform(0, 1, (150, 5)))
        drops = jax.jit(lambda G, size: shared_drops(G, jnp.asarray(REST), smooth_cut(150, size, to_ground)))
        low, middle, high = (drops(G, jnp.asarray(float(size))) for size in (64, 90, 128))
        assert np.all((middle >= np.minimum(low, high) - 1e-9) & (middle <= np.maximum(low, high) + 1e-9))
        check_grads(drops, (G, jnp.asarray(90.0)), order=1, modes=["rev"], atol=1e-6, rtol=1e-6)


def test_long_axes_of_unknown_sizes_are_exact_at_powers_of_two() -> None:
    G = np.random.default_rng(0).uniform(0, 1, (600, 3)).astype(np.float32)
    found = jax.jit(lambda size: shared_drops(jnp.asarray(G), jnp.float32(REST), exact_cut(600, size, False)))(jnp.float32(128))
    np.testing.assert_allclose(found, by_loop(G, 128, False), rtol=5e-5)
