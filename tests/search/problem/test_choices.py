"""What a chip chooses by name: a dataflow, the engine of each layer. Located mistakes, and a study whose designs are legal choices."""

import dataclasses
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from codesign.hardware.systolic.array import Systolic
from codesign.parameters.categorical import Categorical
from search.commands.export import hardware_point
from search.errors import UserError
from search.problem import build, config
from tests.search.toy import TOY, Silent, finished_study

SYSTOLIC = "hardware: {kind: systolic, technology: digital_28nm}"
CROSSBAR = "hardware: {kind: crossbar, technology: rram_45nm}"
HYBRID = """hardware:
  kind: hybrid
  technology: digital_14nm
  engines:
    array: {kind: systolic}
    cores: {kind: manycore}"""
LOIHI = "hardware: {kind: manycore, technology: loihi_14nm}"
FLOWS = "{kind: categorical, options: [weight_stationary, output_stationary, spike_tailored], per_layer: true}"


def toy(folder: Path, hardware: str, parameters: str) -> Path:
    head, rest = TOY.split("hardware:")
    tail = rest.split("objectives:")[1]
    path = folder / "toy.yaml"
    path.write_text(f"{head}{hardware}\nparameters:\n{parameters}\nobjectives:{tail}")
    return path


def test_a_dataflow_for_each_layer(tmp_path: Path) -> None:
    """Shares of a relaxed point and numbers of a hardened one reach the chip alike."""
    problem = build.build(config.read(toy(tmp_path, SYSTOLIC, f"  dataflow: {FLOWS}\n  rows: {{kind: power_of_two, low: 8, high: 32}}")))
    space = problem.space
    assert space.shape("dataflow") == (2, 3)
    network = problem.build(0)
    hard = problem.place(network, {"dataflow": jnp.asarray([2.0, 0.0]), "rows": jnp.float32(16)})
    np.testing.assert_array_equal(hard.hardware.dataflow, [[0, 0, 1], [1, 0, 0]])
    latents = space.latents({"dataflow": [2.0, 0.0], "rows": 16.0})
    soft = problem.place(network, space.relax(latents))
    np.testing.assert_allclose(soft.hardware.dataflow, hard.hardware.dataflow, atol=1e-6)


@pytest.mark.parametrize(("hardware", "name"), [(CROSSBAR, "memory"), (SYSTOLIC, "memory"), (HYBRID, "array.memory")])
def test_a_memory_cell_of_any_family(tmp_path: Path, hardware: str, name: str) -> None:
    cells = "{kind: categorical, options: [hp, lop, lstp]}"
    problem = build.build(config.read(toy(tmp_path, hardware, f"  {name}: {cells}")))
    placed = problem.place(problem.build(0), {name: jnp.float32(2)}).hardware
    chip = placed.engines[0] if hardware is HYBRID else placed
    np.testing.assert_array_equal(chip.memory, [0, 0, 1])
    assert chip.choices["memory"] == ("hp", "lop", "lstp")
    wrong = cells.replace("lstp", "lstpp")
    with pytest.raises(UserError, match=f"parameters.{name}.*did you mean 'lstp'"):
        build.build(config.read(toy(tmp_path, hardware, f"  {name}: {wrong}")))


def test_an_exported_chip_names_its_choices() -> None:
    """As many options as layers are not a number for each layer: catches a share that is written as the layer's setting."""
    both = Systolic.of(dataflow=("weight_stationary", "output_stationary"))
    alike = dataclasses.replace(both, dataflow=jnp.asarray([0.0, 1.0]))
    assert hardware_point(alike, 2)["dataflow"] == "output_stationary"
    assert "dataflow" not in hardware_point(alike, 2, 0)
    layered = dataclasses.replace(both, dataflow=jnp.asarray([[0.0, 1.0], [1.0, 0.0]]))
    assert "dataflow" not in hardware_point(layered, 2)
    assert [hardware_point(layered, 2, i)["dataflow"] for i in range(2)] == ["output_stationary", "weight_stationary"]
    assert hardware_point(Systolic.of(), 1)["dataflow"] == "weight_stationary"


@pytest.mark.parametrize(
    ("hardware", "parameters", "where", "what"),
    [
        (SYSTOLIC, FLOWS.replace("spike_tailored", "spike_taylored"), "dataflow", "did you mean 'spike_tailored'"),
        (SYSTOLIC, "{kind: integer, low: 0, high: 3}", "dataflow", "kind: categorical"),
        (CROSSBAR, FLOWS, "dataflow", "neither Crossbar"),
        (
            HYBRID,
            "{kind: categorical, options: [array, core], per_layer: true}",
            "assignment",
            r"options: \[array, cores\], per_layer: true",
        ),
        (HYBRID, "{kind: categorical, options: [array, cores]}", "assignment", "per_layer: true"),
        (HYBRID, "{kind: integer, low: 0, high: 1}", "assignment", "kind: categorical"),
        (SYSTOLIC, "{kind: categorical, options: [a, b]}", "rows", "is a number, not a choice of names"),
        (LOIHI, "{kind: continuous, low: 50, high: 500}", "clock_mhz", "whose events are measured"),
        (LOIHI, "{kind: categorical, options: [lop, lstp]}", "memory", "whose events are measured"),
        (LOIHI, "{kind: categorical, options: [barrier, asynchron]}", "synchronisation", "did you mean 'asynchronous'"),
        (LOIHI, "{kind: categorical, options: [barrier, asynchronous], per_layer: true}", "synchronisation", "no layer has its own"),
        ("hardware: {kind: manycore, technology: digital_28nm}", "{kind: integer, low: 0, high: 1}", "memory", "neither ManyCore"),
    ],
)
def test_mistakes_are_located(tmp_path: Path, hardware: str, parameters: str, where: str, what: str) -> None:
    with pytest.raises(UserError, match=rf"toy\.yaml:\d+: parameters\.{where}: .*{what}"):
        build.build(config.read(toy(tmp_path, hardware, f"  {where}: {parameters}")))


@pytest.mark.parametrize(("style", "what"), [("norm: standardised", "adds a bias"), ("firing: stochastic", "without an event")])
def test_neurons_that_wait_for_events_have_nothing_else_that_moves_them(tmp_path: Path, style: str, what: str) -> None:
    cores = "hardware: {kind: manycore, technology: digital_28nm, fixed: {updates: on_events}}"
    path = toy(tmp_path, cores, "  timesteps: {kind: integer, low: 1, high: 3}")
    assert build.build(config.read(path)).hardware.updates_names == ("on_events",)
    path.write_text(path.read_text().replace("longest: 3}", f"longest: 3, options: {{{style}}}}}"))
    with pytest.raises(UserError, match=f"hardware.fixed.updates: .*{what}"):
        build.build(config.read(path))


@pytest.mark.slow
def test_a_study_of_a_chip_of_two_engines(tmp_path: Path) -> None:
    """Gates, engines and a dataflow are searched together: every design is a legal choice, and costs what the exact model says."""
    parameters = (
        "  assignment: {kind: categorical, options: [array, cores], per_layer: true}\n"
        f"  array.dataflow: {FLOWS.replace(', output_stationary', '')}\n"
        "  gate: {kind: gate, per_layer: true}\n"
        "  weight_bits: {kind: integer, low: 2, high: 4, per_layer: true}"
    )
    path = toy(tmp_path, HYBRID, parameters)
    designs = pd.read_csv(finished_study(path, Silent()) / "designs.csv")
    for name, parameter in build.build(config.read(path)).space.parameters.items():
        for layer in ("dense1", "dense2"):
            if isinstance(parameter, Categorical):
                assert set(designs[f"{name}[{layer}]"]) <= set(parameter.options)
            else:
                assert designs[f"{name}[{layer}]"].map(parameter.is_legal).all()
    assert np.isfinite(designs[["error_mean", "energy_pj"]].to_numpy()).all()


def test_one_number_of_bits_for_all_layers(tmp_path: Path) -> None:
    """A field that has one value a layer takes a global parameter too."""
    problem = build.build(config.read(toy(tmp_path, SYSTOLIC, "  weight_bits: {kind: integer, low: 2, high: 6}")))
    placed = problem.place(problem.build(0), {"weight_bits": jnp.float32(3)})
    np.testing.assert_array_equal(placed.operation.weight_bits, [3, 3])


def test_layers_of_a_hybrid_may_be_assigned_by_the_user(tmp_path: Path) -> None:
    def fixed(text: str) -> Path:
        return toy(tmp_path, f"{HYBRID}\n  fixed: {{assignment: {text}}}", "  array.rows: {kind: power_of_two, low: 8, high: 32}")

    for text, expected in (("cores", [[0, 1], [0, 1]]), ("[1, 0]", [[0, 1], [1, 0]])):
        np.testing.assert_array_equal(build.build(config.read(fixed(text))).hardware.assignment, expected)
    with pytest.raises(UserError, match=r"fixed\.assignment: unknown engine 'core' \(did you mean 'cores'\?\)"):
        build.build(config.read(fixed("core")))
    with pytest.raises(UserError, match=r"a number for each of 2 layers \(0 for array, 1 for cores\), got \[2\.0, 0\.0\]"):
        build.build(config.read(fixed("[2, 0]")))
