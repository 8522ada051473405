"""What is stored of a unit for spec sheets: layers, and what of chip and operation was not searched, in plain values with units."""

import json
from pathlib import Path

import pytest

from search.problem import build, config
from search.unit import facts
from tests.search.toy import toy_config

HYBRID = """
name: two
data: {name: digits, limit: 120}
network: {kind: mlp, hidden: [12], longest: 3, operation: {gate: 0}}
hardware:
  kind: hybrid
  technology: digital_14nm
  engines:
    array: {kind: systolic, fixed: {dataflow: output_stationary}}
    cores: {kind: manycore}
parameters:
  assignment: {kind: categorical, options: [array, cores], per_layer: true}
  array.rows: {kind: power_of_two, low: 4, high: 64}
  timesteps: {kind: integer, low: 1, high: 3}
objectives: [error, energy]
"""


def test_layers_and_all_that_was_not_searched(tmp_path: Path) -> None:
    problem = build.build(config.read(toy_config(tmp_path)))
    found = json.loads(json.dumps(facts.stored(problem)))
    first, last = found["layers"]
    assert (first["name"], first["kind"], first["input"], first["output"]) == ("dense1", "dense", [64, 1, 1], [12, 1, 1])
    assert first["weights"] == first["macs"] == 64 * 12
    assert (last["outputs"], last["neuron"]) == (10, "integrator")
    chip = found["chip"]
    assert chip["family"] == {"value": "crossbar", "unit": ""}
    assert chip["cell_bits"] == {"value": 1.0, "unit": "bit"}
    assert chip["clock_mhz"]["unit"] == "MHz"
    # as configs name it
    assert chip["encoding"]["value"] == "differential"
    # what was searched is in each design's row, and nowhere else
    assert not chip.keys() & problem.space.parameters.keys()
    assert found["operation"]["state_bits"] == {"value": 12.0, "unit": "bit"}
    assert found["operation"]["gate"]["value"] == 1, "all spike where nothing is said"
    assert not found["operation"].keys() & {"timesteps", "weight_bits"}


def test_engines_of_a_hybrid_chip_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "hybrid.yaml"
    path.write_text(HYBRID)
    found = json.loads(json.dumps(facts.stored(build.build(config.read(path)))))
    chip = found["chip"]
    assert "assignment" not in chip
    assert "array.rows" not in chip
    assert chip["array.columns"]["value"] > 0
    assert chip["array.dataflow"] == {"value": "output_stationary", "unit": ""}
    assert (chip["array.family"]["value"], chip["cores.family"]["value"]) == ("systolic", "manycore")
    assert found["operation"]["gate"]["value"] == pytest.approx([0, 0])
