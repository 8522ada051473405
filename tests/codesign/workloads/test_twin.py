"""The quantised twin of a spiking network."""

import jax.numpy as jnp
import pytest

from codesign.workloads.presets import preset
from codesign.workloads.twin import ann_twin


@pytest.mark.parametrize(("steps", "bits"), [(1, 1), (2, 2), (3, 2), (4, 3), (7, 3), (8, 4), (15, 4)])
def test_bits_follow_the_steps(steps, bits):
    twin = ann_twin(preset("vgg9", timesteps=steps))
    assert twin.activation_bits.tolist()[1:] == [bits] * 11
    assert twin.activation_bits[0] == 8  # pixels stay pixels
    assert twin.timesteps.tolist() == [1] * 12
    assert not twin.spiking.any()


def test_rates_stay_within_the_twin_s_bounds():
    """YAN-2: (1 - g)/T <= s <= 1 - g."""
    for steps in (1, 2, 5, 16):
        work = preset("vgg9", timesteps=steps, input_rate=0.2)
        non_zero = ann_twin(work).input_rate[1:]
        assert jnp.all(non_zero / steps <= 0.2 + 1e-6)
        assert jnp.all(non_zero >= 0.2 - 1e-6)
