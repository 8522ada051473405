"""The exact read of a crossbar: column sums of every tile of rows, each through its own converter, added up.

A tile's sums are accumulated block by block and converted once, for a piece of the batch at a time: what is accumulated stays in a
core's cache, and sums of all tiles never exist at once. The gradient computes them again instead of storing them, so that it keeps
inputs and weights alone. The number of rows is a run-time value that sets how often the loops run: every array size shares one trace.
"""

import functools
from typing import Any, Final, NamedTuple

import jax
import jax.numpy as jnp
from jax.custom_derivatives import CustomVJPPrimal, SymbolicZero
from jaxtyping import Array, Bool, Float, Int, Key

from codesign.analog.arrays.readout import clip_and_round
from codesign.numerics import safe_root
from codesign.products.pieces import on_backend, pieces

# measured (docs/benchmarks.md): wider blocks waste the most on arrays of few rows, and gain 10 to 20 % on those of many
BLOCK: Final = 16  # rows of a tile that one product takes
SUMS_AT_ONCE: Final = {"cpu": 2**15, "elsewhere": 2**26}  # sums of one tile


class Cells(NamedTuple):
    """What devices hold, and what follows from it: their columns' sums.

    Attributes:
        weights: effective weights.
        variance: of one reading of each weight; None without noise from reading to reading.
    """

    weights: Float[Array, "fan_in outputs"]
    variance: Float[Array, "fan_in outputs"] | None


class Range(NamedTuple):
    """What a converter can read, and what it errs by.

    Attributes:
        most, step: see `codesign.analog.arrays.readout.clip_and_round`.
        noise: standard deviation of a conversion, in steps; None for none.
        offset: of the converter of a tile that begins at this row, in steps; None for none.
    """

    most: Float[Array, ""]
    step: Float[Array, ""]
    noise: Float[Array, ""] | None = None
    offset: Float[Array, "fan_in outputs"] | None = None


class _Tile(NamedTuple):
    """Rows from `start` to before `stop`."""

    start: Int[Array, ""]
    stop: Int[Array, ""]

    @property
    def blocks(self) -> Int[Array, ""]:
        return -(-(self.stop - self.start) // BLOCK)

    def block(self, index: Int[Array, ""], fan_in: int) -> tuple[Int[Array, ""], Bool[Array, "width 1"]]:
        """Where a slice of constant width begins, and which of its rows are the block's."""
        first, width = self.start + index * BLOCK, min(BLOCK, fan_in)
        # the last slice of a layer reaches back into the block before
        at = jnp.minimum(first, fan_in - width)
        row = at + jnp.arange(width)
        return at, ((row >= first) & (row < self.stop))[:, None]


@functools.partial(jax.custom_vjp, nondiff_argnums=(5,))
def read_tiles(
    x: Float[Array, "batch fan_in"], cells: Cells, converter: Range, rows: Float[Array, ""], key: Key[Array, ""], signed: bool
) -> Float[Array, "batch outputs"]:
    """Sum over the tiles of what their converters read.

    Args:
        x: inputs.
        cells: what the devices hold.
        converter: of every tile and output.
        rows: of a tile, a whole number; nothing but the converters' range has a gradient by it.
        key: noise of this reading, drawn for every input, tile and output.
        signed: whether sums have both signs.
    """

    def piece(numbered: tuple[Array, Array]) -> Array:
        inputs, own = numbered[1], jax.random.fold_in(key, numbered[0])

        def tile(index: Array, total: Array) -> Array:
            sums = _sums(inputs, cells, _tile(index, rows, inputs.shape[1]))
            return total + _converted(sums, converter, index * _whole(rows), jax.random.fold_in(own, index), signed)

        start = jnp.zeros((inputs.shape[0], cells.weights.shape[1]), x.dtype)
        return jax.lax.fori_loop(0, _count(inputs.shape[1], rows), tile, start)

    parts = _split(x, cells)
    read = jax.lax.map(piece, (jnp.arange(len(parts)), parts))
    return read.reshape(-1, read.shape[-1])[: x.shape[0]]


def _split(x: Array, cells: Cells) -> Array:
    return pieces(x, on_backend(SUMS_AT_ONCE) // cells.weights.shape[1])


def _count(fan_in: int, rows: Array) -> Int[Array, ""]:
    return -(-fan_in // _whole(rows))


def _whole(rows: Array) -> Int[Array, ""]:
    # a row count that comes out of an exponential may be a rounding off
    return jnp.round(rows).astype(jnp.int32)


def _tile(index: Int[Array, ""], rows: Array, fan_in: int) -> _Tile:
    start = index * _whole(rows)
    return _Tile(start, jnp.minimum(start + _whole(rows), fan_in))


def _sums(x: Float[Array, "batch fan_in"], cells: Cells, tile: _Tile) -> Cells:
    """Column sums of one tile, and their variances."""

    def add(index: Array, sums: Cells) -> Cells:
        at, own = tile.block(index, x.shape[1])
        return jax.tree.map(jnp.add, sums, _products(*_block(x, cells, at, own)))

    start = jax.tree.map(lambda matrix: jnp.zeros((x.shape[0], matrix.shape[1]), x.dtype), cells)
    return jax.lax.fori_loop(0, tile.blocks, add, start)


def _block(x: Array, cells: Cells, at: Array, own: Array) -> tuple[Float[Array, "batch width"], Cells]:
    width = own.shape[0]

    def masked(matrix: Array) -> Array:
        return jnp.where(own, jax.lax.dynamic_slice_in_dim(matrix, at, width), 0)

    # the smaller one is masked: what inputs outside meet is zero
    return jax.lax.dynamic_slice_in_dim(x, at, width, 1), jax.tree.map(masked, cells)


def _products(x: Float[Array, "batch width"], cells: Cells) -> Cells:
    # currents add, so one draw per sum with the added variance is that of reading every device
    return Cells(x @ cells.weights, None if cells.variance is None else x**2 @ cells.variance)


def _converted(sums: Cells, converter: Range, start: Array, key: Array, signed: bool) -> Float[Array, "batch outputs"]:
    noisy, variance = sums.weights, sums.variance
    if converter.noise is not None:
        # devices and converters know nothing of each other: variances add, and one draw serves both
        variance = (converter.noise * converter.step) ** 2 + (0 if variance is None else variance)
    # in front of the converters, which clip and round the noise with the signal
    if variance is not None:
        noisy = noisy + safe_root(variance) * jax.random.normal(key, noisy.shape, noisy.dtype)
    if converter.offset is not None:
        noisy = noisy + converter.step * jax.lax.dynamic_index_in_dim(converter.offset, start, keepdims=False)
    return clip_and_round(noisy, converter.most, converter.step, signed)


def _forward(x: Any, cells: Any, converter: Any, rows: Any, key: Any, signed: bool) -> tuple[Array, Any]:
    arguments = (x, cells, converter, rows, key)
    values = jax.tree.map(lambda one: one.value, arguments, is_leaf=lambda one: isinstance(one, CustomVJPPrimal))
    # a structure, since no flag passes to the other rule: nobody asks for the gradient of the first layer's input
    return read_tiles(*values, signed), (values, () if x.perturbed else None)


def _backward(signed: bool, held: Any, gradient: Array | SymbolicZero) -> tuple[Any, ...]:
    (x, cells, converter, rows, key), asked = held
    if isinstance(gradient, SymbolicZero):
        return None, None, None, None, None

    def piece(total: tuple[Cells, Range], numbered: tuple[Array, Array, Array]) -> tuple[tuple[Cells, Range], Array | None]:
        number, inputs, of_outputs = numbered
        own = jax.random.fold_in(key, number)

        def tile(index: Array, carry: tuple[Array | None, Cells, Range]) -> tuple[Array | None, Cells, Range]:
            of_x, of_cells, of_converter = carry
            here, draw = _tile(index, rows, inputs.shape[1]), jax.random.fold_in(own, index)
            sums = _sums(inputs, cells, here)
            read = functools.partial(_converted, start=here.start, key=draw, signed=signed)
            of_sums, more = jax.vjp(read, sums, converter)[1](of_outputs)
            return *_added(of_x, of_cells, inputs, cells, here, of_sums), jax.tree.map(jnp.add, of_converter, more)

        start = (None if asked is None else jnp.zeros_like(inputs), *total)
        of_x, *total_now = jax.lax.fori_loop(0, _count(inputs.shape[1], rows), tile, start)
        return (total_now[0], total_now[1]), of_x

    parts = _split(x, cells)
    gradients = _split(gradient, cells)
    start = jax.tree.map(jnp.zeros_like, (cells, converter))
    (of_cells, of_converter), of_x = jax.lax.scan(piece, start, (jnp.arange(len(parts)), parts, gradients))
    return None if of_x is None else of_x.reshape(-1, x.shape[1])[: x.shape[0]], of_cells, of_converter, None, None


def _added(
    of_x: Array | None, of_cells: Cells, x: Array, cells: Cells, tile: _Tile, of_sums: Cells
) -> tuple[Float[Array, "batch fan_in"] | None, Cells]:
    """Gradients of inputs and cells with those of one tile's sums added."""

    def add(index: Array, carry: tuple[Array | None, Cells]) -> tuple[Array | None, Cells]:
        of_x, of_cells = carry
        at, own = tile.block(index, x.shape[1])
        more_x, more = jax.vjp(_products, *_block(x, cells, at, own))[1](of_sums)

        def added(total: Array, more: Array, axis: int) -> Array:
            now = jax.lax.dynamic_slice_in_dim(total, at, own.shape[0], axis)
            return jax.lax.dynamic_update_slice_in_dim(total, now + more, at, axis)

        of_cells = jax.tree.map(lambda total, more: added(total, jnp.where(own, more, 0), 0), of_cells, more)
        return None if of_x is None else added(of_x, more_x, 1), of_cells

    return jax.lax.fori_loop(0, tile.blocks, add, (of_x, of_cells))


# symbolic zeros tell whether anybody differentiates the inputs
read_tiles.defvjp(_forward, _backward, symbolic_zeros=True)
