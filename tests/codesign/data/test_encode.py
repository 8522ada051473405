import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.data.encoders import encode

VALUES = np.asarray([[0.0, 0.1, 0.25], [0.5, 0.9, 1.0]], np.float32)

rate, latency = (jax.jit(law, static_argnums=1) for law in (encode.rate, encode.latency))
phase = jax.jit(encode.phase, static_argnums=(1, 2))
level_crossing, reconstruct = jax.jit(encode.level_crossing), jax.jit(encode.reconstruct)


def test_direct_repeats_the_values():
    np.testing.assert_array_equal(encode.direct(VALUES, 5), np.stack([VALUES] * 5))


def test_rate_has_the_expected_mean_and_variance():
    steps = 20_000
    spikes = np.asarray(rate(VALUES, steps, jax.random.key(0)))
    assert set(np.unique(spikes)) == {0.0, 1.0}
    error = 5 * np.sqrt(VALUES * (1 - VALUES) / steps)
    assert (np.abs(spikes.mean(0) - VALUES) <= error).all()
    first, second = spikes[: steps // 2, 1, 0] - 0.5, spikes[steps // 2 :, 1, 0] - 0.5
    assert abs(np.mean(first * second)) < 5 * 0.25 / np.sqrt(steps / 2)


def test_rate_passes_the_gradient_of_the_mean_count():
    gradient = jax.jit(jax.grad(lambda values: encode.rate(values, 7, jax.random.key(1)).sum()))(VALUES)
    np.testing.assert_allclose(gradient, 7.0)


@pytest.mark.parametrize("steps", [1, 2, 5, 16])
def test_latency_spikes_once_and_gives_the_value_back(steps):
    values = np.linspace(0, 1, 101, dtype=np.float32)
    spikes = np.asarray(latency(values, steps))
    np.testing.assert_array_equal(spikes.sum(0), 1)
    when = np.argmax(spikes, axis=0)
    assert (np.diff(when) <= 0).all()
    assert (when[0], when[-1]) == (steps - 1, 0)
    if steps > 1:
        assert np.abs(1 - when / (steps - 1) - values).max() <= 0.5 / (steps - 1) + 1e-6


def test_latency_leaves_small_values_silent():
    spikes = latency(VALUES, 4, silent_below=0.2)
    np.testing.assert_array_equal(np.sum(spikes, axis=0), [[0, 0, 1], [1, 1, 1]])


@pytest.mark.parametrize("period", [1, 4, 8])
def test_phase_weights_sum_and_digits_round_down(period):
    weights = np.asarray(encode.phase_weights(3 * period, period))
    assert weights[:period].sum() == pytest.approx(1 - 2.0**-period, rel=1e-6)
    # whole digits, so that nothing is about to round
    values = np.arange(257, dtype=np.float32) / 256
    spikes = np.asarray(phase(values, 3 * period, period))
    assert set(np.unique(spikes)) <= {0.0, 1.0}
    for repeat in range(3):
        part = slice(repeat * period, (repeat + 1) * period)
        rounded = np.tensordot(weights[part], spikes[part], 1)
        np.testing.assert_allclose(rounded, np.minimum(np.floor(values * 2**period) / 2**period, 1 - 2.0**-period), rtol=1e-6)


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 2**16), spacing=st.floats(0.05, 2.0))
def test_level_crossing_reconstructs_within_the_spacing(seed, spacing):
    signal = np.random.default_rng(seed).normal(size=(40, 3)).cumsum(0).astype(np.float32)
    events = np.asarray(level_crossing(signal, spacing))
    np.testing.assert_array_equal(events, np.round(events))
    assert (np.minimum(events[..., 0], events[..., 1]) == 0).all()
    error = np.abs(reconstruct(events, spacing, signal[0]) - signal)
    assert error.max() <= spacing * (1 + 1e-4)
    assert error[0].max() == 0


def test_level_crossing_with_a_ceiling_catches_up():
    signal = np.asarray([0.0, 3.2, 3.2, 3.2, 3.2], np.float32)[:, None]
    events = level_crossing(signal, 1.0, ceiling=1.0)
    np.testing.assert_array_equal(events[:, 0, 1], [0, 1, 1, 1, 0])
    np.testing.assert_array_equal(events[:, 0, 0], 0)


def test_falls_are_off_events():
    events = level_crossing(np.asarray([2.2, 0.0], np.float32)[:, None], 0.5)
    np.testing.assert_array_equal(events[1, 0], [4, 0])


@pytest.mark.parametrize("name", sorted(encode.ENCODERS))
def test_every_encoder_keeps_dtype_and_shape_in_float64_too(name):
    def shape(values):
        return jax.eval_shape(lambda v: encode.encode(name, v, 4, jax.random.key(0)), values)

    assert shape(VALUES).dtype == jnp.float32
    with jax.enable_x64():
        wide = shape(VALUES.astype(np.float64))
        assert (wide.dtype, wide.shape) == (jnp.float64, (4, 2, 3))


def test_unknown_encoder_gives_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'latency'"):
        encode.encode("latancy", VALUES, 4, jax.random.key(0))
    with pytest.raises(ValueError, match="at least 1"):
        encode.encode("rate", VALUES, 0, jax.random.key(0))
