"""What a run chooses in place of what a network is built with: from a config to designs, and mistakes that are located."""

import dataclasses
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from codesign.data.dataset import Dataset, Split
from search.commands.configs.parameters import of_operation
from search.errors import UserError
from search.problem import build, config
from search.problem.network import network_builder
from search.problem.problem import make_problem
from search.unit.facts import operation
from tests.search.toy import TOY, Silent, digital, finished_study

CODES = "  input_code: {kind: categorical, options: [direct, rate, latency]}\n"
RESETS = "  reset: {kind: categorical, options: [soft, hard], per_layer: true}\n"
WARMTH = "  firing_temperature: {kind: continuous, low: 0.05, high: 1, log: true, per_layer: true}\n"
PAYLOAD = "  payload_bits: {kind: integer, low: 1, high: 3, per_layer: true}\n"


def toy(folder: Path, parameters: str, options: str = "") -> config.ConfigFile:
    path = folder / "toy.yaml"
    text = digital(TOY).replace("parameters:\n", f"parameters:\n{parameters}")
    path.write_text(text.replace("longest: 3}", f"longest: 3, options: {{{options}}}}}"))
    return config.read(path)


def test_choices_reach_the_run(tmp_path: Path) -> None:
    """Shares of a relaxed point and numbers of a hardened one alike; one reset for all layers, or one each; the payload's ceiling."""
    file = toy(tmp_path, CODES + RESETS + PAYLOAD, "firing: graded")
    problem = build.build(file)
    assert problem.operation.choices == {"input_code": ("direct", "rate", "latency"), "reset": ("soft", "hard")}
    values = {"input_code": 2.0, "reset": [1.0, 0.0], "payload_bits": [3.0, 1.0]}
    hard = problem.place(problem.build(0), {name: jnp.asarray(value) for name, value in values.items()}).operation
    np.testing.assert_array_equal(hard.input_code, [0, 0, 1])
    np.testing.assert_array_equal(hard.reset, [[0, 1], [1, 0]])
    space = dataclasses.replace(problem.space, parameters={name: problem.space.parameters[name] for name in values})
    soft = problem.place(problem.build(0), space.relax(space.latents(values))).operation
    np.testing.assert_allclose(soft.input_code, hard.input_code, atol=1e-6)
    np.testing.assert_allclose(soft.reset, hard.reset, atol=1e-6)
    assert operation(problem).keys() == {"activation_bits", "state_bits", "gate", "exit_entropy", "longest"}


@pytest.mark.parametrize(
    ("parameters", "options", "place", "what"),
    [
        (CODES.replace("latency", "latancy"), "", "parameters.input_code", "did you mean 'latency'"),
        ("  input_code: {kind: integer, low: 0, high: 3}\n", "", "parameters.input_code", "options: .direct, rate, latency, phase."),
        (CODES.replace("]}", "], per_layer: true}"), "", "parameters.input_code", "leave out per_layer"),
        (CODES, "encoding: rate", "network.options.encoding", "chosen as parameters.input_code too"),
        (RESETS.replace("hard", "hrad"), "", "parameters.reset", "did you mean 'hard'"),
        (WARMTH, "", "parameters.firing_temperature", "binary firing .*firing: stochastic"),
        (WARMTH, "firing: stochastic, temperature: 0.2", "network.options.temperature", "chosen as parameters.firing_temperature too"),
        (PAYLOAD, "firing: stochastic", "parameters.payload_bits", "stochastic firing .*firing: graded"),
        (PAYLOAD.replace("3", "9"), "firing: graded", "parameters.payload_bits", "1 to 8"),
    ],
)
def test_mistakes_are_located(tmp_path: Path, parameters: str, options: str, place: str, what: str) -> None:
    with pytest.raises(UserError, match=rf"toy\.yaml:\d+: {place}: .*{what}"):
        build.build(toy(tmp_path, parameters, options))


def test_data_with_a_time_axis_refuse_codes(tmp_path: Path) -> None:
    file = toy(tmp_path, CODES)
    template = build.build(file)
    split = Split(np.zeros((4, 3, 6), np.float32), np.zeros(4, np.int32))
    events = Dataset("made", split, split, split, 3, (3, 6), "events")
    network = network_builder(file, file.config.network, events)
    with pytest.raises(UserError, match=r"parameters\.input_code: these data have a time axis of their own and enter as events"):
        make_problem(events, network, template.hardware, template.technology, template.space.parameters, template.objectives, {}, longest=3)


def test_the_list_of_parameters_names_the_options() -> None:
    rows = {row.name: row for row in of_operation()}
    assert rows["input_code"].legal == "direct, rate, latency, phase"
    assert (rows["input_code"].per_layer, rows["reset"].per_layer) == ("no", "yes")


@pytest.mark.slow
@pytest.mark.parametrize(("parameters", "firing"), [(CODES + RESETS + WARMTH, "stochastic"), (PAYLOAD, "graded")])
def test_a_study_of_what_a_run_chooses(tmp_path: Path, parameters: str, firing: str) -> None:
    """Every design is a legal choice, by name where it has one, and was measured."""
    file = toy(tmp_path, parameters, f"firing: {firing}")
    designs = pd.read_csv(finished_study(tmp_path / "toy.yaml", Silent()) / "designs.csv")
    for name in (line.split(":")[0].strip() for line in parameters.splitlines()):
        parameter = build.build(file).space.parameters[name]
        column = designs[f"{name}[dense1]" if parameter.per_layer else name]
        assert set(column) <= set(parameter.options) if hasattr(parameter, "options") else column.map(parameter.is_legal).all()
    assert np.isfinite(designs[["error_mean", "energy_pj"]].to_numpy()).all()
