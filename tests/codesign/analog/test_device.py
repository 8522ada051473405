"""Devices: moments of the published laws, reparameterised gradients, levels, faults, and bad input."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.analog.device.ageing import AgedCompensated
from codesign.analog.device.catalogue import DEVICES, generic, pcm
from codesign.analog.device.device import Device, drift, program, quantise, read, stuck_masks
from codesign.analog.device.noise import LogNormalNoise, NormalNoise, leaf
from codesign.analog.device.time import EachReading, Independent, Relaxation, WhiteReadNoise, compensate

SAMPLES = 40_000
MICRO = 1e-6

# one program for every law, time and target; what refuses bad input is called as it is
programmed, drifted, read_out, quantised = (eqx.filter_jit(law) for law in (program, drift, read, quantise))


def filled(value):
    return np.full(SAMPLES, value, np.float32)


def assert_moments(samples, mean, sigma, mean_slack=0.0):
    """Mean and standard deviation within five sampling errors."""
    samples = np.asarray(samples, np.float64)
    error = 5 * sigma / np.sqrt(len(samples))
    assert abs(samples.mean() - mean) < error + mean_slack
    assert abs(samples.std() - sigma) < error + mean_slack


# The published fits, written out once more as plain numbers: (device, G in uS, sigma in uS).
PUBLISHED = [
    *[("pcm", 25 * g, 0.26348 + 1.9650 * g - 1.1731 * g**2) for g in (0.2, 0.5, 1.0)],
    *[("pcm-joshi", G, -0.00178767 * G**2 + 0.07585724 * G + 0.28638599) for G in (5.0, 15.0, 25.0)],
    *[("pcm-hermes", 20.7 * g, 0.16603 + 4.71806 * g - 8.48101 * g**2 + 4.68961 * g**3) for g in (0.3, 0.7, 1.0)],
    *[("reram", 40 * g, 0.348 + 16.030 * g - 43.853 * g**2 + 45.393 * g**3 - 16.815 * g**4) for g in (0.25, 0.5, 1.0)],
    ("rram-neurram", 4.0, 1.536e-4 * 4**3 - 0.01167 * 4**2 + 0.2374 * 4 + 1.053),
    ("rram-mnsim", 50.0, 0.5),
]


@pytest.mark.golden
@pytest.mark.parametrize(("name", "target", "sigma"), PUBLISHED)
def test_programmed_conductances_follow_the_published_spread(name, target, sigma):
    device = eqx.tree_at(lambda d: (d.stuck_on, d.stuck_off), DEVICES[name](), (leaf(0.0), leaf(0.0)))
    G = programmed(device, filled(target * MICRO), jax.random.key(0))
    # the cut at zero moves the moments of a law that is wide against its target
    slack = 0.02 * sigma if target < 4 * sigma else 0.0
    assert_moments(np.asarray(G, np.float64) / MICRO, target, sigma, slack)


@pytest.mark.golden
@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("time_s", [20.0, 3600.0, 86400.0, 2.6e6])
def test_drift_follows_the_published_exponents(share, time_s):
    device = pcm()
    G = filled(25 * MICRO * share)
    nu_mean = np.clip(-0.0155 * np.log(share) + 0.0244, 0.049, 0.1)
    nu_sigma = np.clip(-0.0125 * np.log(share) - 0.0059, 0.008, 0.045)
    lost = -np.log(np.asarray(drifted(device, G, jnp.float32(time_s), jax.random.key(1)) / G, np.float64))
    assert_moments(lost, nu_mean * np.log(time_s / 20), nu_sigma * np.log(time_s / 20) + 1e-12, 1e-6)


@pytest.mark.golden
@pytest.mark.parametrize("share", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("time_s", [1.0, 3600.0, 86400.0])
def test_read_noise_follows_the_published_law(share, time_s):
    G = filled(25 * MICRO * share)
    q = min(0.0088 / share**0.65, 0.2)
    sigma = q * np.sqrt(np.log((time_s + 250e-9) / 500e-9))
    assert_moments(read_out(pcm(), G, jnp.float32(time_s), jax.random.key(2)) / G, 1.0, sigma)


@pytest.mark.claims
def test_a_pcm_cell_after_a_day():
    """At g = 1 after a day: drift factor 0.66, read noise 4.5 % (Joshi et al. 2020 model)."""
    G = filled(25 * MICRO)
    day = drifted(pcm(), G, jnp.float32(86400), jax.random.key(0))
    assert np.median(day / G) == pytest.approx(0.66, abs=0.005)
    assert float(pcm().reading.sigma(G, pcm().g_max, 86400.0)[0] / G[0]) == pytest.approx(0.045, abs=5e-4)


def test_log_normal_noise_keeps_the_mean_and_white_noise_its_share():
    G = filled(1e-5)
    law = LogNormalNoise(leaf(0.3))
    sigma = float(law.sigma(G, G[0])[0] / 1e-5)
    assert sigma == pytest.approx(np.sqrt(np.expm1(0.09)), rel=1e-5)
    samples = np.asarray(law.sample(G, G[0], jax.random.key(0)) / 1e-5)
    assert_moments(samples, 1.0, sigma, 0.01)
    assert float(jax.grad(lambda s: LogNormalNoise(s).sigma(G, G[0])[0])(jnp.float32(0.0))) == pytest.approx(1e-5)
    white = WhiteReadNoise(leaf(0.02)).sample(G, G[0], 1.0, jax.random.key(1))
    assert_moments(np.asarray(white, np.float64) / 1e-5, 1.0, 0.02)


@pytest.mark.parametrize("law", [NormalNoise, LogNormalNoise])
def test_gradient_to_sigma_matches_common_random_numbers(law):
    with jax.enable_x64(True):
        device = generic()
        targets = np.linspace(1e-5, 5e-5, 400).reshape(20, 20)
        x = np.random.default_rng(0).uniform(0, 1, (8, 20))

        @jax.jit
        @jax.value_and_grad
        def loss(sigma):
            noisy = eqx.tree_at(lambda d: d.programming, device, law(sigma))
            return jnp.mean((x @ (program(noisy, targets, jax.random.key(5)) / 5e-5)) ** 2)

        sigma, step = 0.07, 1e-6
        numeric = (loss(sigma + step)[0] - loss(sigma - step)[0]) / (2 * step)
        np.testing.assert_allclose(loss(sigma)[1], numeric, rtol=1e-6)


@pytest.mark.slow
def test_gradients_reach_every_number_of_a_device():
    device = eqx.tree_at(lambda d: d.levels, pcm(), leaf(15.5))

    def loss(device):
        target = device.g_min + (device.g_max - device.g_min) * jnp.linspace(0.05, 0.9, 64)
        G = program(device, quantise(device, target), jax.random.key(0))
        aged = read(device, drift(device, G, 1e4, jax.random.key(1)), 1e4, jax.random.key(2))
        current = device.read_voltage_v * aged * jnp.linspace(-1, 2, 64)
        return jnp.sum(current) * 1e6 + 1e12 * device.read_energy_j

    gradients = eqx.filter_jit(eqx.filter_grad(loss))(device)
    for field in ("r_on_ohm", "r_off_ohm", "levels", "read_voltage_v", "read_time_s"):
        assert float(jnp.abs(getattr(gradients, field))) > 0, field
    assert float(jnp.abs(gradients.programming.scale)) > 0
    assert float(jnp.abs(gradients.programming.coefficients).min()) > 0


def test_drift_is_the_same_device_at_every_time():
    G = filled(2e-5)
    shares = {t: np.asarray(drifted(pcm(), G, jnp.float32(t), jax.random.key(3))) / G for t in (1, 1e3, 1e6)}
    np.testing.assert_allclose(*(-np.log(shares[t]) / np.log(t / 20) for t in (1e3, 1e6)), rtol=1e-4)
    np.testing.assert_allclose(shares[1], 1, rtol=1e-6)


@pytest.mark.claims
def test_relaxation_of_neurram():
    """Wan et al. 2022 as fitted in aihwkit: what is added after 1 s to the spread at half range is 8.4 % of G_max after a day."""
    law = Relaxation(leaf(0.0249), leaf(1.0))
    G = filled(0.5)

    @jax.jit
    def found(time_s):
        """Samples, and the slope of their sum over time."""
        samples, back = jax.vjp(lambda t: law.sample(G, jnp.float32(1), t, jax.random.key(0)), time_s)
        return samples, back(jnp.ones_like(samples))[0]

    for time_s, expected in ((1.0, 0.0), (86400.0, 0.0839), (172800.0, 0.0864)):
        assert_moments(found(time_s)[0], 0.5, expected + 1e-9, 1e-3)
    assert float(found(1.0)[1]) == 0


def test_lasting_and_new_noise_add_to_the_noise_of_a_reading():
    device, G = pcm(), jnp.asarray([1e-5], jnp.float32)
    flicker = device.reading
    both = Independent(flicker, WhiteReadNoise(leaf(0.03)))
    slow, fast, whole = (f(G, device.g_max, 3600.0)[0] / 1e-5 for f in (both.slow, both.fast, both.sigma))
    assert float(fast) == pytest.approx(0.03, rel=1e-5)
    assert float(whole) == pytest.approx(float(np.hypot(slow, fast)), rel=1e-5)
    anew = EachReading(both)
    assert float(anew.slow(G, device.g_max, 3600.0).max()) == 0
    np.testing.assert_allclose(anew.fast(G, device.g_max, 3600.0), both.sigma(G, device.g_max, 3600.0))


def test_compensation_restores_the_sum():
    G = np.random.default_rng(0).uniform(1e-6, 2.5e-5, (64, 64)).astype(np.float32)
    aged = eqx.filter_jit(AgedCompensated(leaf(86400.0)))(pcm(), G, jax.random.key(0))
    assert np.sum(aged) == pytest.approx(np.sum(G), rel=1e-5)
    assert float(compensate(jnp.ones(()), jnp.float32(1), jnp.float32(0))) == pytest.approx(1)


def test_levels_are_the_devices_own():
    device = generic(levels=4)
    G = np.linspace(float(device.g_min), float(device.g_max), 1001, dtype=np.float32)
    found = np.unique(np.round(np.asarray(quantised(device, G)) / 1e-9))
    np.testing.assert_allclose(found * 1e-9, np.linspace(5e-6, 5e-5, 4), rtol=1e-3)
    halfway = eqx.tree_at(lambda d: d.levels, device, leaf(4.5))
    expected = (quantised(device, G) + quantised(generic(levels=5), G)) / 2
    np.testing.assert_allclose(quantised(halfway, G), expected, rtol=1e-5)
    np.testing.assert_allclose(jax.jit(jax.vmap(jax.grad(lambda g: quantise(device, g))))(G[1:-1]), 1, rtol=1e-5)
    np.testing.assert_allclose(quantised(generic(), G), G, rtol=1e-5)


def test_stuck_cells_have_their_shares_and_do_not_move():
    device = eqx.tree_at(lambda d: (d.stuck_on, d.stuck_off), generic(0.1), (leaf(0.1), leaf(0.2)))
    on, off = stuck_masks(device, (200, 200), jax.random.key(0))
    assert not bool((on & off).any())
    assert float(on.mean()) == pytest.approx(0.1, abs=0.01)
    assert float(off.mean()) == pytest.approx(0.2, abs=0.01)
    G, back = jax.jit(lambda g: jax.vjp(lambda v: program(device, v, jax.random.key(1)), g))(np.full((200, 200), 3e-5, np.float32))
    assert np.mean(np.isclose(G, device.g_max, rtol=1e-6)) == pytest.approx(0.1, abs=0.01)
    (gradient,) = back(jnp.ones_like(G))
    assert np.mean(np.asarray(gradient) == 0) == pytest.approx(0.3, abs=0.015)


def aged_reading(device, G, time_s):
    """What is read after a time; uncompiled, as the devices share their small programs."""
    aged = drift(device, program(device, G, jax.random.key(0)), time_s, jax.random.key(1))
    return read(device, aged, time_s, jax.random.key(2))


def test_sram_is_exact():
    G = jnp.asarray([1e-9, 1e-4])
    np.testing.assert_allclose(aged_reading(DEVICES["sram"](), G, 1e9), G, rtol=1e-6)


@pytest.mark.parametrize("name", DEVICES)
def test_every_device_programs_finite_conductances_with_a_source(name):
    device = DEVICES[name]()
    G = jnp.asarray(np.linspace(0, float(device.g_max), 11), jnp.float32)
    held = np.asarray(program(device, G, jax.random.key(0)))
    assert np.all(np.isfinite(held))
    assert np.all(held >= 0)
    assert np.all(np.isfinite(jax.grad(lambda g: aged_reading(device, g, 1e6).sum())(G)))
    assert device.source


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"r_on_ohm": 0.0}, "r_on_ohm is 0"),
        ({"r_off_ohm": 10e3}, "r_off_ohm is 10000; it must be above r_on_ohm"),
        ({"r_off_ohm": float("nan")}, "r_off_ohm is nan"),
        ({"levels": 1.0}, "levels is 1"),
        ({"read_voltage_v": -0.1}, "read_voltage_v is -0.1"),
        ({"stuck_on": -0.1}, "stuck_on is -0.1"),
        ({"stuck_on": 0.7, "stuck_off": 0.6}, r"stuck_on \+ stuck_off is 1.3"),
    ],
)
def test_impossible_devices_are_refused_by_field(change, message):
    good = generic()
    fields = {name: getattr(good, name) for name in Device.__dataclass_fields__}
    with pytest.raises(ValueError, match=message):
        Device(**{**fields, **change})


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (jnp.asarray([1e-6, -1e-6]), r"G_target\[1\] is -1e-06"),
        (jnp.asarray([jnp.nan]), r"G_target\[0\] is nan"),
        (jnp.zeros((0, 4)), r"G_target has shape \(0, 4\)"),
    ],
)
def test_impossible_targets_are_refused(target, message):
    with pytest.raises(ValueError, match=message):
        program(generic(), target, jax.random.key(0))
