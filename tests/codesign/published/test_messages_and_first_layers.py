"""What the sources count: Loihi's messages per destination core in energy and time, and first layers with numbers as inputs."""

import jax
import numpy as np
import pytest

from codesign.published import horowitz, loihi
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload, conv, dense, pool

NONE = Technology.of("unused", 45, 1, ())


def test_loihi_sends_a_message_per_destination_core_in_time_too() -> None:
    """SANA-FE generates one message for each destination core, and its delay with it.

    The second layer hears all spikes of the first on as many cores as it fills; rates of 0 behind it leave the first the slowest.
    """

    def latency(cores: int) -> float:
        layers = [dense("a", 1000, 1000), dense("b", 1000, cores * 1024)]
        workload = Workload.of(layers, input_rate=[1, 0.5], output_rate=[0.5, 0], timesteps=1)
        return float(jax.jit(lambda w: loihi.Loihi().cost(w, NONE).latency)(workload))

    # both numbers of cores fill one tile, beside the one of the first layer
    assert latency(4) - latency(2) == pytest.approx(2 * 500 * loihi.MESSAGE_OUT_NS, rel=1e-3)


def test_loihi_sends_through_pools() -> None:
    layers = [conv("a", 1, 4, 8), pool("pool", 4, 8), dense("b", 64, 2048)]
    workload = Workload.of(layers, input_rate=[0.1, 0.1, 0.5], output_rate=[0.2, 0.1, 0.3])
    messages, fired = np.asarray([1.0, 0.0, 64.0], np.float32), np.asarray([51.0, 0.0, 614.0], np.float32)
    np.testing.assert_array_equal(loihi._sent(workload, messages, fired), [64, 0, 614])


@pytest.mark.parametrize(("bits", "multiplied"), [(1, 0), (1.5, 0.5), (2, 1), (8, 1)])
def test_a_first_layer_of_numbers_multiplies(bits: float, multiplied: float) -> None:
    workload = Workload.of([dense("a", 10, 20), dense("b", 20, 30)], input_rate=0.2, timesteps=4, activation_bits=bits)
    accumulate, multiply = np.asarray(jax.jit(lambda w: horowitz.OperationCount().cost(w, NONE).energy_pj)(workload)).T
    np.testing.assert_allclose(multiply, [multiplied * 200 * 4 * 4.6, 0], rtol=1e-6)
    np.testing.assert_allclose(accumulate, [(1 - multiplied) * 200 * 4 * 0.2 * 0.9, 600 * 4 * 0.2 * 0.9], rtol=1e-6)
