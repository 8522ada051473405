"""From imported graphs to what hardware prices."""

import jax
import numpy as np
import pytest

from codesign.nir import run as nir
from codesign.nir.run import NirError
from tests.codesign.nir.nir_graphs import RNG, chain, package, recurrent, sinabs_graph


@pytest.fixture(scope="module")
def sinabs(tmp_path_factory):
    """The reference graph as a document and imported, random events, and what they cause."""
    return sinabs_graph(tmp_path_factory.mktemp("nir"))


@pytest.mark.golden
def test_workload_of_the_convolutional_graph(sinabs):
    workload = nir.to_workload(sinabs[1], timesteps=10)
    shapes = [(layer.kind, layer.fan_in, layer.channels_out, layer.positions) for layer in workload]
    assert shapes == [
        ("conv", 50, 16, 256),
        ("conv", 144, 16, 256),
        ("pool", 4, 16, 64),
        ("conv", 144, 8, 64),
        ("pool", 4, 8, 16),
        ("dense", 128, 256, 1),
        ("dense", 256, 10, 1),
    ]
    # sums of up to four spikes need three bits
    np.testing.assert_array_equal(workload.activation_bits, [1, 1, 1, 3, 1, 3, 1])
    np.testing.assert_array_equal(workload.timesteps, 10)
    np.testing.assert_array_equal(workload.spiking, 1)


@pytest.mark.golden
def test_workload_rates_are_measured(sinabs):
    _, graph, events, activity = sinabs
    workload = nir.to_workload(graph, activity, timesteps=12)
    assert float(workload.input_rate[0]) == pytest.approx(events.mean(), rel=1e-5)
    np.testing.assert_allclose(workload.output_rate[0], np.mean(activity.values["1"]), rtol=1e-5)
    np.testing.assert_allclose(workload.output_rate[:1], workload.input_rate[1:2], rtol=1e-6)
    np.testing.assert_allclose(workload.output_rate[-1], np.mean(activity.values["12"]), rtol=1e-5)


@pytest.mark.parametrize("nested", [False, True])
def test_recurrent_workload_counts_the_loop_once(nested):
    graph = nir.from_nir(recurrent(nested))
    (layer,) = nir.to_workload(graph, timesteps=5).layers
    assert (layer.kind, layer.channels_in, layer.channels_out) == ("recurrent", 6, 3)
    samples = RNG.random((4, 20, 3)).astype(np.float32)
    activity = jax.vmap(lambda each: nir.record(graph, each))(samples)
    workload = nir.to_workload(graph, activity, timesteps=20)
    spikes = activity.values[graph.delayed[0][0]]
    assert float(workload.input_rate[0]) == pytest.approx((1 + float(spikes.mean())) / 2)
    assert float(workload.weight_density[0]) == pytest.approx((3 + 9) / 18)


def test_workload_needs_layers_and_takes_what_it_is_given():
    graph = nir.from_nir(chain(package.Linear(np.eye(2)), package.IF(r=np.ones(2), v_threshold=np.ones(2)), shape=[2]))
    assumed = nir.to_workload(graph)
    given = nir.to_workload(graph, timesteps=9, weight_bits=3, activation_bits=2, state_bits=7)
    for name, before, after in (("timesteps", 4, 9), ("weight_bits", 8, 3), ("activation_bits", 1, 2), ("state_bits", 16, 7)):
        assert float(getattr(assumed, name)[0]) == before
        assert float(getattr(given, name)[0]) == after
    graph = nir.from_nir(chain(package.Scale(np.ones(2)), shape=[2]))
    with pytest.raises(NirError, match="no layer with weights"):
        nir.to_workload(graph, timesteps=2)
    uneven = package.Conv2d((8, 8), np.ones((2, 1, 3, 3)), (1, 2), 0, 1, 1, np.zeros(2))
    with pytest.raises(NirError, match=r"node 'n0': strides \(1, 2\) differ"):
        nir.to_workload(nir.from_nir(chain(uneven, shape=[1, 8, 8])), timesteps=2)


def test_layers_have_the_neurons_of_their_nodes(sinabs):
    """Five IF nodes; pooling sums, and so does a layer without neurons."""
    names = [layer.neuron for layer in nir.to_workload(sinabs[1])]
    assert names == ["if", "if", "integrator", "if", "integrator", "if", "if"]
