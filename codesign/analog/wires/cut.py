"""Wire drops of a layer that is cut into arrays whose size is a run-time value, from the conductances of its own devices.

First order, as the Pade tier of `wires`: a device sees the currents of all devices of its line through the segments that both share.
Along one axis these are `sum_k min(d, d_k) G_k` over the devices of the same array, with `d` the segments from a device to its driver
(word line) or to ground (bit line). A layer's axis is taken in chunks: the sum is a small matrix inside a chunk and, between chunks, a
line in d whose coefficients are sums over whole chunks. So it costs a few matrix products, whatever the size of the arrays.

Sizes are exact at powers of two, and the sums are linear in log2 of the size between them; or exact at any whole number (`exact_cut`).
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.analog.wires.line import product

# a power of two, which divides or is divided by every array that is one; chunks and sums between them then cost about alike
_CHUNK: Final = 64
# up to here one matrix is cheaper than several products
_ONE_CHUNK: Final = 128
# an exact cut has no chunk that fits all sizes: beyond, its matrix would cost more than the products with inputs
_ONE_EXACT_CHUNK: Final = 512


class Between(NamedTuple):
    """How chunks act on each other, `[chunks, chunks]`: factors of a chunk's sum, of its first moment, and of sum times depth."""

    sums: Array
    moments: Array
    slopes: Array


class Cut(NamedTuple):
    """One axis of a layer, cut into arrays.

    Attributes:
        inside: segments shared by two devices of a chunk `[chunk, chunk]`; 0 for devices of different arrays.
        between: of devices of different chunks; None where there is one chunk.
        full: the sum for devices that all conduct 1, in arrays that are all filled.
        depth: segments of a chunk's devices, counted from its own end.
    """

    inside: Float[Array, "chunk chunk"]
    between: Between | None
    full: Float[Array, " count"]
    depth: Float[Array, " chunk"]


def smooth_cut(count: int, size: Float[Array, ""], to_ground: bool) -> Cut:
    """A cut for a search: linear in log2 of the size between powers of two, as a device's place jumps with anything finer.

    Args:
        count: devices along the axis.
        size: devices of an array.
        to_ground: a bit line, which ends in a ground beyond its last device; else a word line, driven before its first one.
    """
    exponent = jnp.log2(size)
    # sizes are set in log space: without the slack 127.99999 would count as "just below 128"
    low = jax.lax.stop_gradient(jnp.maximum(jnp.floor(exponent + 1e-4), 0))
    share = exponent - low
    chunk = count if count <= _ONE_CHUNK else _CHUNK
    # sums are linear in a cut's entries: mixing them mixes the sums
    return jax.tree.map(lambda a, b: (1 - share) * a + share * b, *(_cut(count, 2 ** (low + k), chunk, to_ground) for k in (0, 1)))


def exact_cut(count: int, size: Float[Array, ""], to_ground: bool, block: int | None = None) -> Cut:
    """A cut for legal designs: exact at whole sizes.

    Args:
        count: devices along the axis.
        size: devices of an array.
        to_ground: see `smooth_cut`.
        block: divides every size that may occur; without it, an axis of over 512 devices is exact at powers of two alone.
    """
    if block is None and count > _ONE_EXACT_CHUNK:
        return smooth_cut(count, size, to_ground)
    # a size that comes out of an exponential is off by a rounding
    return _cut(count, jnp.round(size), count if block is None or count <= _ONE_CHUNK else block, to_ground)


def shared_drops(G: Float[Array, "*planes count lines"], rest: Float[Array, ""], cut: Cut) -> Float[Array, "*planes count lines"]:
    """`sum_k min(d, d_k) G_k` along the cut axis for every device; cells of an array without a weight conduct `rest`."""
    # unused cells then conduct nothing more, whatever the size
    more = G - rest
    chunk, (count, lines) = cut.inside.shape[0], G.shape[-2:]
    shape = (*G.shape[:-2], -(-count // chunk), chunk, lines)
    padding = [(0, 0)] * (G.ndim - 2) + [(0, shape[-3] * chunk - count), (0, 0)]
    parts = jnp.pad(more, padding).reshape(shape)
    total = product(cut.inside, parts)
    if cut.between is not None:
        # chunks next to lines: sums over chunks are products of matrices
        whole, moment = jnp.sum(parts, axis=-2), jnp.sum(cut.depth[:, None] * parts, axis=-2)
        level = product(cut.between.sums, whole) + product(cut.between.moments, moment)
        slope = product(cut.between.slopes, whole)
        total = total + level[..., None, :] + cut.depth[:, None] * slope[..., None, :]
    return total.reshape(*G.shape[:-2], -1, lines)[..., :count, :] + rest * cut.full[:, None]


def _places(index: Array, size: Array) -> tuple[Array, Array]:
    """Array of each device, and its place there."""
    # half a device from the edges, where a quotient may be rounded to either side
    tile = jnp.floor((index + 0.5) / size)
    return tile, index - tile * size


def _pairs(values: Array, rule: Callable[[Array, Array], Array], tile: Array) -> Array:
    """A rule for every pair of one array, 0 for others."""
    return jnp.where(tile[:, None] == tile, rule(values[:, None], values), 0)


def _cut(count: int, size: Array, chunk: int, to_ground: bool) -> Cut:
    dtype, chunks = size.dtype, -(-count // chunk)

    def depths(index: Array, within: Array) -> tuple[Array, Array]:
        tile, place = _places(index, within)
        return tile, within - place if to_ground else place + 1

    _, every = depths(jnp.arange(count, dtype=dtype), size)
    # d devices at their own depth and nearer, the others through all of its segments
    full = every * size - every * (every - 1) / 2
    index = jnp.arange(chunk, dtype=dtype)
    tile, inner = depths(index, size if chunks == 1 else jnp.minimum(size, chunk))
    inside = _pairs(inner, jnp.minimum, tile)
    depth = chunk - index if to_ground else index + 1
    if chunks == 1:
        return Cut(inside, None, full, depth)
    wide = jnp.maximum(size, chunk)
    tile, place = _places(chunk * jnp.arange(chunks, dtype=dtype), wide)
    # segments between a chunk's own end and that of its line
    base = wide - place - chunk if to_ground else place
    sums, moments, slopes = (_pairs(base, rule, tile).astype(dtype) for rule in (jnp.minimum, jnp.greater, jnp.less))
    return Cut(inside, Between(sums, moments, slopes), full, depth)
