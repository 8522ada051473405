"""Batches in pieces: what is made of one piece is gone before the next begins."""

from collections.abc import Callable
from typing import Final

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from codesign.products.unfold import unfold
from codesign.workloads.workload import LayerWork

# measured (docs/benchmarks.md): in smaller pieces gradients of kernels are added up too often, larger ones gain nothing
PATCHES_AT_ONCE: Final = {"cpu": 2**20, "elsewhere": 2**28}  # elements of patches


def on_backend(sizes: dict[str, int]) -> int:
    """The size for the machine that runs: a processor has a small cache to stay in, an accelerator a large memory to fill."""
    return sizes.get(jax.default_backend(), sizes["elsewhere"])


def pieces(x: Float[Array, "batch ..."], largest: int) -> Float[Array, "pieces size ..."]:
    """The batch in as few pieces of equal size as there can be, of at most `largest` entries; zeros fill the last one."""
    count = -(-x.shape[0] // max(1, largest))
    size = -(-x.shape[0] // count)
    return jnp.pad(x, ((0, count * size - x.shape[0]), *[(0, 0)] * (x.ndim - 1))).reshape(count, size, *x.shape[1:])


def over_patches(
    product: Callable[[Float[Array, "rows patch"], Int[Array, ""]], Float[Array, "rows outputs"]],
    x: Float[Array, "batch height width channels"],
    geometry: LayerWork,
) -> Float[Array, "batch height_out width_out outputs"]:
    """A product with every patch of the maps, whose patches never exist all at once, nor for the gradient.

    Args:
        product: of patches as rows, and the number of their piece.
        x: maps.
        geometry: the layer's shape.
    """
    maps = pieces(x, on_backend(PATCHES_AT_ONCE) // (geometry.positions * geometry.fan_in))

    # made again for the gradient: kept, they would all exist at once
    @jax.checkpoint
    def of(numbered: tuple[Array, Array]) -> Array:
        number, some = numbered
        return product(unfold(some, geometry), number)

    read = jax.lax.map(of, (jnp.arange(len(maps)), maps))
    return read.reshape(-1, geometry.height_out, geometry.width_out, read.shape[-1])[: x.shape[0]]
