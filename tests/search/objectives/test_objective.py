import dataclasses
import sys

import jax
import numpy as np
import pytest

from codesign.testing import check_objective
from search.errors import UserError
from search.objectives import registry as objective
from search.objectives.constraint import Constraint
from search.problem import build, config
from search.problem.batches import as_batch
from search.problem.problem import as_values
from search.results.recommend import choose, sentence
from search.results.view import View
from tests.search.toy import TOY, toy_config


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory):
    """Of a network as it is built: objectives ask for numbers, not for good ones."""
    problem = build.build(config.read(toy_config(tmp_path_factory.mktemp("toy"))))
    point = {"rows": 32.0, "adc_bits": 5.0, "timesteps": 2.0, "weight_bits": [3.0, 3.0], "programming_sigma": [0.05, 0.05]}
    design, batch = problem.place(problem.build(0), as_values(problem.space, point)), as_batch(problem.dataset.test)
    return jax.jit(lambda d, k: problem.evaluate(d, batch, k, exact=False, hardness=0.5))(design, jax.random.key(2))


@pytest.fixture(scope="module")
def on_chips(evaluation):
    """The same as if measured on three chips that differ."""
    spread = jax.numpy.asarray([0.9, 1.0, 1.1])
    return dataclasses.replace(evaluation, chip_loss=evaluation.loss * spread, chip_accuracy=evaluation.accuracy * spread / 1.1)


@pytest.mark.parametrize("name", sorted(objective.REGISTRY))
def test_every_objective_keeps_the_contract(on_chips, name: str) -> None:
    found = objective.find(name)
    if name == "excess":
        # of a legal chip it is flat: one that asks for too much has the slope
        on_chips = dataclasses.replace(on_chips, cost=dataclasses.replace(on_chips.cost, excess=on_chips.cost.log_edp))
    assert (found.name, bool(found.unit), found.column.startswith(name)) == (name, True, True)
    assert "ok: gradients" in check_objective(found, on_chips)


def test_what_is_legal_is_exactly_so(evaluation) -> None:
    found = objective.find("excess")
    for excess, value in [(0.0, 0.0), (5e-5, 0.0), (0.5, 0.4999)]:
        asked = dataclasses.replace(evaluation, cost=dataclasses.replace(evaluation.cost, excess=jax.numpy.asarray(excess)))
        assert float(found(asked)) == pytest.approx(value)


def test_robust_objectives_see_every_chip(evaluation, on_chips) -> None:
    worst, three_sigma, error = (objective.find(name) for name in ("worst_chip_error", "error_3_sigma", "error"))
    assert float(worst(on_chips)) == pytest.approx(1 - float(on_chips.chip_accuracy.min()), abs=1e-6)
    errors = 1 - np.asarray(on_chips.chip_accuracy)
    assert float(three_sigma(on_chips)) == pytest.approx(errors.mean() + 3 * errors.std(), rel=1e-5)
    # on one chip both are its error, with a gradient
    for robust in (worst, three_sigma):
        assert float(robust(evaluation)) == pytest.approx(float(error(evaluation)), abs=1e-6)
        assert np.isfinite(jax.tree.leaves(jax.grad(robust.relaxed)(evaluation))[0]).all()


def test_products_agree_with_their_factors(evaluation) -> None:
    energy, latency, area, edap = (float(objective.find(n)(evaluation)) for n in ("energy", "latency", "area", "edap"))
    assert edap == pytest.approx(energy * latency * area / 1e6, rel=1e-4)
    assert float(objective.find("edap").relaxed(evaluation)) == pytest.approx(np.log(edap), rel=1e-4)
    work = evaluation.workload
    hidden = [float(r) * layer.neurons_out for r, layer in zip(work.output_rate, work, strict=True)][:-1]
    assert float(objective.find("spikes")(evaluation)) == pytest.approx(sum(hidden) * float(work.timesteps[0]), rel=1e-5)


def test_what_is_maximised_is_turned_round_in_one_place(evaluation) -> None:
    @objective.objective("throughput", "1/s", "maximise")
    def throughput(e):
        """Inferences per second."""
        return 1e9 / e.cost.latency

    try:
        found, latency = objective.find("throughput"), objective.find("latency")
        assert "ok: gradients" in check_objective(found, evaluation)
        difference = float(found.relaxed(evaluation) - latency.relaxed(evaluation))
        assert difference == pytest.approx(-np.log(1e9), rel=1e-4)
        at_least = Constraint(found, float(found(evaluation)) * 2)
        assert float(at_least.excess(found(evaluation))) == pytest.approx(np.log(2), rel=1e-4)
        assert "at least" in at_least.describe(1.0)
        assert list(found.share(np.array([1e3, 1e4]), 1e3)) == pytest.approx([0.75, 0.5])
    finally:
        del objective.REGISTRY["throughput"]


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (lambda e: e.workload.output_rate, "expected a scalar"),
        (lambda e: jax.numpy.log(-e.loss), "the value is nan"),
        (lambda e: jax.numpy.asarray(float(e.loss)), "compiles: Concretization"),
        (lambda e: jax.numpy.sqrt(e.loss - e.loss), "the gradient is not finite with respect to .loss"),
        (lambda e: jax.numpy.round(e.accuracy), "the gradient is zero everywhere"),
    ],
)
def test_the_check_names_what_is_wrong(evaluation, wrong, what: str) -> None:
    with pytest.raises(AssertionError, match=what):
        check_objective(wrong, evaluation)


def test_a_bound_pulls_by_what_is_measured_and_along_what_is_smooth(evaluation) -> None:
    bound = Constraint(objective.find("error"), 0.03)
    measured = jax.numpy.float32(0.7)
    excess, gradient = jax.value_and_grad(lambda e: bound.steered(e, measured))(evaluation)
    assert float(excess) == pytest.approx(0.7, rel=1e-5)
    assert float(gradient.smoothed_loss) == pytest.approx(1)
    area = Constraint(objective.find("area"), 2 * float(evaluation.cost.area))
    assert float(area.steered(evaluation, measured)) == pytest.approx(-np.log(2), rel=1e-4)
    assert area.describe(1e6).startswith("area 1 mm² against at most")


def test_a_users_objective_by_import_path(tmp_path, monkeypatch, evaluation) -> None:
    (tmp_path / "mine.py").write_text(
        "from search.objectives import AbstractObjective\n"
        "class Spikes(AbstractObjective):\n"
        "    name, unit = 'spikes', '1'\n"
        "    def __call__(self, evaluation):\n"
        "        work = evaluation.workload\n"
        "        return (work.output_rate * work.static('neurons_out') * work.timesteps).sum()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert float(objective.find("mine:Spikes")(evaluation)) > 0
    sys.modules.pop("mine")
    with pytest.raises(UserError, match="cannot be imported"):
        objective.find("mine:Spokes")


def test_an_installed_packages_objective_by_name(tmp_path, monkeypatch, evaluation) -> None:
    """Found as pip leaves it: a module and its metadata on the path."""
    (tmp_path / "spiky.py").write_text(
        "from search.objectives import AbstractObjective\n"
        "class Steps(AbstractObjective):\n"
        "    name = 'spiky_steps'\n"
        "    unit = '1'\n"
        "    def __call__(self, evaluation):\n"
        "        return evaluation.workload.timesteps.max()\n"
    )
    metadata = tmp_path / "spiky-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: spiky\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[codesign.objectives]\nspiky_steps = spiky:Steps\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "spiky_steps" in objective.available()
    assert float(objective.find("spiky_steps")(evaluation)) == float(evaluation.workload.timesteps.max())


def test_unknown_objectives_name_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean 'energy'"):
        objective.find("enrgy")


def test_the_recommendation_is_chosen_by_validation_data() -> None:
    import pandas as pd

    row = {
        "origin": "member",
        "rows": 64.0,
        "columns": 32.0,
        "adc_bits": 5.0,
        "error_std": 0.01,
        "chips": 16,
        "latency_ns": 1e3,
    }
    designs = pd.DataFrame(
        [
            {
                **row,
                "design": "d00",
                "feasible": True,
                "validation_error": 0.030,
                "error": 0.02,
                "error_mean": 0.02,
                "energy_pj": 9e3,
                "validation_energy_pj": 9e3,
            },
            {
                **row,
                "design": "d01",
                "feasible": True,
                "validation_error": 0.035,
                "error": 0.06,
                "error_mean": 0.06,
                "energy_pj": 3e3,
                "validation_energy_pj": 3e3,
            },
            {
                **row,
                "design": "d02",
                "feasible": True,
                "validation_error": 0.200,
                "error": 0.19,
                "error_mean": 0.19,
                "energy_pj": 1e3,
                "validation_energy_pj": 1e3,
            },
            {
                **row,
                "design": "d03",
                "feasible": False,
                "validation_error": 0.001,
                "error": 0.01,
                "error_mean": 0.01,
                "energy_pj": 1e2,
                "validation_energy_pj": 1e2,
            },
        ]
    )
    error, energy = objective.find("error"), objective.find("energy")
    view = View((error, energy), (Constraint(error, 0.05),), ("rows", "columns", "adc_bits"))
    chosen = choose(designs, view)
    assert chosen is not None
    assert chosen.design == "d01"
    assert sentence(designs, view).startswith(
        "Build d01: arrays of 64 x 32, adc bits 5; 6.0% test error (± 1.0% over 16 simulated chips) at 3 nJ"
    )
    assert "3.0x less energy" in sentence(designs, view)
    nothing = sentence(designs.assign(feasible=False, violation=[0.3, 0.1, 0.4, 0.5], error=[0.1, 0.055, 0.3, 0.4]), view)
    assert nothing == "Build nothing yet: infeasible because of error: the nearest design, d01, has error 5.50% against at most 5.00%."


@pytest.mark.slow
def test_a_worst_chip_a_month_old_is_measured_where_it_is_asked_for(tmp_path) -> None:
    start, _, _ = TOY.partition("  timesteps:")
    path = tmp_path / "aged.yaml"
    path.write_text(start.replace("hidden: [12]", "hidden: [8]") + "objectives: [aged_error, worst_chip_error, energy]\n")
    problem = build.build(config.read(path))
    design = problem.place(problem.build(0), problem.space.relax(problem.space.latents({"rows": 32.0, "adc_bits": 5.0})))
    batch = as_batch(problem.dataset.validation)
    found = jax.jit(lambda d, k: problem.evaluate(d, batch, k, exact=True))(design, jax.random.key(0))
    assert found.chip_loss.shape == (4,)
    assert float(found.aged_loss) != pytest.approx(float(found.loss), rel=1e-4), "devices have drifted"
    values = problem.values(found)
    assert float(values[0]) == pytest.approx(1 - float(found.aged_accuracy), abs=1e-6)
    assert float(values[1]) == pytest.approx(1 - float(found.chip_accuracy.min()), abs=1e-6)
