"""Neurons against sequences worked out by hand, and against the simpler neurons they contain."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from codesign.network.layers.style import FIRINGS, NEURONS, Style
from codesign.network.neurons.dynamic import AdaptiveNeuron, CurrentBasedNeuron, ParallelNeuron
from codesign.network.neurons.firing import RESETS, Binary, FixedPointState, Graded, Parts, Stochastic, hard_reset, no_reset
from codesign.network.neurons.neurons import AbstractNeuron, IntegrateAndFire, LeakyNeuron, lif

BITS = jnp.float32(8)


@functools.partial(jax.jit, static_argnums=0)
def spikes_of(graph: nnx.GraphDef, state: nnx.State, current: jax.Array, bits: jax.Array, key: jax.Array) -> jax.Array:
    return nnx.merge(graph, state)(current, bits, key)


@functools.partial(jax.jit, static_argnums=0)
def spikes_and_slope(graph: nnx.GraphDef, state: nnx.State, current: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Spikes, and the gradient of their sum."""
    spikes, back = jax.vjp(lambda x: nnx.merge(graph, state)(x, BITS, jax.random.key(0)), current)
    return spikes, back(jnp.ones_like(spikes))[0]


def run(neuron: AbstractNeuron, current, bits=BITS, seed: int = 0) -> np.ndarray:
    current = np.asarray(current, np.float32)
    shaped = current.reshape(-1, 1, 1) if current.ndim == 1 else current
    return np.asarray(spikes_of(*nnx.split(neuron), shaped, bits, jax.random.key(seed))).squeeze()


def leaky(leak: float, threshold: float = 1.0, **parts) -> LeakyNeuron:
    neuron = LeakyNeuron(parts=Parts(**parts))
    neuron.leak_logit[...] = jnp.float32(np.log(leak / (1 - leak)))
    neuron.log_threshold[...] = jnp.float32(np.log(threshold))
    return neuron


@pytest.fixture(scope="module")
def currents() -> np.ndarray:
    return np.random.default_rng(7).normal(0.4, 1, (9, 3, 5)).astype(np.float32)


@pytest.mark.parametrize(
    ("reset", "expected"),
    [("soft", [0, 1, 1, 0]), ("hard", [0, 1, 0, 1]), ("none", [0, 1, 1, 1])],
)
def test_resets_by_hand(reset: str, expected: list[int]) -> None:
    """Leak 0.5, currents 0.9. Soft: 0.9, 1.35 (leaves 0.35), 1.075 (0.075), 0.9375. Hard: 0.9, 1.35 (0), again. None: 0.9, 1.35, 1.575."""
    np.testing.assert_array_equal(run(leaky(0.5, reset=RESETS[reset]), [0.9] * 4), expected)


def test_integrate_and_fire_keeps_everything() -> None:
    """A little over 0.25 per step fires every fourth step; with threshold 0.5 every second."""
    neuron = IntegrateAndFire()
    np.testing.assert_array_equal(run(neuron, [0.251] * 8), [0, 0, 0, 1] * 2)
    neuron.log_threshold[...] = jnp.float32(np.log(0.5))
    np.testing.assert_array_equal(run(neuron, [0.251] * 8), [0, 1] * 4)


def test_leak_and_threshold_per_channel(currents) -> None:
    neuron = LeakyNeuron((5,))
    logits, logs = np.linspace(-2, 2, 5, dtype=np.float32), np.linspace(-0.5, 0.5, 5, dtype=np.float32)
    neuron.leak_logit[...], neuron.log_threshold[...] = jnp.asarray(logits), jnp.asarray(logs)
    together, alone = run(neuron, currents), jax.jit(lif)
    for channel, (leak, threshold) in enumerate(zip(1 / (1 + np.exp(-logits)), np.exp(logs), strict=True)):
        np.testing.assert_array_equal(together[..., channel], alone(currents[..., channel], leak, threshold))


def test_adaptation_raises_the_threshold_after_a_spike() -> None:
    """No leak to speak of, strength 1, decay 0.5: thresholds 1, 2 (a = 1), 1.5, 1.25."""
    neuron = AdaptiveNeuron(parts=Parts(reset=hard_reset))
    neuron.leak_logit[...], neuron.decay_logit[...], neuron.strength[...] = jnp.float32(-20), jnp.float32(0), jnp.float32(1)
    np.testing.assert_array_equal(run(neuron, [1.3, 1.3, 1.3, 1.3, 1.3]), [1, 0, 0, 1, 0])
    np.testing.assert_array_equal(run(neuron, [1.3, 2.1]), [1, 1])


def test_without_their_second_state_they_are_leaky_neurons(currents) -> None:
    plain = run(LeakyNeuron(), currents)
    adaptive, cuba = AdaptiveNeuron(), CurrentBasedNeuron()
    adaptive.strength[...] = jnp.float32(0)
    cuba.synaptic_logit[...] = jnp.float32(-40)
    np.testing.assert_array_equal(run(adaptive, currents), plain)
    np.testing.assert_array_equal(run(cuba, currents), plain)


def test_synaptic_current_outlasts_its_input() -> None:
    """Decay 0.5, leak near 0: currents 1.2, 0.6, 0.3 of one input of 1.2, against a threshold of 0.5."""
    neuron = CurrentBasedNeuron(parts=Parts(reset=hard_reset))
    neuron.leak_logit[...], neuron.log_threshold[...] = jnp.float32(-20), jnp.float32(np.log(0.5))
    np.testing.assert_array_equal(run(neuron, [1.2, 0, 0, 0]), [1, 1, 0, 0])


def test_parallel_neuron_with_the_leaky_kernel_is_a_leaky_neuron_without_reset(currents) -> None:
    for steps in (9, 12):  # a longer matrix is used by its corner
        np.testing.assert_array_equal(run(ParallelNeuron(steps, leak=0.7), currents), run(leaky(0.7, reset=no_reset), currents))
    with pytest.raises(ValueError, match="built for 4 steps and is run for 9"):
        run(ParallelNeuron(4), currents)


def test_parallel_neuron_does_not_see_the_future(currents) -> None:
    neuron = ParallelNeuron(9)
    neuron.kernel[...] = jnp.asarray(np.random.default_rng(1).normal(size=(9, 9)), jnp.float32)
    np.testing.assert_array_equal(run(neuron, currents)[:4], run(neuron, currents[:4]))


def test_graded_spikes(currents) -> None:
    """One bit is binary; two bits send the whole thresholds, up to 3, and keep the rest."""
    np.testing.assert_array_equal(run(leaky(0.8, firing=Graded(1)), currents), run(leaky(0.8), currents))
    neuron = IntegrateAndFire(parts=Parts(firing=Graded(2)))
    np.testing.assert_array_equal(run(neuron, [2.5, 0.6, 5.0, 0.0]), [2, 1, 3, 2])
    _, slope = spikes_and_slope(*nnx.split(neuron), np.full((1, 1, 1), 1.5, np.float32))
    # the sum of the arctan surrogate at distances 0.5, -0.5 and -1.5
    np.testing.assert_allclose(slope.item(), sum(1 / (1 + (np.pi * d) ** 2) for d in (0.5, -0.5, -1.5)), rtol=1e-5)
    with pytest.raises(ValueError, match="1 to 8 bits"):
        Graded(9)


def test_stochastic_spikes_follow_their_probability() -> None:
    neuron = IntegrateAndFire(parts=Parts(firing=Stochastic(0.25), reset=hard_reset))
    drive = np.asarray([0.5, 1.0, 1.3])
    rates = run(neuron, np.broadcast_to(drive, (1, 20_000, 3))).mean(0)
    np.testing.assert_allclose(rates, 1 / (1 + np.exp(-(drive - 1) / 0.25)), atol=0.015)
    _, slope = spikes_and_slope(*nnx.split(neuron), np.full((1, 1, 1), 1.3, np.float32))
    p = 1 / (1 + np.exp(-0.3 / 0.25))
    np.testing.assert_allclose(slope.item(), p * (1 - p) / 0.25, rtol=1e-4)


def test_fixed_point_states() -> None:
    """3 bits over 4 thresholds are steps of 1: nothing below a half is kept. More bits tend to the exact neuron; half a bit is halfway."""
    coarse = leaky(0.9, state=FixedPointState())
    np.testing.assert_array_equal(run(coarse, [0.4] * 6, jnp.float32(3)), 0)
    assert run(leaky(0.9), [0.4] * 6).sum() > 0
    current = np.random.default_rng(3).uniform(size=(20, 4, 8))
    np.testing.assert_array_equal(run(coarse, current, jnp.float32(22)), run(leaky(0.9), current))
    store, values = jax.jit(FixedPointState().store), np.asarray([0.3, 1.0, -0.77, 9.0, -9.0], np.float32)
    stored = [np.asarray(store(values, np.float32(1), np.float32(b))) for b in (4, 4.5, 5)]
    np.testing.assert_allclose(stored[0], [0.5, 1.0, -1.0, 3.5, -4.0])
    np.testing.assert_allclose(stored[1], (stored[0] + stored[2]) / 2, rtol=1e-6)


@pytest.mark.parametrize("neuron", NEURONS)
@pytest.mark.parametrize("firing", FIRINGS)
def test_every_neuron_fires_and_learns(neuron: str, firing: str) -> None:
    built = Style(neuron=neuron, firing=firing, learned_per="channel", steps=6, state="fixed_point").neurons(5)
    current = np.random.default_rng(7).normal(0.6, 1, (6, 3, 5)).astype(np.float32)
    spikes, slope = (np.asarray(part) for part in spikes_and_slope(*nnx.split(built), current))
    assert spikes.shape == current.shape
    assert set(np.unique(spikes)) <= ({0, 1, 2, 3} if firing == "graded" else {0, 1})
    assert float(spikes.mean()) > 0
    assert np.all(np.isfinite(slope))
    assert np.abs(slope[0]).sum() > 0


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match=r"unknown neuron 'lfi' \(did you mean 'lif'\?\)"):
        Style(neuron="lfi")
    with pytest.raises(ValueError, match="cannot stand in a recurrent layer"):
        Style(neuron="parallel").recurrent_neurons(3)
    assert Binary().payload_bits == 1
