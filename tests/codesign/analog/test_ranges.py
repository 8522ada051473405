"""Conductances stay between the device's ends, and what converters read within their full scale."""

import jax
import jax.numpy as jnp
import numpy as np

from codesign.analog.arrays.readout import convert
from codesign.analog.device.device import Device, quantise
from codesign.analog.device.noise import NoNoise
from codesign.analog.device.time import NoDrift, NoReadNoise

RNG = np.random.default_rng(0)


def test_levels_lie_between_the_ends_of_the_range() -> None:
    @jax.jit
    def levels(low: jax.Array, high: jax.Array, count: jax.Array, share: jax.Array) -> tuple[jax.Array, Device]:
        device = Device(low, high, count, 0.1, 1e-8, NoNoise(), NoDrift(), NoReadNoise())
        return quantise(device, device.g_min + (device.g_max - device.g_min) * share), device

    share = jnp.asarray([0, 1, *RNG.uniform(-0.1, 1.1, 200)], jnp.float32)
    for on in np.exp(RNG.uniform(7, 14, 40)):
        for off, count in ((3 * on, np.inf), (50 * on, np.inf), (7 * on, 16), (1.3 * on, 5.5)):
            found, device = levels(jnp.float32(on), jnp.float32(off), jnp.float32(count), share)
            assert bool(jnp.all((found >= device.g_min) & (found <= device.g_max))), (on, off, count)


def test_the_slope_passes_to_conductances_levels_and_ends() -> None:
    def found(high: jax.Array, count: jax.Array, G: jax.Array) -> jax.Array:
        return quantise(Device(1e4, high, count, 0.1, 1e-8, NoNoise(), NoDrift(), NoReadNoise()), G)

    slopes = jax.jit(jax.grad(found, argnums=(0, 1, 2)))(jnp.float32(1e6), jnp.float32(4.5), jnp.float32(3.1e-5))
    assert all(float(slope) != 0 for slope in slopes)
    np.testing.assert_allclose(slopes[2], 1, rtol=1e-5)


def test_converters_read_within_their_full_scale() -> None:
    sums, scales, bits = (
        jnp.asarray(x, jnp.float32) for x in (30 * RNG.normal(size=5000), RNG.uniform(1, 9, 5000), RNG.uniform(1, 9, 5000))
    )
    assert bool(jnp.all(jnp.abs(jax.jit(jax.vmap(convert))(sums, scales, bits)) <= scales))
