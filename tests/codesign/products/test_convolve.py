"""The direct convolution of digital arrays is the product of patches, with its gradients, alone and in batches."""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.products import convolve as module
from codesign.products.convolve import convolve
from codesign.products.unfold import unfold
from codesign.workloads.workload import LayerWork, conv

SHAPES = [(14, 3, 2, None), (8, 3, 1, None), (9, 5, 3, None), (8, 1, 2, 0), (6, 2, 3, 0), (10, 3, 4, 1)]


def of_patches(x: jax.Array, kernel: jax.Array, geometry: LayerWork) -> jax.Array:
    return (unfold(x, geometry) @ kernel).reshape(x.shape[0], geometry.height_out, geometry.width_out, -1)


def drawn(*shapes: tuple[int, ...]) -> list[np.ndarray]:
    draw = np.random.default_rng(0)
    return [draw.normal(size=shape).astype(np.float32) for shape in shapes]


@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), SHAPES)
def test_it_is_the_product_of_patches(size: int, kernel: int, stride: int, padding: int | None) -> None:
    """Also its gradients: catches a kernel in another order, a shifted window, a transposed gradient."""
    geometry = conv("conv", 3, 4, size, kernel=kernel, stride=stride, padding=padding)
    x, weights = drawn((2, size, size, 3), (kernel * kernel * 3, 4))

    @jax.jit
    def both(x: jax.Array, weights: jax.Array) -> list[tuple[jax.Array, tuple[jax.Array, jax.Array]]]:
        return [
            jax.value_and_grad(lambda x, w, f=f: jnp.sum(jnp.sin(f(x, w, geometry))), argnums=(0, 1))(x, weights)
            for f in (convolve, of_patches)
        ]

    ours, theirs = both(x, weights)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=2e-4), ours, theirs)


def test_gradients_in_pieces_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of 2 of 5 maps, one left over; also where only the kernel's gradient is asked for. Catches maps that are lost or doubled."""
    geometry = conv("conv", 2, 3, 7, kernel=3, stride=2)
    monkeypatch.setattr(module, "PATCHES", 2 * 16 * 18)

    @jax.jit
    def both(x: jax.Array, weights: jax.Array) -> list[list[jax.Array | tuple[jax.Array, jax.Array]]]:
        return [
            [jax.grad(lambda x, w, f=f: jnp.sum(jnp.sin(f(x, w, geometry))), argnums=of)(x, weights) for of in ((0, 1), 0, 1)]
            for f in (convolve, of_patches)
        ]

    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=2e-4), *both(*drawn((5, 7, 7, 2), (18, 3))))


@pytest.mark.parametrize("axes", [(0, None), (None, 0), (0, 0)])
def test_batches_of_maps_and_of_kernels(axes: tuple[int | None, int | None]) -> None:
    """As populations and chips are mapped over, with gradients: catches a batching rule that mixes up its axes."""
    geometry = conv("conv", 2, 3, 7, kernel=3, stride=2)
    parts = [part if axis == 0 else part[0] for part, axis in zip(drawn((5, 2, 7, 7, 2), (5, 18, 3)), axes, strict=True)]

    @jax.jit
    def both(x: jax.Array, weights: jax.Array) -> list[tuple[tuple[jax.Array, jax.Array], jax.Array]]:
        def one(f: Callable[..., jax.Array], x: jax.Array, w: jax.Array) -> tuple[tuple[jax.Array, jax.Array], jax.Array]:
            def total(x: jax.Array, w: jax.Array) -> tuple[jax.Array, jax.Array]:
                maps = f(x, w, geometry)
                return jnp.sum(jnp.sin(maps)), maps

            return jax.grad(total, argnums=(0, 1), has_aux=True)(x, w)

        return [jax.vmap(functools.partial(one, f), in_axes=axes)(x, weights) for f in (convolve, of_patches)]

    (ours, our_maps), (theirs, their_maps) = both(*parts)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=2e-4), ours, theirs)
    np.testing.assert_allclose(our_maps, their_maps, atol=1e-4)
