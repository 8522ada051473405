"""Patches of feature maps as rows of a matrix, which is what an array multiplies, and the way back for gradients."""

import functools

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.workloads.workload import LayerWork


# with a transpose of its own (`fold`): the automatic one spreads every copy over the input's grid by itself
@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def unfold(x: Float[Array, "batch height width channels"], geometry: LayerWork) -> Float[Array, "rows patch"]:
    """Patches of a map as rows, ordered (batch, row, column) by (kernel row, kernel column, channel), zero padded to fit."""
    (top, bottom), (left, right) = padding(geometry)
    stride = geometry.stride
    padded = jnp.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))
    high, wide = (geometry.height_out - 1) * stride + 1, (geometry.width_out - 1) * stride + 1
    # slices of the whole map, not a gather: one for each kernel element
    shifted = [
        padded[:, i : i + high : stride, j : j + wide : stride] for i in range(geometry.kernel_height) for j in range(geometry.kernel_width)
    ]
    return jnp.concatenate(shifted, axis=-1).reshape(-1, geometry.kernel_height * geometry.kernel_width * x.shape[-1])


def padding(geometry: LayerWork) -> tuple[tuple[int, int], tuple[int, int]]:
    """Zeros before and after, along rows and along columns."""
    high = max((geometry.height_out - 1) * geometry.stride + geometry.kernel_height - geometry.height_in, 0)
    wide = max((geometry.width_out - 1) * geometry.stride + geometry.kernel_width - geometry.width_in, 0)
    # an odd zero goes after the map, as in XLA's "SAME"; padding both sides alike would begin such windows one element earlier
    return (high // 2, high - high // 2), (wide // 2, wide - wide // 2)


def fold(rows: Float[Array, "rows patch"], geometry: LayerWork) -> Float[Array, "batch height width channels"]:
    """Transpose of `unfold`: every element gets the sum of its copies.

    Elements of equal remainder to the stride share their patches, so each such phase is summed on the output's grid and the
    phases are interleaved; scattering every copy into the input's grid instead takes stride**2 times as long.
    """
    stride, kernel = geometry.stride, (geometry.kernel_height, geometry.kernel_width)
    out, (rows_padding, columns_padding) = (geometry.height_out, geometry.width_out), padding(geometry)
    copies = rows.reshape(-1, *out, kernel[0], kernel[1], rows.shape[1] // (kernel[0] * kernel[1]))
    # cells of stride x stride elements that cover the padded map
    cells = [
        -(-max(n + before + after, (m - 1) * stride + k) // stride)
        for n, (before, after), m, k in zip(
            (geometry.height_in, geometry.width_in), (rows_padding, columns_padding), out, kernel, strict=True
        )
    ]

    def phase(a: int, b: int) -> Array:
        # kernel element i belongs to phase i % stride, and lies i // stride cells further on
        parts = [
            jnp.pad(
                copies[:, :, :, i, j],
                ((0, 0), (i // stride, cells[0] - out[0] - i // stride), (j // stride, cells[1] - out[1] - j // stride), (0, 0)),
            )
            for i in range(a, kernel[0], stride)
            for j in range(b, kernel[1], stride)
        ]
        # a kernel smaller than the stride leaves elements out
        return sum(parts[1:], parts[0]) if parts else jnp.zeros((copies.shape[0], *cells, copies.shape[-1]), rows.dtype)

    # [batch, cells, phase, cells, phase, channels]: the reshape interleaves the phases
    grid = jnp.stack([jnp.stack([phase(a, b) for b in range(stride)], axis=3) for a in range(stride)], axis=2)
    whole = grid.reshape(copies.shape[0], cells[0] * stride, cells[1] * stride, copies.shape[-1])
    top, left = rows_padding[0], columns_padding[0]
    return whole[:, top : top + geometry.height_in, left : left + geometry.width_in]


def _unfold_forward(x: Array, geometry: LayerWork) -> tuple[Array, None]:
    return unfold(x, geometry), None


def _unfold_backward(geometry: LayerWork, _: None, gradient: Array) -> tuple[Array]:
    return (fold(gradient, geometry),)


unfold.defvjp(_unfold_forward, _unfold_backward)
