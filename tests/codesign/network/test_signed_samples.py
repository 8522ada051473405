"""Signed samples as inputs: what is computed is what is priced, and both answer to the bits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from codesign.analog.arrays.array import DigitalArray
from codesign.network.builders.models import mlp
from codesign.network.encoding import Samples
from codesign.network.layers.style import Style
from codesign.network.operation import Operation

SIGNAL = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)


@pytest.mark.parametrize(("bits", "sent"), [(1.0, 2), (2.0, 2), (5.0, 5)])
def test_samples_are_priced_as_they_are_sent(bits: float, sent: int) -> None:
    signal = Samples()(jnp.asarray(SIGNAL), 4, jnp.float32(bits), jax.random.key(0))
    assert float(signal.spike_bits) == sent
    assert len(np.unique(np.asarray(signal.spikes).round(5))) <= 2**sent - 1
    expected = Samples()(jnp.asarray(SIGNAL), 4, jnp.float32(sent), jax.random.key(0))
    np.testing.assert_array_equal(signal.spikes, expected.spikes)


def test_their_bits_have_a_slope_in_answers_and_in_price() -> None:
    network = mlp((5,), 3, style=Style(encoding="samples"), rngs=nnx.Rngs(0))
    operation = Operation.of(1, longest=4)

    @jax.jit
    @jax.jacfwd
    def slopes(bits: jax.Array) -> tuple[jax.Array, jax.Array]:
        run = Operation(operation.timesteps, operation.weight_bits, bits, operation.state_bits, operation.longest)
        activity = network(jnp.asarray(SIGNAL), run, [DigitalArray()], jax.random.key(0))
        return activity.logits, activity.payload_bits

    logits, price = slopes(jnp.float32(3))
    assert np.all(np.asarray(logits) != 0)
    np.testing.assert_allclose(price, 1)
