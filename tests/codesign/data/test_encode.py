import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.data.encoders import encode

VALUES = jnp.asarray([[0.0, 0.1, 0.25], [0.5, 0.9, 1.0]], jnp.float32)


def test_direct_repeats_the_values():
    np.testing.assert_array_equal(encode.direct(VALUES, 5), np.stack([VALUES] * 5))


def test_rate_has_the_expected_mean_and_variance():
    steps = 20_000
    spikes = encode.rate(VALUES, steps, jax.random.key(0))
    assert set(np.unique(spikes)) == {0.0, 1.0}
    error = 5 * np.sqrt(VALUES * (1 - VALUES) / steps)
    assert (np.abs(spikes.mean(0) - VALUES) <= error).all()
    first, second = spikes[: steps // 2, 1, 0] - 0.5, spikes[steps // 2 :, 1, 0] - 0.5
    assert abs(float(jnp.mean(first * second))) < 5 * 0.25 / np.sqrt(steps / 2)


def test_rate_passes_the_gradient_of_the_mean_count():
    gradient = jax.grad(lambda values: encode.rate(values, 7, jax.random.key(1)).sum())(VALUES)
    np.testing.assert_allclose(gradient, 7.0)


@pytest.mark.parametrize("steps", [1, 2, 5, 16])
def test_latency_spikes_once_and_gives_the_value_back(steps):
    values = jnp.linspace(0, 1, 101, dtype=jnp.float32)
    spikes = encode.latency(values, steps)
    np.testing.assert_array_equal(spikes.sum(0), 1)
    when = np.argmax(spikes, axis=0)
    assert (np.diff(when) <= 0).all()
    assert (when[0], when[-1]) == (steps - 1, 0)
    if steps > 1:
        assert np.abs(1 - when / (steps - 1) - values).max() <= 0.5 / (steps - 1) + 1e-6


def test_latency_leaves_small_values_silent():
    spikes = encode.latency(VALUES, 4, silent_below=0.2)
    np.testing.assert_array_equal(spikes.sum(0), [[0, 0, 1], [1, 1, 1]])


@pytest.mark.parametrize("period", [1, 4, 8])
def test_phase_weights_sum_and_digits_round_down(period):
    weights = encode.phase_weights(3 * period, period)
    assert float(weights[:period].sum()) == 1 - 2.0**-period
    values = jnp.linspace(0, 1, 257, dtype=jnp.float32)
    spikes = encode.phase(values, 3 * period, period)
    assert set(np.unique(spikes)) <= {0.0, 1.0}
    for repeat in range(3):
        part = slice(repeat * period, (repeat + 1) * period)
        rounded = np.tensordot(weights[part], spikes[part], 1)
        np.testing.assert_array_equal(rounded, np.minimum(np.floor(values * 2**period) / 2**period, 1 - 2.0**-period))


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 2**16), spacing=st.floats(0.05, 2.0))
def test_level_crossing_reconstructs_within_the_spacing(seed, spacing):
    signal = jnp.asarray(np.random.default_rng(seed).normal(size=(40, 3)).cumsum(0), jnp.float32)
    events = encode.level_crossing(signal, spacing)
    np.testing.assert_array_equal(events, np.round(events))
    assert (np.minimum(events[..., 0], events[..., 1]) == 0).all()
    error = np.abs(encode.reconstruct(events, spacing, signal[0]) - signal)
    assert error.max() <= spacing * (1 + 1e-4)
    assert error[0].max() == 0


def test_level_crossing_with_a_ceiling_catches_up():
    signal = jnp.asarray([0.0, 3.0, 3.0, 3.0, 3.0], jnp.float32)[:, None]
    events = encode.level_crossing(signal, 1.0, ceiling=1)
    np.testing.assert_array_equal(events[:, 0, 1], [0, 1, 1, 1, 0])
    np.testing.assert_array_equal(events[:, 0, 0], 0)


def test_falls_are_off_events():
    events = encode.level_crossing(jnp.asarray([2.0, 0.0])[:, None], 0.5)
    np.testing.assert_array_equal(events[1, 0], [4, 0])


@pytest.mark.parametrize("name", sorted(encode.ENCODERS))
def test_every_encoder_keeps_dtype_and_shape_in_float64_too(name):
    assert encode.encode(name, VALUES, 4, jax.random.key(0)).dtype == jnp.float32
    with jax.enable_x64():
        wide = encode.encode(name, jnp.asarray(np.asarray(VALUES), jnp.float64), 4, jax.random.key(1))
        assert (wide.dtype, wide.shape) == (jnp.float64, (4, 2, 3))


def test_unknown_encoder_gives_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'latency'"):
        encode.encode("latancy", VALUES, 4, jax.random.key(0))
    with pytest.raises(ValueError, match="at least 1"):
        encode.encode("rate", VALUES, 0, jax.random.key(0))
