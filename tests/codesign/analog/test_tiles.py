"""The exact read in loops over blocks, tiles and pieces, against a plain loop over tiles that stores everything."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.analog.arrays import tiles
from codesign.analog.arrays.array import AbstractArray
from codesign.analog.arrays.mapping import AbstractWhole, DifferentialPair, OffsetColumn
from codesign.analog.arrays.physics import CrossbarPhysics
from codesign.analog.arrays.readout import clip_and_round
from codesign.analog.arrays.searched import TiledCrossbar
from codesign.analog.arrays.tiles import Cells, Range, read_tiles
from codesign.analog.device.catalogue import generic
from codesign.analog.device.noise import leaf
from codesign.products import pieces
from codesign.products.unfold import unfold
from codesign.workloads.workload import conv
from tests.codesign.analog.test_noise import Fresh, noisy


def naive(x: jax.Array, cells: Cells, converter: Range, rows: int, key: jax.Array, signed: bool) -> jax.Array:
    """One product, draw and conversion a tile; the draws of a batch that is read in one piece."""
    total = jnp.zeros((), x.dtype)
    for tile, start in enumerate(range(0, x.shape[1], rows)):
        sums = x[:, start : start + rows] @ cells.weights[start : start + rows]
        if cells.variance is not None:
            variance = x[:, start : start + rows] ** 2 @ cells.variance[start : start + rows]
            # one draw for devices and converter
            variance = variance + (0 if converter.noise is None else (converter.noise * converter.step) ** 2)
            draw = jax.random.fold_in(jax.random.fold_in(key, 0), tile)
            sums = sums + jnp.sqrt(variance) * jax.random.normal(draw, sums.shape, sums.dtype)
        if converter.offset is not None:
            sums = sums + converter.step * converter.offset[start]
        total = total + clip_and_round(sums, converter.most, converter.step, signed)
    return total


def drawn(noise: bool, dtype: jnp.dtype = jnp.float32) -> tuple[jax.Array, Cells, Range]:
    """A batch of 37, 100 inputs, 7 outputs; a tenth of the sums of 32 rows is beyond the converters."""
    draw = np.random.default_rng(0)
    # some input in every tile, as the plain root has no slope at 0
    x = jnp.asarray(draw.uniform(0.1 if noise else -1, 1, size=(37, 100)), dtype)
    w = jnp.asarray(draw.normal(0, 0.1, (100, 7)), dtype)
    # unequal shares of full steps: sums lie far from the edges of rounding
    errors = (jnp.asarray(0.7, dtype), jnp.asarray(draw.normal(0, 2, w.shape), dtype)) if noise else (None, None)
    return x, Cells(w, 0.01 + 0.1 * w**2 if noise else None), Range(jnp.asarray(0.5, dtype), jnp.asarray(0.0173, dtype), *errors)


def gradients(read: Callable[..., jax.Array], x: jax.Array, cells: Cells, converter: Range) -> tuple[jax.Array, ...]:
    weight = jnp.asarray(np.random.default_rng(1).normal(size=(x.shape[0], cells.weights.shape[1])), x.dtype)
    return jax.jit(jax.grad(lambda *given: jnp.sum(weight * read(*given)), argnums=(0, 1, 2)))(x, cells, converter)


@pytest.fixture(params=["one piece", "pieces"])
def sizes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "pieces":
        # 10 rows of the batch at once: neither divides the other
        monkeypatch.setattr(tiles, "SUMS_AT_ONCE", {"cpu": 70, "elsewhere": 70})
        monkeypatch.setattr(pieces, "PATCHES_AT_ONCE", {"cpu": 1000, "elsewhere": 1000})
    return request.param


@pytest.mark.parametrize(("rows", "signed"), [(17, True), (32, False), (128, True)])
def test_it_reads_and_slopes_as_a_loop_over_tiles(rows: int, signed: bool, sizes: str) -> None:
    """Double precision, where sums of another order hardly ever fall on the other side of a rounding edge; any number of rows."""
    with jax.enable_x64(True):
        given = drawn(noise=sizes == "one piece", dtype=jnp.float64)

        def ours(*given: Any) -> jax.Array:
            return read_tiles(*given, jnp.asarray(rows, jnp.float64), jax.random.key(3), signed)

        def theirs(*given: Any) -> jax.Array:
            return naive(*given, rows, jax.random.key(3), signed)

        np.testing.assert_allclose(jax.jit(ours)(*given), jax.jit(theirs)(*given), rtol=1e-12, atol=1e-12)
        ours_slopes, their_slopes = gradients(ours, *given), gradients(theirs, *given)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12), ours_slopes, their_slopes)


def test_weights_have_the_same_slope_where_nobody_asks_for_the_inputs() -> None:
    x, cells, converter = drawn(noise=False)

    @jax.jit
    def both() -> tuple[jax.Array, jax.Array]:
        def total(x: jax.Array, w: jax.Array) -> jax.Array:
            return jnp.sum(read_tiles(x, Cells(w, None), converter, jnp.float32(32), jax.random.key(3), True) ** 2)

        return jax.grad(total, argnums=1)(x, cells.weights), jax.grad(total, argnums=(0, 1))(x, cells.weights)[1]

    np.testing.assert_array_equal(*both())


def test_every_input_tile_and_output_has_noise_of_its_own(sizes: str) -> None:
    """Catches one draw used in two pieces, tiles, or maps: all readings of one and the same input differ."""
    array, x = crossbar(DifferentialPair(), noise=True), jnp.ones((9, 4, 4, 3))
    geometry = conv("conv", 3, 5, 4, kernel=1)
    held = array.program(jnp.zeros((3, 5)), jnp.float32(1), jax.random.key(3))
    read = jax.jit(lambda: array.read_map(x, held, jnp.float32(0.05), jax.random.key(4), geometry))()
    assert len(np.unique(read)) > 0.98 * read.size  # rounded, so a few may fall together


def crossbar(mapping: AbstractWhole, noise: bool = False) -> TiledCrossbar:
    device = noisy() if noise else generic()
    physics = CrossbarPhysics(jnp.float32(16), jnp.float32(64), device, mapping=mapping, ageing=Fresh() if noise else None)
    return TiledCrossbar(physics, leaf(20.0))


@pytest.mark.parametrize("mapping", [DifferentialPair(), OffsetColumn()])
def test_maps_are_read_as_their_patches(mapping: AbstractWhole, sizes: str) -> None:
    """Values and gradients, the digital correction of offset columns included; 11 maps are no whole number of pieces."""
    array, geometry = crossbar(mapping), conv("conv", 3, 5, 8, kernel=3, stride=2)
    draw = np.random.default_rng(0)
    x = jnp.asarray(draw.uniform(size=(11, 8, 8, 3)), jnp.float32)
    w = jnp.asarray(np.clip(draw.normal(0, 0.3, (27, 5)), -1, 1), jnp.float32)

    def total(read: Callable[..., jax.Array], x: jax.Array, w: jax.Array) -> tuple[jax.Array, jax.Array]:
        output = read(x, array.program(w, jnp.float32(1), jax.random.key(3)), jnp.float32(0.2), jax.random.key(1), geometry)
        return jnp.sum(jnp.sin(output)), output

    def found(read: Callable[..., jax.Array]) -> tuple[jax.Array, ...]:
        return jax.jit(jax.grad(functools.partial(total, read), argnums=(0, 1), has_aux=True))(x, w)

    # the interface's own form makes all patches
    expected = found(functools.partial(AbstractArray.read_map, array))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=2e-3), found(array.read_map), expected)


def test_the_gradient_keeps_neither_patches_nor_sums_of_tiles() -> None:
    """What fine-tuning holds at once, by XLA's analysis: less than the patches alone."""
    geometry = conv("conv", 32, 32, 16, kernel=3)
    array = crossbar(DifferentialPair())
    x, w = jnp.ones((256, 16, 16, 32)), jnp.ones((geometry.fan_in, 32))

    def total(x: jax.Array, w: jax.Array) -> jax.Array:
        return jnp.sum(
            array.read_map(x, array.program(w, jnp.float32(1), jax.random.key(3)), jnp.float32(1), jax.random.key(4), geometry) ** 2
        )

    analysis = jax.jit(jax.grad(total, argnums=(0, 1))).lower(x, w).compile().memory_analysis()
    assert analysis.temp_size_in_bytes < 0.5 * jax.eval_shape(lambda x: unfold(x, geometry), x).size * 4
