"""Convolutions of digital arithmetic: directly forwards, as a product of patches backwards and for batches of kernels."""

import functools
from typing import Any, Final

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap
from jax.custom_derivatives import SymbolicZero
from jaxtyping import Array, Float

from codesign.products.unfold import fold, padding, unfold
from codesign.workloads.workload import LayerWork

# measured: larger and smaller pieces take 10 to 20 % longer (docs/benchmarks.md)
PATCHES: Final = 2**16
"""Elements of patches that a gradient holds at once on a CPU: they stay in a core's cache."""


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def convolve(
    x: Float[Array, "batch height width channels"], kernel: Float[Array, "fan_in outputs"], geometry: LayerWork
) -> Float[Array, "batch height_out width_out outputs"]:
    """Convolution of maps with one group of channels.

    Directly, a processor needs neither time nor memory for patches. XLA's gradients of convolutions are a hundred times slower
    inside rolled loops, and its convolutions with a batch of kernels as much: these are products of patches.

    Args:
        x: maps.
        kernel: weights, inputs ordered by (kernel row, kernel column, channel).
        geometry: the layer's shape.
    """

    # inside custom_vjp, since custom_vmap has no reverse mode of its own
    @custom_vmap
    def apply(x: Array, kernel: Array) -> Array:
        window = kernel.reshape(geometry.kernel_height, geometry.kernel_width, x.shape[-1], -1)
        strides = (geometry.stride, geometry.stride)
        return jax.lax.conv_general_dilated(x, window, strides, padding(geometry), dimension_numbers=("NHWC", "HWIO", "NHWC"))

    @apply.def_vmap
    def batched(size: int, batched: list[bool], x: Array, kernel: Array) -> tuple[Array, bool]:
        maps, kernels = batched
        if kernels:
            return jax.vmap(functools.partial(_product, geometry=geometry), in_axes=(0 if maps else None, 0))(x, kernel), True
        folded = apply(x.reshape(-1, *x.shape[2:]), kernel)
        return folded.reshape(size, -1, *folded.shape[1:]), True

    return apply(x, kernel)


def _product(x: Array, kernel: Array, geometry: LayerWork) -> Array:
    return (unfold(x, geometry) @ kernel).reshape(x.shape[0], geometry.height_out, geometry.width_out, -1)


def _forward(x: Any, kernel: Any, geometry: LayerWork) -> tuple[Array, tuple[Array, Array | None]]:
    # nobody asks for the gradient of the first layer's input
    return convolve(x.value, kernel.value, geometry), (x.value, kernel.value if x.perturbed else None)


def _backward(geometry: LayerWork, held: tuple[Array, Array | None], gradient: Array | SymbolicZero) -> tuple[Array | None, Array | None]:
    x, kernel = held
    if isinstance(gradient, SymbolicZero):
        return None, None

    def part(total: Array, pair: tuple[Array, Array]) -> tuple[Array, Array]:
        rows = pair[1].reshape(-1, gradient.shape[-1])
        # an empty array stands for what nobody asks for
        of_maps = jnp.zeros((len(pair[0]), 0)) if kernel is None else fold(rows @ kernel.T, geometry)
        return total + unfold(pair[0], geometry).T @ rows, of_maps

    count = x.shape[0] if jax.default_backend() != "cpu" else max(1, PATCHES // (geometry.positions * geometry.fan_in))
    parts = x.shape[0] // count
    first, rest = x[: parts * count], x[parts * count :]
    # summed over the pieces in the scan, so that patches of one piece at a time exist
    of_kernel = jnp.zeros((geometry.fan_in, gradient.shape[-1]), gradient.dtype)
    pairs = (first.reshape(parts, count, *x.shape[1:]), gradient[: parts * count].reshape(parts, count, *gradient.shape[1:]))
    of_kernel, of_maps = jax.lax.scan(part, of_kernel, pairs)
    # what does not fill a piece; it may be empty
    of_kernel, of_rest = part(of_kernel, (rest, gradient[parts * count :]))
    if kernel is None:
        return None, of_kernel
    return jnp.concatenate([of_maps.reshape(first.shape), of_rest]), of_kernel


# symbolic zeros tell the rules which of maps and kernel nobody differentiates
convolve.defvjp(_forward, _backward, symbolic_zeros=True)
