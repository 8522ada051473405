"""Designs leave as NIR graphs that compute the same spikes, and as integers; what cannot is named."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from flax import nnx

from codesign.analog.arrays.array import DigitalArray
from codesign.network.builders.models import lenet, mlp, recurrent, resnet, vgg
from codesign.network.layers.style import Style
from codesign.network.operation import Operation
from codesign.network.quantise import quantise_unsigned
from codesign.nir import run as nir
from codesign.nir.design import layers_of
from search.commands import cli
from search.commands.export import export
from search.errors import UserError
from search.problem import build
from search.problem import config as configs
from search.study.store.store import Store
from search.study.unit import Unit

pytest.importorskip("nir")
STEPS, BATCH = 4, 6


def off_the_grid(network):
    """Thresholds that no sum of products meets: rounding in float32 decides nothing."""
    for module in (module for _, module in nnx.iter_graph(network)):
        if hasattr(module, "log_threshold"):
            module.log_threshold[...] += 0.0137
    return network


def agrees(network, sample_shape, x):
    """Scores of every step of the network, and of its graph run by itself."""
    layers = len(network.geometries)
    operation = Operation.of(layers, longest=STEPS, weight_bits=3)
    run = jax.jit(lambda x: network(x, operation, [DigitalArray()] * layers, jax.random.key(0)))
    ours = run(x)
    document = nir.to_nir(layers_of(network, operation), sample_shape, timesteps=STEPS)
    graph = nir.from_nir(document)
    values = quantise_unsigned(x, jnp.float32(1), jnp.float32(4))
    given = jnp.moveaxis(values, -1, 1) if values.ndim == 4 else values
    steps = jnp.broadcast_to(given[:, None], (BATCH, STEPS, *given.shape[1:]))
    theirs = jax.vmap(lambda sample: nir.simulate(graph, sample))(steps)
    np.testing.assert_allclose(jnp.swapaxes(theirs, 0, 1), ours.step_logits, atol=2e-4)
    rates = jax.vmap(lambda sample: jnp.stack([jnp.mean(v) for k, v in nir.record(graph, sample).values.items() if "_neuron" in k]))(steps)
    fired = [float(r) for r, layer in zip(ours.output_rate, network.geometries, strict=True) if layer.kind != "pool"][:-1]
    np.testing.assert_allclose(sorted(np.mean(rates, axis=0)), sorted(fired), atol=1e-6)  # as many spikes in every layer
    assert min(fired) > 0


@pytest.mark.parametrize(
    ("build_network", "shape"),
    [
        pytest.param(lambda: mlp((12,), 5, [16, 10], style=Style(learned_per="channel"), rngs=nnx.Rngs(0)), (12,), id="dense"),
        pytest.param(lambda: recurrent((12,), 5, [8], style=Style(reset="hard"), rngs=nnx.Rngs(0)), (12,), id="recurrent"),
        pytest.param(
            lambda: lenet((12, 12, 1), 5, style=Style(norm="standardised"), rngs=nnx.Rngs(0)),
            (12, 12, 1),
            id="maps",
            marks=pytest.mark.slow,
        ),
    ],
)
@pytest.mark.slow
def test_a_graph_computes_the_same_spikes(build_network, shape):
    agrees(off_the_grid(build_network()), shape, jax.random.uniform(jax.random.key(1), (BATCH, *shape)))


@pytest.mark.parametrize(
    ("network", "changed", "message"),
    [
        (lambda: mlp((4,), 3, [4], rngs=nnx.Rngs(0)), {"gate": [0, 1]}, "layer 'dense1' is a quantised-ReLU layer"),
        (lambda: mlp((4,), 3, [4], rngs=nnx.Rngs(0)), {"timesteps": 1.5}, "whole timesteps"),
        (lambda: mlp((4,), 3, [4], style=Style(neuron="cuba"), rngs=nnx.Rngs(0)), {}, "layer 'dense1': CurrentBasedNeuron"),
        (lambda: mlp((4,), 3, [4], style=Style(firing="graded"), rngs=nnx.Rngs(0)), {}, "layer 'dense1': NIR has no Graded firing"),
        (lambda: mlp((4,), 3, [4], style=Style(reset="none"), rngs=nnx.Rngs(0)), {}, "layer 'dense1': NIR neurons .* reset"),
        (lambda: vgg((4, 4, 1), 3, [2, 0], [], rngs=nnx.Rngs(0)), {}, "layer 'pool2': NIR has no Maximum pooling"),
        (lambda: resnet((4, 4, 1), 3, 8, 2, rngs=nnx.Rngs(0)), {}, "layer 'stage1_1a': Residual has no counterpart"),
    ],
)
def test_what_nir_cannot_say_is_named(network, changed, message):
    made = network()
    with pytest.raises(nir.NirError, match=message):
        layers_of(made, Operation.of(len(made.geometries), longest=STEPS, **changed))


CONFIG = """
name: exported
data: {name: digits, limit: 60}
network: {kind: mlp, hidden: [6], longest: 3}
hardware: KIND
parameters:
  timesteps: {kind: integer, low: 1, high: 3}
  weight_bits: {kind: integer, low: 2, high: 4, per_layer: true}
  GATE
objectives: [error, energy]
"""


def finished(folder: Path, kind: str, gate: str = "") -> Path:
    """A result folder with two designs whose weights are the initial ones; only the first is on the front."""
    folder.mkdir()
    (folder / ".tmp").mkdir()
    with Store(folder / "result") as store:
        text = CONFIG.replace("KIND", kind).replace("GATE", gate)
        (store.folder / "config.yaml").write_text(text)
        file = configs.read(store.folder / "config.yaml")
        problem = build.build(file)
        unit = Unit("0" * 12, {}, configs.written(file.config))
        store.put("kind", "run")
        store.add_units([unit])
        journal = store.journal(unit)
        for index in range(2):
            journal.save_arrays(f"design_{index:02d}", problem.build(index))
            # the first is better in both
            row = {"design": f"d{index:02d}", "error": 0.1 + index, "energy_pj": 1.0 + index, "feasible": True, "timesteps": 2}
            row |= {"weight_bits[dense1]": 3, "weight_bits[dense2]": 4} | ({"gate[dense1]": 0, "gate[dense2]": 1} if gate else {})
            journal.add_design(row["design"], row, pd.DataFrame(), {"values": [[row["error"], row["energy_pj"]]], "elasticities": {}})
    return folder / "result"


@pytest.mark.slow
def test_designs_leave_with_their_bits_steps_and_hardware(tmp_path, capsys):
    folder = finished(tmp_path / "digital", "{kind: systolic, technology: digital_28nm}")
    cli.app(["export", str(folder), "--format", "nir"], exit_on_error=False)
    assert capsys.readouterr().out.split() == [str(folder / "nir" / "d00.nir")]
    graph = nir.read(folder / "nir" / "d00.nir")
    assert graph.metadata_of()["timesteps"] == 2
    assert graph.metadata_of()["hardware.kind"] == "Systolic"
    assert graph.metadata_of()["hardware.rows"] > 0
    assert graph.metadata_of("dense1")["weight_bits"] == 3
    assert graph.metadata_of("dense1_neuron")["state_bits"] == 12
    assert nir.simulate(graph, np.zeros((2, 1, 8, 8), np.float32)).shape == (2, 10)
    assert [path.name for path in export(folder, "d01", "integer")] == ["d01.npz"]
    with np.load(folder / "integer" / "d01.npz") as arrays:
        assert np.abs(arrays["dense1.weights"]).max() == 3  # three bits
        assert int(arrays["steps"]) == 2
    with pytest.raises(UserError, match="has no design 'd07'"):
        export(folder, "d07", "nir")


def test_what_a_design_cannot_be_is_said_with_its_name(tmp_path):
    analog = finished(tmp_path / "analog", "{kind: crossbar, technology: rram_45nm}", "gate: {kind: gate}")
    with pytest.raises(UserError, match="d00: Crossbar computes with analog currents"):
        export(analog, None, "integer")
    with pytest.raises(UserError, match="d00: layer 'dense1' is a quantised-ReLU layer"):
        export(analog, None, "nir")
    with pytest.raises(UserError, match="holds no study"):
        export(tmp_path, None, "nir")
