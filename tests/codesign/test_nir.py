import gzip
import itertools
import os
import sys

import h5py
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from codesign import nir
from codesign.data import event_sets
from codesign.data.dataset import Request
from codesign.data.splits import assemble
from codesign.nir import NirError
from codesign.workload import LayerWork, conv, dense, pool
from tests.golden_files import reference

package = pytest.importorskip("nir")
RNG = np.random.default_rng(0)


def golden(name, folder):
    path = reference("nir") / name
    if path.exists():
        return path
    unzipped = folder / name
    unzipped.write_bytes(gzip.decompress((reference("nir") / f"{name}.gz").read_bytes()))
    return unzipped


def trace(name, folder):
    """Columns: input, membrane potential, spike."""
    return np.loadtxt(golden(name, folder), delimiter=",").T


def chain(*nodes, shape, metadata=None):
    names = [f"n{index}" for index in range(len(nodes))]
    every = {"in": package.Input(input_type={"input": np.array(shape)}), **dict(zip(names, nodes, strict=True))}
    every["out"] = package.Output(output_type={"output": np.array([1])})
    order = ["in", *names, "out"]
    edges = list(itertools.pairwise(order))
    return package.NIRGraph(nodes=every, edges=edges, metadata=metadata or {}, type_check=False)


# --- reference graphs


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


@pytest.fixture(scope="module")
def sinabs(tmp_path_factory):
    """The reference graph as a document and imported, random events, and what they cause."""
    document = package.read(golden("cnn_sinabs.nir", tmp_path_factory.mktemp("nir")))
    events = (RNG.random((12, 2, 34, 34)) < 0.2).astype(np.float32)
    graph = nir.from_nir(document)
    return document, graph, events, nir.record(graph, events)


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


# --- neurons


def parameters(*names, size=6):
    ranges = {"tau": (2e-3, 9e-3), "tau_mem": (2e-3, 9e-3), "tau_syn": (1e-3, 5e-3), "v_threshold": (0.4, 1), "v_reset": (-0.3, 0.2)}
    return {name: RNG.uniform(*ranges.get(name, (0.2, 2)), size).astype(np.float32) for name in names}


@pytest.mark.parametrize("dt", [1e-4, 1e-3])
def test_lif_honours_every_parameter_and_dt(dt):
    p = parameters("tau", "r", "v_leak", "v_threshold", "v_reset")
    current = RNG.random((300, 6)).astype(np.float32)
    activity = nir.record(nir.from_nir(chain(package.LIF(**p), shape=[6])), current, dt=dt)
    v, spikes, potentials = np.zeros(6), [], []
    for each in current:
        v = v + dt / p["tau"] * (p["v_leak"] - v + p["r"] * each)
        spikes.append(v > p["v_threshold"])
        v = np.where(spikes[-1], p["v_reset"], v)
        potentials.append(v)
    np.testing.assert_array_equal(activity.values["n0"], spikes)
    np.testing.assert_allclose(activity.potentials["n0"], potentials, atol=2e-5)
    assert 0 < np.mean(spikes) < 1


def test_cubalif_honours_every_parameter():
    p = parameters("tau_mem", "tau_syn", "r", "v_leak", "v_threshold", "v_reset", "w_in")
    pulses = (RNG.random((300, 6)) < 0.5).astype(np.float32)
    dt, v, i, spikes, potentials = 5e-4, np.zeros(6), np.zeros(6), [], []
    for each in pulses:
        i = i + dt / p["tau_syn"] * (p["w_in"] * each - i)
        v = v + dt / p["tau_mem"] * (p["v_leak"] - v + p["r"] * i)
        spikes.append(v > p["v_threshold"])
        v = np.where(spikes[-1], p["v_reset"], v)
        potentials.append(v)
    activity = nir.record(nir.from_nir(chain(package.CubaLIF(**p), shape=[6])), pulses, dt=dt)
    np.testing.assert_array_equal(activity.values["n0"], spikes)
    np.testing.assert_allclose(activity.potentials["n0"], potentials, atol=2e-5)


@pytest.mark.parametrize("integrator", ["exponential", "exact"])
def test_integrators_are_exact_for_constant_input_whatever_the_step(integrator):
    p = parameters("tau", "r", "v_leak")
    fine, coarse = (
        nir.simulate(nir.from_nir(chain(package.LI(**p), shape=[6])), np.ones((steps, 6)), 0.02 / steps, integrator)[-1]
        for steps in (400, 4)
    )
    np.testing.assert_allclose(coarse, fine, rtol=1e-4)
    np.testing.assert_allclose(fine, (p["v_leak"] + p["r"]) * -np.expm1(-0.02 / p["tau"]), rtol=1e-4)


def test_exact_reset_gives_the_rate_that_the_step_does_not_change():
    node = package.LIF(
        tau=np.array([0.01]), r=np.array([1.0]), v_leak=np.array([0.0]), v_threshold=np.array([0.5]), v_reset=np.array([0.0])
    )
    graph = nir.from_nir(chain(node, shape=[1]))
    interval = 0.01 * np.log(2)
    for steps in (200, 1000):
        spikes = nir.simulate(graph, np.ones((steps, 1)), 0.5 / steps, "exact")
        assert abs(int(spikes.sum()) - 0.5 / interval) <= 1
    late = nir.simulate(graph, np.ones((200, 1)), 0.5 / 200, "euler")
    assert int(late.sum()) < 0.5 / interval - 5
    integrator = package.IF(r=np.array([1.0]), v_threshold=np.array([0.35]))
    counts = nir.simulate(nir.from_nir(chain(integrator, shape=[1])), np.full((1000, 1), 0.1), integrator="exact").sum()
    assert abs(int(counts) - 1000 * 0.1 / 0.35) <= 1


def test_integrators_and_a_soft_reset():
    current = RNG.random((50, 3)).astype(np.float32)
    rows = np.ones(3, np.float32)
    integral = nir.simulate(nir.from_nir(chain(package.I(r=2 * rows), shape=[3])), current, dt=0.5)
    np.testing.assert_allclose(integral, np.cumsum(current, 0), rtol=1e-5)
    soft = package.IF(r=rows, v_threshold=rows, metadata={"reset": "soft"})
    spikes = nir.simulate(nir.from_nir(chain(soft, shape=[3])), current)
    np.testing.assert_array_equal(spikes.sum(0), np.floor(current.sum(0)))


def test_current_based_integrator_without_spikes():
    p = parameters("tau_mem", "tau_syn", "r", "v_leak", "w_in")
    out = nir.simulate(nir.from_nir(chain(package.CubaLI(**p), shape=[6])), np.ones((2000, 6)), dt=1e-4)
    np.testing.assert_allclose(out[-1], p["v_leak"] + p["r"] * p["w_in"], rtol=1e-3)


# --- other nodes and graphs


def test_stateless_nodes_compute_what_they_say():
    frames = RNG.normal(size=(2, 4, 6, 6)).astype(np.float32)

    def run(*nodes, given=frames):
        return np.asarray(nir.simulate(nir.from_nir(chain(*nodes, shape=given.shape[1:])), given))

    pair = np.array([2, 2])
    blocks = frames.reshape(2, 4, 3, 2, 3, 2)
    np.testing.assert_allclose(run(package.AvgPool2d(pair, pair, 0 * pair)), blocks.mean((3, 5)), rtol=1e-5, atol=1e-6)
    assert run(package.SumPool2d(pair, pair, 1 + 0 * pair)).shape == (2, 4, 4, 4)
    np.testing.assert_array_equal(run(package.Scale(frames[0])), frames * frames[0])
    np.testing.assert_array_equal(run(package.Threshold(0 * frames[0])), frames > 0)
    assert run(package.Flatten({"input": np.array([4, 6, 6])}, 1, -1)).shape == (2, 4, 36)
    assert run(package.Flatten({"input": np.array([4, 6, 6])}, 0, 1)).shape == (2, 24, 6)
    stacked = RNG.normal(size=(4, 5, 6)).astype(np.float32)
    rows = frames[:, :, 0]
    np.testing.assert_allclose(run(package.Linear(stacked), given=rows), np.einsum("goi,tgi->tgo", stacked, rows), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("groups", "stride", "padding", "dilation"), [(1, (1, 1), (0, 0), (1, 1)), (2, (2, 1), (1, 2), (1, 2)), (4, (1, 1), "same", (1, 1))]
)
def test_convolutions_with_every_option(groups, stride, padding, dilation):
    frame = RNG.normal(size=(1, 4, 7, 6)).astype(np.float32)
    weight = RNG.normal(size=(8, 4 // groups, 3, 2)).astype(np.float32)
    node = package.Conv2d((7, 6), weight, stride, padding, dilation, groups, np.arange(8.0))
    got = nir.simulate(nir.from_nir(chain(node, shape=[4, 7, 6])), frame)[0]
    pads = ((1, 1), (0, 1)) if padding == "same" else tuple((each, each) for each in padding)
    padded = np.pad(frame[0], ((0, 0), *pads))
    size = [(padded.shape[1 + a] - dilation[a] * (weight.shape[2 + a] - 1) - 1) // stride[a] + 1 for a in (0, 1)]
    expected = np.zeros((8, *size))
    for o in range(8):
        channels = padded[o // (8 // groups) * (4 // groups) :][: 4 // groups]
        for i in range(3):
            for j in range(2):
                top, left = i * dilation[0], j * dilation[1]
                part = channels[:, top : top + size[0] * stride[0] : stride[0], left : left + size[1] * stride[1] : stride[1]]
                expected[o] += np.tensordot(weight[o, :, i, j], part[:, : size[0], : size[1]], 1)
    np.testing.assert_allclose(got, expected + np.arange(8)[:, None, None], rtol=1e-4, atol=1e-4)


def test_one_dimensional_convolution():
    weight = RNG.normal(size=(3, 2, 4)).astype(np.float32)
    signal = RNG.normal(size=(1, 2, 9)).astype(np.float32)
    got = nir.simulate(nir.from_nir(chain(package.Conv1d(9, weight, 1, 0, 1, 1, np.zeros(3)), shape=[2, 9])), signal)[0]
    expected = [sum(np.correlate(signal[0, c], weight[o, c]) for c in range(2)) for o in range(3)]
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_delays_of_single_elements():
    node = package.Delay(np.array([0.0, 2e-3, 5e-3]))
    got = nir.simulate(nir.from_nir(chain(node, shape=[3])), np.arange(1.0, 8)[:, None] * np.ones(3), dt=1e-3)
    for element, steps in enumerate((0, 2, 5)):
        np.testing.assert_array_equal(got[:, element], np.concatenate([np.zeros(steps), np.arange(1.0, 8 - steps)]))


def recurrent(nested):
    """input -> w -> if -> output, with back: if -> back -> if, plain or as a subgraph."""
    neurons = package.IF(r=np.ones(3), v_threshold=np.ones(3), v_reset=np.zeros(3))
    back = package.Affine(BACK, BIAS)
    ends = {"in": package.Input({"input": np.array([3])}), "out": package.Output({"output": np.array([3])})}
    inner = {"if": neurons, "back": back}
    loop = [("if", "back"), ("back", "if")]
    if not nested:
        nodes = ends | inner | {"w": package.Linear(np.eye(3))}
        return package.NIRGraph(nodes, [("in", "w"), ("w", "if"), *loop, ("if", "out")], type_check=False)
    input_ends = {"input": package.Input({"input": np.array([3])}), "output": package.Output({"output": np.array([3])})}
    cell = package.NIRGraph(inner | input_ends, [("input", "if"), *loop, ("if", "output")], type_check=False)
    nodes = ends | {"cell": cell, "w": package.Linear(np.eye(3))}
    return package.NIRGraph(nodes, [("in", "w"), ("w", "cell"), ("cell", "out")], type_check=False)


BACK, BIAS = RNG.normal(size=(3, 3)).astype(np.float32) / 2, np.array([0.05, 0.1, 0.2], np.float32)


@pytest.mark.parametrize("nested", [False, True])
def test_spikes_of_a_loop_arrive_one_step_later(nested):
    current = RNG.random((60, 3)).astype(np.float32)
    v, last, spikes = np.zeros(3), np.zeros(3), []
    for each in current:
        v = v + each + BACK @ last + BIAS
        last = (v > 1).astype(float)
        v = np.where(last, 0, v)
        spikes.append(last)
    graph = nir.from_nir(recurrent(nested))
    np.testing.assert_array_equal(nir.simulate(graph, current), spikes)
    assert graph.delayed == ((("cell." if nested else "") + "if", ("cell." if nested else "") + "back"),)


def test_a_loop_without_memory_and_other_bad_graphs_are_refused():
    ends = {"in": package.Input({"input": np.array([2])}), "out": package.Output({"output": np.array([2])})}
    a, b = package.Linear(np.eye(2)), package.Linear(np.eye(2))

    def graph(edges, **nodes):
        return nir.from_nir(package.NIRGraph(ends | nodes, edges, type_check=False))

    with pytest.raises(NirError, match=r"the loop through '[ab]' has no neuron or delay"):
        graph([("in", "a"), ("a", "b"), ("b", "a"), ("b", "out")], a=a, b=b)
    with pytest.raises(NirError, match="'in' -> 'c': there is no node 'c'"):
        graph([("in", "c")], a=a)
    with pytest.raises(NirError, match="needs an Input and an Output node"):
        nir.from_nir(package.NIRGraph({"in": ends["in"], "a": a}, [("in", "a")], type_check=False))
    lonely = graph([("in", "a"), ("a", "out"), ("b", "out")], a=a, b=b)
    with pytest.raises(NirError, match="node 'b': nothing leads to it"):
        nir.simulate(lonely, np.zeros((3, 2)))
    wide = graph([("in", "a"), ("a", "out")], a=package.Linear(np.ones((2, 5))))
    with pytest.raises(NirError, match=r"node 'a' \(Dense\): inputs of shape \[\(2,\)\] do not fit"):
        nir.simulate(wide, np.zeros((3, 2)))


def test_inputs_that_meet_are_added_and_outputs_are_named():
    nodes = {"a": package.Input({"input": np.array([2])}), "b": package.Input({"input": np.array([2])})}
    nodes |= {
        "sum": package.Scale(np.ones(2)),
        "p": package.Output({"output": np.array([2])}),
        "q": package.Output({"output": np.array([2])}),
    }
    graph = nir.from_nir(package.NIRGraph(nodes, [("a", "sum"), ("b", "sum"), ("sum", "p"), ("b", "q")], type_check=False))
    a, b = RNG.random((2, 4, 2)).astype(np.float32)
    out = nir.simulate(graph, {"a": a, "b": b})
    np.testing.assert_allclose(out["p"], a + b)
    np.testing.assert_array_equal(out["q"], b)
    with pytest.raises(NirError, match="the graph has the inputs a, b; given: a"):
        nir.simulate(graph, {"a": a})
    with pytest.raises(NirError, match="same number of steps"):
        nir.simulate(graph, {"a": a, "b": b[:2]})


def test_bad_calls_say_what_to_do(tmp_path):
    graph = nir.read(golden("lif_norse.nir", tmp_path))
    with pytest.raises(NirError, match="give dt: node '1' has a time constant"):
        nir.simulate(graph, np.zeros((3, 1)))
    with pytest.raises(NirError, match="dt must be above 0"):
        nir.simulate(graph, np.zeros((3, 1)), dt=0)
    with pytest.raises(NirError, match=r"input 'input' needs shape \[T, 1\], got \[3, 2\]"):
        nir.simulate(graph, np.zeros((3, 2)), dt=1e-4)
    with pytest.raises(NirError, match="use one of euler, exponential, exact"):
        nir.simulate(graph, np.zeros((3, 1)), 1e-4, "heun")


def test_unsupported_nodes_are_named(tmp_path):
    class Reservoir(package.Linear):
        pass

    with pytest.raises(NirError, match=r"node 'n0' \(Reservoir\) is not supported; supported are Affine, AvgPool2d"):
        nir.from_nir(chain(Reservoir(np.eye(2)), shape=[2]))
    path = tmp_path / "graph.nir"
    package.write(str(path), chain(package.Linear(np.eye(2)), package.Linear(np.eye(2)), shape=[2]))
    with h5py.File(path, "a") as file:
        del file["node/nodes/n1/type"]
        file["node/nodes/n1/type"] = "Reservoir"
    with pytest.raises(NirError, match=r"graph\.nir: node 'n1' \(Reservoir\) is not supported"):
        nir.read(path)


def test_unreadable_files_are_named(tmp_path):
    path = tmp_path / "graph.nir"
    with pytest.raises(NirError, match=r"graph\.nir: no such file"):
        nir.read(path)
    package.write(str(path), chain(package.Linear(np.eye(2)), shape=[2]))
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(NirError, match=r"graph\.nir: not a readable HDF5 file"):
        nir.read(path)
    with h5py.File(path, "w") as file:
        file["other"] = 1
    with pytest.raises(NirError, match=r"graph\.nir: not a valid NIR graph"):
        nir.read(path)


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (lambda: package.LI(tau=np.zeros(2), r=np.ones(2), v_leak=np.zeros(2)), r"node 'n0' \(LI\): time constants must be above 0"),
        (lambda: package.Linear(np.full((2, 2), np.nan)), r"node 'n0' \(Linear\): weight is not finite"),
        (lambda: package.Delay(np.array([-1.0, 0])), "delays must be at least 0"),
        (lambda: package.IF(r=np.ones(2), v_threshold=np.ones(2), metadata={"reset": "none"}), "reset is 'none'; use 'hard' or 'soft'"),
    ],
)
def test_impossible_parameters_name_the_node(node, message):
    with pytest.raises(NirError, match=message):
        nir.from_nir(chain(node(), shape=[2]))


def test_without_the_package_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "nir", None)
    with pytest.raises(ImportError, match=r"install codesign\[nir\]"):
        nir.read("graph.nir")


def test_it_maps_over_samples_and_differentiates_in_float64():
    document = chain(package.LI(**parameters("tau", "r", "v_leak")), shape=[6])
    samples = RNG.random((4, 20, 6))
    single = nir.from_nir(document)
    mapped = jax.vmap(lambda each: nir.simulate(single, each, 1e-3))(jnp.asarray(samples, jnp.float32))
    np.testing.assert_allclose(mapped[2], nir.simulate(single, samples[2], 1e-3), rtol=1e-6)
    with jax.enable_x64():
        graph = nir.from_nir(document, jnp.float64)
        check_grads(lambda each: nir.simulate(graph, each, 1e-3), (jnp.asarray(samples[0]),), 1, modes=["rev"])
        assert nir.simulate(graph, samples[0], 1e-3).dtype == jnp.float64


# --- workload


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
    np.testing.assert_array_equal(workload.output_rate[:1], workload.input_rate[1:2])
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


# --- export


def layers(leak=0.75, reset="soft", groups=1):
    works = [
        conv("conv1", 2, 4, 8, stride=2),
        pool("pool", 4, 4),
        conv("conv2", 4, 4, 2, groups=groups),
        dense("dense1", 16, 12),
        dense("dense2", 12, 3),
    ]
    made = []
    for work in works:
        kernel = None if work.kind == "pool" else RNG.normal(size=(work.fan_in, work.channels_out)).astype(np.float32)
        fires = work.name in ("conv1", "conv2", "dense1")
        made.append(
            nir.Layer(
                work,
                kernel,
                bias=0.1 if work.name == "conv1" else None,
                leak=leak,
                threshold=0.75 if fires else None,
                reset=reset,
                weight_bits=4,
                activation_bits=1,
                state_bits=8 if fires else None,
                hardware={"rows": 128, "engine": "crossbar"},
            )
        )
    return made


def forward(chain_of_layers, frames):
    """The chain in the network's own layout and arithmetic, [T, height, width, channels]."""
    signal = frames
    for layer in chain_of_layers:
        work = layer.work
        if work.kind == "pool":
            steps, height, width, channels = signal.shape
            signal = signal.reshape(steps, height // 2, 2, width // 2, 2, channels).mean((2, 4))
            continue
        if work.kind == "conv":
            weight = layer.kernel.reshape(work.kernel_height, work.kernel_width, -1, work.channels_out)
            signal = np.asarray(
                jax.lax.conv_general_dilated(
                    signal, weight, [work.stride] * 2, "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"), feature_group_count=work.groups
                )
            )
        else:
            signal = signal.reshape(len(signal), -1) @ layer.kernel
        signal = signal + (0 if layer.bias is None else layer.bias)
        if layer.threshold is not None:
            signal = fire(signal, layer)
    return signal


def fire(currents, layer):
    potential, spikes = np.zeros_like(currents[0]), []
    for current in np.asarray(currents):
        potential = np.float32(layer.leak) * potential + current
        spikes.append((potential >= layer.threshold).astype(np.float32))
        potential = potential - np.float32(layer.threshold) * spikes[-1] if layer.reset == "soft" else potential * (1 - spikes[-1])
    return np.stack(spikes)


@pytest.mark.parametrize(("leak", "reset", "groups"), [(0.75, "soft", 1), (1.0, "hard", 4)])
def test_an_exported_chain_runs_as_the_network_did(tmp_path, leak, reset, groups):
    chain_of_layers = layers(leak, reset, groups)
    path = tmp_path / "design.nir"
    nir.write(path, chain_of_layers, (8, 8, 2), timesteps=6, hardware={"family": "crossbar", "adc_bits": 6})
    frames = RNG.integers(0, 3, (6, 8, 8, 2)).astype(np.float32)
    got = nir.simulate(nir.read(path), frames.transpose(0, 3, 1, 2))
    np.testing.assert_allclose(got, forward(chain_of_layers, frames), rtol=1e-4, atol=1e-4)


def test_an_exported_design_keeps_its_bits_timesteps_and_hardware_point(tmp_path):
    nir.write(tmp_path / "design.nir", layers(), (8, 8, 2), timesteps=6, dt=1e-3, hardware={"family": "crossbar", "adc_bits": 6})
    graph = nir.read(tmp_path / "design.nir")
    assert graph.metadata_of() == {"dt": 1e-3, "timesteps": 6, "encoding": "direct", "hardware.family": "crossbar", "hardware.adc_bits": 6}
    assert graph.metadata_of("dense1")["hardware.rows"] == 128
    assert graph.metadata_of("dense1_neuron") == {"reset": "soft", "state_bits": 8}
    workload = nir.to_workload(graph)
    expected = [layer.work for layer in layers()]
    assert list(workload.layers) == expected
    np.testing.assert_array_equal(workload.weight_bits, 4)
    np.testing.assert_array_equal(workload.timesteps, 6)
    np.testing.assert_array_equal(workload.state_bits[:1], 8)


def test_a_recurrent_layer_closes_its_loop(tmp_path):
    work = LayerWork("cell", "recurrent", 2 + 3, 3)
    kernel = RNG.normal(size=(5, 3)).astype(np.float32)
    nir.write(tmp_path / "cell.nir", [nir.Layer(work, kernel, leak=0.5, threshold=0.5, reset="hard")], (2,), timesteps=9)
    graph = nir.read(tmp_path / "cell.nir")
    current = RNG.random((30, 2)).astype(np.float32)
    v, last, spikes = np.zeros(3), np.zeros(3), []
    for each in current:
        v = 0.5 * v + np.concatenate([each, last]) @ kernel
        last = (v >= 0.5).astype(float)
        v = np.where(last, 0, v)
        spikes.append(last)
    np.testing.assert_array_equal(nir.simulate(graph, current), spikes)
    assert nir.to_workload(graph).layers == (work,)


def test_a_threshold_that_is_met_exactly_fires():
    layer = nir.Layer(dense("dense", 1, 1), np.ones((1, 1)), threshold=1.0)
    assert float(nir.simulate(nir.from_nir(nir.to_nir([layer], (1,), timesteps=1)), np.ones((1, 1)))[0, 0]) == 1


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (nir.Layer(LayerWork("qk", "attention", 4, 4), None), "layer 'qk': NIR has no attention"),
        (nir.Layer(dense("fc", 4, 2), np.ones((2, 4))), r"layer 'fc': the kernel has shape \(2, 4\), expected \(4, 2\)"),
        (nir.Layer(dense("fc", 9, 2), np.ones((9, 2))), r"layer 'fc': takes 9 inputs, the layer before gives \(4,\)"),
        (nir.Layer(dense("fc", 4, 2), np.ones((4, 2)), leak=1.5, threshold=1.0), "leak must be in"),
        (nir.Layer(dense("fc", 4, 2), np.ones((4, 2)), leak=np.array([0.5, 1]), threshold=1.0), "some channels leak and some do not"),
        (nir.Layer(LayerWork("rec", "recurrent", 6, 2), np.ones((6, 2))), "a recurrent layer needs neurons"),
        (nir.Layer(conv("c", 1, 2, 8), np.ones((9, 2))), r"layer 'c': takes \(1, 8, 8\), the layer before gives \(4,\)"),
    ],
)
def test_layers_that_nir_cannot_say_are_named(layer, message):
    with pytest.raises(NirError, match=message):
        nir.to_nir([layer], (4,), timesteps=2)


def test_empty_chains_and_names_used_twice_are_refused():
    with pytest.raises(NirError, match="no layers"):
        nir.to_nir([], (4,), timesteps=1)
    twice = nir.Layer(dense("fc", 4, 4), np.ones((4, 4)))
    with pytest.raises(NirError, match="there is a node 'fc' already"):
        nir.to_nir([twice, twice], (4,), timesteps=1)
