"""What a network says of itself in a workload: neurons, shortcuts, encoders, early exit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from codesign.analog.arrays.array import DigitalArray
from codesign.network.builders.models import mlp, recurrent, resnet, transformer, vgg
from codesign.network.early_exit import exit_early
from codesign.network.encoding import ENCODINGS
from codesign.network.layers.style import NEURONS, Style
from codesign.network.learning.convert import spiking_twin
from codesign.network.operation import Operation
from codesign.network.trace import trace


def names(network) -> list[str]:
    return [layer.neuron for layer in network.geometries]


@pytest.mark.parametrize("neuron", NEURONS)
def test_a_style_names_the_neurons_that_chips_price(neuron):
    network = vgg((8, 8, 1), 3, [4, 0], [5], style=Style(neuron=neuron), rngs=nnx.Rngs(0))
    assert names(network) == [neuron, "integrator", neuron, "integrator"]


def test_scores_of_every_step_may_leak():
    style = Style(neuron="adaptive", readout="leaky_each_step", encoding="events")
    assert names(recurrent((4,), 3, [5], style=style, rngs=nnx.Rngs(0))) == ["adaptive", "leaky_integrator"]


def test_attention_has_neurons_of_its_own():
    network = transformer((8, 8, 1), 3, width=8, blocks=1, heads=2, style=Style(neuron="if"), rngs=nnx.Rngs(0))
    assert {layer.neuron for layer in network.geometries if layer.kind == "attention"} == {"if"}


def test_a_converted_network_no_longer_leaks():
    network = mlp((4,), 3, [4], style=Style(neuron="lif"), rngs=nnx.Rngs(0))
    assert names(spiking_twin(network)) == ["if", "integrator"]


def test_shortcuts_are_additions_of_the_last_layer():
    network = resnet((8, 8, 1), 3, depth=8, width=4, rngs=nnx.Rngs(0))
    added = {layer.name: layer.residual_inputs for layer in network.geometries if layer.residual_inputs}
    # the first block keeps all channels; the others hear half of theirs, the rest is zeros
    assert added == {"stage1_1b": 4 * 64, "stage2_1b": 4 * 16, "stage3_1b": 8 * 4}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encoders_compare_every_input(encoding):
    compared = 4 if encoding in ("rate", "latency", "phase") else 0
    plain = mlp((4,), 3, [5], style=Style(encoding=encoding), rngs=nnx.Rngs(0))
    looped = recurrent((4,), 3, [5], style=Style(encoding=encoding), rngs=nnx.Rngs(0))
    for network in (plain, looped):
        assert [layer.encoded_inputs for layer in network.geometries] == [compared, 0]


def test_early_exit_asks_after_every_step_that_is_run():
    network = mlp((4,), 3, [5], rngs=nnx.Rngs(0))
    x = jax.random.uniform(jax.random.key(0), (6, 4))

    def work(**settings: float):
        operation = Operation.of(2, longest=5, **settings)
        activity = network(x, operation, [DigitalArray()] * 2, jax.random.key(1))
        return trace(network.geometries, exit_early(activity, operation), operation)

    np.testing.assert_array_equal(work().exit_checks, [0, 0])
    np.testing.assert_array_equal(work(exit_entropy=0.0).exit_checks, [0, 5])
    assert work(exit_entropy=1.1).exit_checks.tolist() == [0, 1]
    assert jnp.all(work(exit_entropy=1.1).timesteps == 1)
