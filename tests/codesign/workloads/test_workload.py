"""Layer shapes and workloads: counts by hand, and errors that name layer and field."""

import jax
import jax.numpy as jnp
import pytest

from codesign.workloads.workload import LayerWork, Workload, conv, dense, pool


def test_counts_of_a_convolution():
    layer = conv("c", 16, 32, 20, kernel=3, stride=2)
    assert (layer.height_out, layer.fan_in, layer.positions) == (10, 144, 100)
    assert (layer.weights, layer.macs) == (144 * 32, 144 * 32 * 100)
    assert (layer.neurons_in, layer.neurons_out) == (16 * 400, 3200)


def test_groups_divide_the_fan_in():
    assert conv("c", 16, 32, 8, groups=16).fan_in == 9
    assert conv("c", 16, 32, 8, groups=16).macs == 9 * 32 * 64


def test_layers_without_weights():
    assert (pool("p", 8, 6, 3).height_out, pool("p", 8, 6, 3).macs, pool("p", 8, 6, 3).weights) == (2, 0, 0)
    attention = LayerWork("a", "attention", 32, 32, 10, 1, 10, 1)
    assert (attention.macs, attention.weights) == (2 * 100 * 32, 0)


@pytest.mark.parametrize(("kernel", "stride", "padding", "out"), [(5, 1, 0, 28), (3, 1, None, 32), (7, 2, None, 16), (2, 2, 0, 16)])
def test_output_sizes_are_those_of_the_frameworks(kernel, stride, padding, out):
    assert conv("c", 3, 8, 32, kernel, stride, padding).height_out == out


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "conf"}, "layer 'x': kind 'conf' is unknown"),
        ({"channels_in": 0}, "layer 'x': channels_in must be an integer of at least 1, got 0"),
        ({"stride": 1.5}, "layer 'x': stride must be"),
        ({"height_in": True}, "layer 'x': height_in must be"),
        ({"groups": 3}, "layer 'x': channels_in 4 is not divisible by groups 3"),
        ({"channels_out": 5, "groups": 4}, "layer 'x': channels_out 5 is not divisible"),
        ({"neuron": "alif"}, "layer 'x': neuron 'alif' is unknown; use one of if, lif, adaptive"),
        ({"residual_inputs": -1}, "layer 'x': residual_inputs must be an integer of at least 0, got -1"),
    ],
)
def test_wrong_shapes_name_layer_and_field(fields, message):
    with pytest.raises(ValueError, match=message):
        LayerWork(**{"name": "x", "kind": "conv", "channels_in": 4, "channels_out": 4, **fields})


@pytest.mark.parametrize(
    ("layers", "values", "message"),
    [
        ([], {}, "at least one layer"),
        ([dense("a", 2, 2), dense("a", 2, 2)], {}, "must differ"),
        ([dense("a", 2, 2)], {"weight_bits": [4, 4]}, r"weight_bits has shape \(2,\), but there are 1 layers"),
        ([dense("a", 2, 2)], {"timesteps": [[4]]}, r"timesteps has shape \(1, 1\)"),
        ([dense("a", 2, 2)], {"neuron": ["if", "if"]}, "2 neurons, but there are 1 layers"),
    ],
)
def test_wrong_workloads(layers, values, message):
    with pytest.raises(ValueError, match=message):
        Workload.of(layers, **values)


def test_properties_are_leaves_and_shapes_are_static():
    work = Workload.of([dense("a", 4, 3), dense("b", 3, 2)], timesteps=[2, 5])
    leaves = jax.tree.leaves(work)
    assert len(leaves) == 11
    assert all(leaf.shape == (2,) and leaf.dtype == jnp.float32 for leaf in leaves)
    traces = []

    @jax.jit
    def total(one):
        traces.append(1)
        return jnp.sum(one.timesteps * one.static("macs"))

    assert float(total(work)) == 2 * 12 + 5 * 6
    total(jax.tree.map(lambda leaf: leaf * 2, work))
    assert len(traces) == 1


def test_names_lengths_and_static_fields():
    work = Workload.of([dense("a", 4, 3), pool("p", 3, 2)])
    assert work.names == ("a", "p")
    assert len(work) == 2
    assert [layer.name for layer in work] == ["a", "p"]
    assert work.static("macs").tolist() == [12, 0]


def test_neurons_are_replaced_but_for_pooling():
    layers = [dense("a", 4, 16), pool("p", 4, 2), dense("b", 4, 2)]
    assert [layer.neuron for layer in Workload.of(layers)] == ["lif", "integrator", "lif"]
    assert [layer.neuron for layer in Workload.of(layers, neuron="cuba")] == ["cuba", "integrator", "cuba"]
    assert [layer.neuron for layer in Workload.of(layers, neuron=["if", "if", "integrator"])] == ["if", "if", "integrator"]
