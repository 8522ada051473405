"""Patches and their way back, which must be each other's transposes for every shape."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.products.unfold import fold, unfold
from codesign.workloads.workload import conv

SHAPES = [(14, 3, 2, None), (7, 3, 2, None), (8, 3, 1, None), (9, 5, 3, None), (8, 1, 2, 0), (6, 2, 3, 0), (12, 4, 4, 0), (10, 3, 4, 1)]


@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), SHAPES)
def test_folding_is_the_transpose_of_unfolding(size: int, kernel: int, stride: int, padding: int | None) -> None:
    """<unfold(x), r> = <x, fold(r)>: catches a shifted, doubled or lost element."""
    geometry = conv("conv", 3, 4, size, kernel=kernel, stride=stride, padding=padding)

    draw = np.random.default_rng(0)
    x = draw.normal(size=(2, size, size, 3)).astype(np.float32)
    r = draw.normal(size=jax.eval_shape(lambda x: unfold(x, geometry), x).shape).astype(np.float32)
    rows, folded = jax.jit(lambda x, r: (unfold(x, geometry), fold(r, geometry)))(x, r)
    np.testing.assert_allclose(np.vdot(rows, r), np.vdot(x, folded), rtol=1e-4)


def test_its_gradient_is_the_convolutions() -> None:
    geometry = conv("conv", 2, 3, 9, kernel=3, stride=2)
    draw = np.random.default_rng(0)
    x, kernel = (draw.normal(size=shape).astype(np.float32) for shape in ((2, 9, 9, 2), (3, 3, 2, 3)))

    def ours(x: jax.Array) -> jax.Array:
        return jnp.sum(jnp.sin(unfold(x, geometry) @ kernel.reshape(-1, 3)))

    def theirs(x: jax.Array) -> jax.Array:
        axes = ("NHWC", "HWIO", "NHWC")
        return jnp.sum(jnp.sin(jax.lax.conv_general_dilated(x, kernel, (2, 2), ((1, 1), (1, 1)), dimension_numbers=axes)))

    np.testing.assert_allclose(*jax.jit(lambda x: (jax.grad(ours)(x), jax.grad(theirs)(x)))(x), atol=1e-5)
