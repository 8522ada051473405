"""Delays in loops take the time they say, and what is inert in a design does not stop its export."""

import numpy as np
import pytest
from flax import nnx

from codesign.network.builders.models import vgg
from codesign.network.operation import Operation
from codesign.nir import run as nir
from codesign.nir.design import layers_of
from codesign.nir.run import NirError
from tests.codesign.nir.nir_graphs import package


def pulses(order: tuple[str, ...], delay_s: float) -> np.ndarray:
    """Steps in which a neuron fires that one input sets off, and that its own spike, going round the loop, fires again."""
    ends = {"in": package.Input({"input": np.array([1])}), "out": package.Output({"output": np.array([1])})}
    neuron = package.IF(r=np.ones(1), v_threshold=np.full(1, 0.5), v_reset=np.zeros(1))
    # makes up for the integrator's dt
    weight = package.Linear(np.full((1, 1), 1000.0))
    parts = {"if": neuron, "other": neuron, "delay": package.Delay(np.full(1, delay_s)), "weight": weight, "again": weight}
    nodes = ends | {name: parts[name] for name in order} | {"gain": weight}
    loop = list(zip(order, (*order[1:], order[0]), strict=True))
    graph = nir.from_nir(package.NIRGraph(nodes, [("in", "gain"), ("gain", "if"), *loop, ("if", "out")], type_check=False))
    return np.flatnonzero(nir.simulate(graph, np.eye(1, 13).T, dt=1e-3))


@pytest.mark.parametrize("order", [("if", "delay", "weight"), ("if", "weight", "delay"), ("if", "delay", "weight", "other", "again")])
@pytest.mark.parametrize("steps", [0, 1, 3])
def test_a_loop_takes_its_delay(order: tuple[str, ...], steps: int) -> None:
    """A loop without time takes the one step that it needs to have an order."""
    np.testing.assert_array_equal(pulses(order, steps * 1e-3), np.arange(0, 13, max(steps, 1)))


def test_a_pool_s_gate_does_not_stop_an_export() -> None:
    network = vgg((4, 4, 1), 3, [2, 0], [], pool="average", rngs=nnx.Rngs(0))
    kinds = [layer.kind for layer in network.geometries]
    assert kinds == ["conv", "pool", "dense"]
    made = layers_of(network, Operation.of(3, longest=2, gate=[1, 0.3, 1]))
    assert [layer.work.name for layer in made] == [layer.name for layer in network.geometries]
    with pytest.raises(NirError, match="'conv1' is a quantised-ReLU layer"):
        layers_of(network, Operation.of(3, longest=2, gate=[0, 1, 1]))
