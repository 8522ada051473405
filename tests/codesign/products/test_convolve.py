"""The direct convolution of digital arrays is the product of patches, with its gradients, alone and in batches."""

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


@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), SHAPES)
def test_it_is_the_product_of_patches(size: int, kernel: int, stride: int, padding: int | None) -> None:
    """Also its gradients: catches a kernel in another order, a shifted window, a transposed gradient."""
    geometry = conv("conv", 3, 4, size, kernel=kernel, stride=stride, padding=padding)
    x, weights = jax.random.normal(jax.random.key(0), (2, size, size, 3)), jax.random.normal(jax.random.key(1), (kernel * kernel * 3, 4))

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
    x, weights = jax.random.normal(jax.random.key(0), (5, 7, 7, 2)), jax.random.normal(jax.random.key(1), (18, 3))

    def value(f: object, x: jax.Array, weights: jax.Array) -> jax.Array:
        return jnp.sum(jnp.sin(f(x, weights, geometry)))  # type: ignore[operator]

    for arguments in ((0, 1), 0, 1):
        ours, theirs = (jax.jit(jax.grad(lambda x, w, f=f: value(f, x, w), argnums=arguments))(x, weights) for f in (convolve, of_patches))
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=2e-4), ours, theirs)


@pytest.mark.parametrize("axes", [(0, None), (None, 0), (0, 0)])
def test_batches_of_maps_and_of_kernels(axes: tuple[int | None, int | None]) -> None:
    """As populations and chips are mapped over, with gradients: catches a batching rule that mixes up its axes."""
    geometry = conv("conv", 2, 3, 7, kernel=3, stride=2)
    x, weights = jax.random.normal(jax.random.key(0), (5, 2, 7, 7, 2)), jax.random.normal(jax.random.key(1), (5, 18, 3))
    x, weights = (part if axis == 0 else part[0] for part, axis in zip((x, weights), axes, strict=True))

    def gradients(f: object) -> object:
        one = jax.value_and_grad(lambda x, w: jnp.sum(jnp.sin(f(x, w, geometry))), argnums=(0, 1))  # type: ignore[operator]
        return jax.jit(jax.vmap(one, in_axes=axes))(x, weights)

    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=2e-4), gradients(convolve), gradients(of_patches))
    mapped = [jax.vmap(lambda x, w, f=f: f(x, w, geometry), in_axes=axes)(x, weights) for f in (convolve, of_patches)]
    np.testing.assert_allclose(*mapped, atol=1e-4)
