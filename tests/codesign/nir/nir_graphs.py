"""NIR graphs that several files of tests share."""

import gzip
import itertools

import numpy as np
import pytest

from codesign.nir import run as nir
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


def parameters(*names, size=6):
    ranges = {"tau": (2e-3, 9e-3), "tau_mem": (2e-3, 9e-3), "tau_syn": (1e-3, 5e-3), "v_threshold": (0.4, 1), "v_reset": (-0.3, 0.2)}
    return {name: RNG.uniform(*ranges.get(name, (0.2, 2)), size).astype(np.float32) for name in names}


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


def sinabs_graph(folder):
    """The reference graph as a document and imported, random events, and what they cause."""
    document = package.read(golden("cnn_sinabs.nir", folder))
    events = (RNG.random((12, 2, 34, 34)) < 0.2).astype(np.float32)
    graph = nir.from_nir(document)
    return document, graph, events, nir.record(graph, events)
