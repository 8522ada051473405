"""The two forms of a crossbar's read-out: tiles are exact, the statistical form agrees with them."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.analog.arrays.array import analog_matmul
from codesign.analog.arrays.physics import CrossbarPhysics
from codesign.analog.arrays.readout import clip_and_round, convert, converter_range, converter_step, statistical_read
from codesign.analog.arrays.searched import StatisticalCrossbar, TiledCrossbar
from codesign.analog.arrays.tiles import Cells, Range, read_tiles
from codesign.analog.device.catalogue import generic
from codesign.evaluation.arithmetic import slicing_factor
from codesign.numerics import straight_through

DRAW = np.random.default_rng(0)
X = (DRAW.uniform(size=(40, 100)) < 0.3).astype(np.float32)
W = DRAW.normal(0, 0.1, (100, 7)).astype(np.float32)

product = eqx.filter_jit(analog_matmul)


def spikes(shape: tuple[int, int], rate: float) -> np.ndarray:
    return (np.random.default_rng(0).uniform(size=shape) < rate).astype(np.float32)


def codes(shape: tuple[int, int], top: int) -> np.ndarray:
    """Integer weights within +-`top`, whose clipped normal distribution trained weights have."""
    return np.round(top * np.clip(np.random.default_rng(1).normal(0, 0.4, shape), -1, 1)).astype(np.float32)


@functools.partial(jax.jit, static_argnames="signed")
def tiled_read(
    x: jax.Array, w: jax.Array, rows: jax.Array, bits: jax.Array, full_scale: jax.Array, share: jax.Array | float = 1.0, signed: bool = True
) -> jax.Array:
    converter = Range(*converter_range(full_scale, bits, share, signed=signed))
    return read_tiles(x, Cells(w, None), converter, rows, jax.random.key(0), signed)


compiled_slicing_factor = jax.jit(slicing_factor)


def naive(x: np.ndarray, w: np.ndarray, rows: int, bits: int, full_scale: float) -> np.ndarray:
    """Tile by tile, in a loop."""
    step = 2 * full_scale / (2**bits - 1)
    total = np.zeros((x.shape[0], w.shape[1]))
    for start in range(0, x.shape[1], rows):
        codes = np.round(x[:, start : start + rows] @ w[start : start + rows] / step)
        total += np.clip(codes, -(2 ** (bits - 1)) + 1, 2 ** (bits - 1) - 1) * step
    return total


@pytest.mark.parametrize("rows", [16, 32, 64, 128, 256])
@pytest.mark.parametrize("bits", [3, 8])
def test_tiles_equal_a_loop_over_arrays(rows: int, bits: int) -> None:
    read = tiled_read(X, W, jnp.float32(rows), jnp.float32(bits), jnp.float32(1.1))
    expected = naive(np.asarray(X, np.float64), np.asarray(W, np.float64), rows, bits, 1.1)
    step = float(converter_step(jnp.float32(1.1), jnp.float32(bits)))
    # float32 sums may fall on the other side of a rounding edge, rarely
    assert np.mean(np.abs(np.asarray(read) - expected) > 1e-4) < 0.01
    assert np.max(np.abs(np.asarray(read) - expected)) < 1.01 * step


def test_all_array_sizes_share_one_trace() -> None:
    traces = 0

    @jax.jit
    def read(rows: jax.Array, bits: jax.Array) -> jax.Array:
        nonlocal traces
        traces += 1
        return tiled_read(X, W, rows, bits, jnp.float32(1))

    for rows in (16.0, 64.0, 256.0):
        read(jnp.float32(rows), jnp.float32(5))
    assert traces == 1


@pytest.mark.parametrize("rows", [16.0, 32.0, 64.0])
def test_the_statistical_form_errs_as_much_as_the_tiles(rows: float) -> None:
    """The rounding errors of both forms have the same root mean square, within a quarter."""
    physics = CrossbarPhysics(jnp.float32(rows), jnp.float32(64), generic())
    share = jnp.float32(2.0 / rows)  # a full scale of 2, above every partial sum: rounding alone
    ideal = X @ W
    tiled = product(X, W, TiledCrossbar(physics, jnp.float32(6)), jax.random.key(2), 1.0, share) - ideal
    soft = product(X, W, StatisticalCrossbar(physics, jnp.float32(6)), jax.random.key(2), 1.0, share) - ideal
    ratio = np.sqrt(np.mean(np.square(soft)) / np.mean(np.square(tiled)))
    assert 0.75 < ratio < 1.3


@jax.jit
def relative_error(x: jax.Array, w: jax.Array, rows: jax.Array, bits: jax.Array, full_scale: jax.Array) -> jax.Array:
    """Root mean square error of the statistical form over that of the tiles."""
    ideal = x @ w
    tiled = tiled_read(x, w, rows, bits, full_scale) - ideal
    soft = statistical_read(ideal, x.shape[1] / rows, bits, full_scale) - ideal
    return jnp.sqrt(jnp.mean(soft**2) / jnp.mean(tiled**2))


@pytest.mark.parametrize("fan_in", [64, 1024])
@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_gap_between_the_forms_over_sizes_bits_and_sparsity(fan_in: int, rate: float) -> None:
    """The table in docs/analog.md: full scales of two and four standard deviations of a tile's sum, four-bit weights."""
    w, x = codes((fan_in, 32), 7) / 7, spikes((256, fan_in), rate)
    found: dict[float, list[float]] = {2.0: [], 4.0: []}
    for rows in [r for r in (16, 32, 64, 128, 256) if r <= fan_in]:
        spread = np.std(x[:, :rows] @ w[:rows])
        for cover, ratios in found.items():
            ratios += [float(relative_error(x, w, jnp.float32(rows), jnp.float32(b), cover * spread)) for b in (3, 4, 6)]
    for cover, low, high in ((2.0, 0.55, 1.15), (4.0, 0.35, 1.35)):
        assert min(found[cover]) > low
        assert max(found[cover]) < high
    assert 0.9 < np.median(found[4.0]) < 1.1
    assert 0.75 < np.median(found[2.0]) < 1.1


@pytest.mark.parametrize(("weight_bits", "cell_bits"), [(5, 1), (5, 2), (7, 3), (8, 1)])
@pytest.mark.parametrize("adc_bits", [4, 6])
def test_one_converter_for_a_weight_errs_as_one_for_each_of_its_slices(weight_bits: int, cell_bits: int, adc_bits: int) -> None:
    magnitude_bits, base = weight_bits - 1, 2**cell_bits
    top = 2**magnitude_bits - 1
    x, code = spikes((512, 256), 0.2), codes((256, 32), top)
    rows, bits, full_scale = jnp.float32(64), jnp.float32(adc_bits), jnp.float32(0.3 * 64)
    sliced = np.zeros(())
    for place in range(magnitude_bits // cell_bits):
        digits = np.sign(code) * np.mod(np.floor(np.abs(code) / base**place), base) / (base - 1)
        sliced = sliced + np.asarray(tiled_read(x, digits, rows, bits, full_scale)) * base**place * (base - 1) / top
    share = compiled_slicing_factor(np.asarray([weight_bits], np.float32), jnp.float32(cell_bits))[0]
    shared = tiled_read(x, code / top, rows, bits, full_scale, share)
    ideal = x @ (code / top)
    assert np.std(shared - ideal) == pytest.approx(np.std(sliced - ideal), rel=0.08)


def test_clipping_gradient_goes_to_the_full_scale() -> None:
    bits = jnp.float32(8)
    value, slope = jax.jit(jax.value_and_grad(lambda f: convert(jnp.asarray(5.0), f, bits)))(jnp.float32(2))
    assert float(value) == pytest.approx(2, rel=0.01)
    assert float(slope) == pytest.approx(1, rel=0.01)


def test_zero_current_reads_zero() -> None:
    assert float(convert(jnp.asarray(0.0), jnp.float32(1), jnp.float32(3))) == 0


def test_an_unsigned_converter_is_as_wide_and_reads_zero_as_zero() -> None:
    x, full_scale, bits = jnp.asarray([-1.0, 0, 1.0, 3.9, 9.0]), jnp.float32(2), jnp.float32(6)
    read = jax.jit(lambda x: convert(x, full_scale, bits, signed=False))(x)
    step = float(converter_step(full_scale, bits))
    np.testing.assert_allclose(read, [0, 0, round(1 / step) * step, round(3.9 / step) * step, 4], atol=1e-6)
    assert float(jax.grad(lambda f: convert(x[-1], f, bits, signed=False))(full_scale)) == pytest.approx(2, rel=0.01)


@pytest.mark.parametrize("cover", [0.7, 1.5])
def test_a_common_mode_uses_up_the_same_share_of_the_range_in_both_forms(cover: float) -> None:
    """Offset columns in tiles against their equivalent converter: with room above the common mode, and half clipped."""
    w, x = jnp.asarray(codes((512, 32), 7) / 7), jnp.asarray(spikes((256, 512), 0.3))
    rows, bits = jnp.float32(64), jnp.float32(6)
    full_scale = jnp.float32(cover * 64 * 0.3 / 2 * 1.2)

    @jax.jit
    def errors() -> tuple[jax.Array, jax.Array]:
        common = jnp.sum(x, axis=1, keepdims=True)
        tiled = tiled_read(x, w + 1, rows, bits, full_scale, signed=False) - common
        soft = statistical_read(x @ (w + 1), 512 / rows, bits, full_scale, common=common)
        return soft - x @ w, tiled - x @ w

    soft, tiled = errors()
    assert np.sqrt(np.mean(soft**2) / np.mean(tiled**2)) == pytest.approx(1, abs=0.25)


def test_the_converters_derivative_is_that_of_its_parts() -> None:
    """Straight through inside, to the full scale outside, the rounding error to the step; in both modes, for many chips at once."""

    def composed(x: jax.Array, most: jax.Array, step: jax.Array) -> jax.Array:
        level = jnp.clip(x, -most, most) / step
        return straight_through(jnp.round(level), level) * step

    x, weight = jnp.asarray(np.random.default_rng(0).normal(size=(2, 64, 7)), jnp.float32)
    most, step = jnp.asarray([1.1, 2.0]), jnp.asarray([0.13, 0.4])

    @functools.partial(jax.jit, static_argnums=0)
    def gradients(read):
        def total(x: jax.Array, most: jax.Array, step: jax.Array) -> jax.Array:
            return jnp.sum(read(x, most, step) * weight)

        reverse = jax.vmap(jax.grad(total, argnums=(0, 1, 2)), in_axes=(None, 0, 0))(x, most, step)
        forward = jax.vmap(jax.jacfwd(total, argnums=(1, 2)), in_axes=(None, 0, 0))(x, most, step)
        return reverse, forward

    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3), gradients(clip_and_round), gradients(composed))
