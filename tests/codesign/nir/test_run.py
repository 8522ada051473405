"""Reference graphs against published spikes and traces."""

import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.data.dataset import Request
from codesign.data.sets import event_sets
from codesign.data.splits import assemble
from codesign.nir import run as nir
from tests.codesign.nir.nir_graphs import golden, sinabs_graph, trace


@pytest.fixture(scope="module")
def sinabs(tmp_path_factory):
    """The reference graph as a document and imported, random events, and what they cause."""
    return sinabs_graph(tmp_path_factory.mktemp("nir"))


@pytest.mark.golden
def test_norse_spikes_and_trace(tmp_path):
    current, potential, spikes = trace("lif_norse.csv", tmp_path)
    activity = nir.record(nir.read(golden("lif_norse.nir", tmp_path)), current[:, None], dt=1e-4)
    np.testing.assert_array_equal(activity.values["1"][:, 0], spikes)
    np.testing.assert_allclose(activity.potentials["1"][:, 0], potential, atol=1e-6)


@pytest.mark.golden
def test_exact_solution_spikes_and_trace(tmp_path):
    current, potential, spikes = trace("lif_exact.csv", tmp_path)
    activity = nir.record(nir.read(golden("lif_norse.nir", tmp_path)), current[:, None], dt=1e-4, integrator="exact")
    np.testing.assert_array_equal(activity.values["1"][:, 0], spikes)
    np.testing.assert_allclose(activity.potentials["1"][:, 0], potential, atol=1e-6)


@pytest.mark.golden
def test_snntorch_spikes_and_trace_in_its_own_scale(tmp_path):
    current, potential, spikes = trace("lif_snntorch.csv", tmp_path)
    graph = nir.read(golden("lif_norse.nir", tmp_path))
    activity = nir.record(graph, current[:, None], dt=1e-4)
    np.testing.assert_array_equal(activity.values["1"][:, 0], spikes)
    # snnTorch has no input gain: it scales potential and threshold by tau / dt instead
    np.testing.assert_allclose(activity.potentials["1"][:, 0] * 25, potential, atol=1e-5)


@pytest.mark.golden
def test_two_neurons_fire_at_the_closed_form_times(tmp_path):
    graph = nir.read(golden("two_lif_neurons.nir", tmp_path))
    activity = nir.record(graph, np.zeros((1000, 1)), dt=1e-4)
    # v_k = v_leak (1 - (1 - dt / tau)^k) passes the threshold 1 first at k = ln(1 - 1 / 1.2) / ln(0.99)
    period = int(np.ceil(np.log(1 - 1 / 1.2) / np.log(0.99)))
    np.testing.assert_array_equal(np.flatnonzero(activity.values["lif1"]), np.arange(period - 1, 1000, period))
    assert not activity.values["lif2"].any()
    assert activity.potentials["lif2"].max() == pytest.approx(0.01 * (1 + 0.99**period + 0.99 ** (2 * period)), rel=0.2)


@pytest.mark.golden
def test_convolutional_graph_agrees_with_plain_loops(sinabs):
    document, _, signal, activity = sinabs
    for name in map(str, range(13)):
        node = document.nodes[name]
        kind = type(node).__name__
        if kind == "Conv2d":
            signal = np.stack([correlate(frame, node) for frame in signal])
        elif kind == "IF":
            signal = integrate(signal, node)
            np.testing.assert_allclose(activity.values[name], signal)
        elif kind == "SumPool2d":
            steps, channels, height, width = signal.shape
            signal = signal.reshape(steps, channels, height // 2, 2, width // 2, 2).sum((3, 5))
        elif kind == "Flatten":
            signal = signal.reshape(len(signal), -1)
        else:
            signal = signal @ node.weight.T + node.bias
    assert signal.shape == (12, 10)
    assert activity.values["10"].sum() > 0


def correlate(frame, node):
    (above, beside), stride, kernel = node.padding, node.stride[0], node.weight.shape[2]
    padded = np.pad(frame, ((0, 0), (above, above), (beside, beside)))
    patches = np.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel), (1, 2))[:, ::stride, ::stride]
    return np.einsum("chwij,ocij->ohw", patches, node.weight) + node.bias[:, None, None]


def integrate(currents, node):
    potential, spikes = np.zeros(currents.shape[1:]), []
    for current in currents:
        potential = potential + node.r * current
        spikes.append((potential > node.v_threshold).astype(float))
        potential = np.where(spikes[-1], node.v_reset, potential)
    return np.stack(spikes)


@pytest.mark.golden
@pytest.mark.skipif("CODESIGN_DATA" not in os.environ, reason="CODESIGN_DATA is not set: it names the folder with N-MNIST")
def test_convolutional_graph_tells_digits_apart(sinabs):
    recipe = event_sets.nmnist(Request(), event_sets.Binning(timesteps=30, ceiling=None))
    data = assemble(recipe, seed=0, validation_share=None, limit=40)
    events = jnp.asarray(data.test.inputs.transpose(0, 1, 4, 2, 3))
    counts = jax.jit(jax.vmap(lambda each: nir.simulate(sinabs[1], each).sum(0)))(events)
    # trained on 300 steps of 1 ms: 30 steps of 10 ms already give most digits
    assert np.mean(np.argmax(counts, axis=1) == data.test.labels) >= 0.9
