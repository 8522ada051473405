"""Loops, several inputs and outputs, and graphs or files that are refused by name."""

import sys

import h5py
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from codesign.nir import run as nir
from codesign.nir.run import NirError
from tests.codesign.nir.nir_graphs import BACK, BIAS, RNG, chain, golden, package, parameters, recurrent


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
