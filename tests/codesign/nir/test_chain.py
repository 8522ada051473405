"""Chains of layers, exported and run again."""

import dataclasses

import jax
import numpy as np
import pytest

from codesign.nir import run as nir
from codesign.nir.run import NirError
from codesign.workloads.workload import LayerWork, conv, dense, pool
from tests.codesign.nir.nir_graphs import RNG


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
    # the last has no neurons
    expected[-1] = dataclasses.replace(expected[-1], neuron="integrator")
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
