"""`codesign chips`: chips alone, by the command line, down to the best chip that there is."""

import itertools
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from search.commands.prices.chips import fixed_work
from search.problem import config
from tests.search.command import codesign

CHIPS = """
name: few
seed: 1
data: {name: digits, limit: 120}
network: {kind: mlp, hidden: [12], longest: 3}
hardware: {kind: systolic, technology: digital_28nm}
parameters:
  rows: {kind: power_of_two, low: 4, high: 128}
  columns: {kind: power_of_two, low: 4, high: 128}
  weight_bits: {kind: integer, low: 2, high: 4}
objectives: [error, latency, area]
constraints: {area: 6.0e+6}
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "few.yaml"
    path.write_text(CHIPS)
    return path


@pytest.mark.slow
def test_the_front_is_that_of_all_chips(study: Path) -> None:
    folder = study.parent / "out"
    ended = codesign("chips", study, "--starts", 12, "--steps", 40, "--output", folder, "--rate", "0.2")
    assert ended.returncode == 0, ended.stderr
    assert "left out, as nothing answers here: error" in ended.stdout
    assert "part of the work, and not searched: weight_bits" in ended.stdout
    report = (folder / "report.md").read_text()
    assert "claims nothing that no chip can do" in report
    assert "| by | rows | columns | area_um2 | energy_pj | latency_ns | violation |" in report
    found = pd.read_csv(folder / "chips.csv")
    assert np.all(found.violation <= 0)
    work = fixed_work(config.read(study), None, 0.2)
    sides = np.asarray(list(itertools.product(2.0 ** np.arange(2, 8), repeat=2)), np.float32)
    costs = pd.DataFrame(work.priced({"rows": jnp.asarray(sides[:, 0]), "columns": jnp.asarray(sides[:, 1])}))
    legal = costs[costs.area_um2 <= 6e6]
    assert len(legal) < len(costs), "the bound is felt"
    for column in ("latency_ns", "area_um2"):
        assert found[column].min() == pytest.approx(legal[column].min(), rel=1e-5)
    none = codesign("chips", study, "--starts", 12, "--steps", 40, "--output", folder, "--set", "constraints.area=3e6")
    assert none.returncode == 1
    assert "no chip meets all bounds (area, excess): the nearest exceeds one by about 37%" in none.stderr


@pytest.mark.parametrize(
    ("changed", "arguments", "complaint"),
    [
        ({}, ["--workload", "vgg99"], "unknown workload 'vgg99' (did you mean"),
        ({}, ["--rate", "3"], "--rate: must be between 0 and 1"),
        ({"[error, latency, area]": "[error, loss]"}, [], "few.yaml:11: objectives: all are about answers"),
        ({"rows:": "row:"}, ["--workload", "digits"], "few.yaml:8: parameters.row: neither Systolic nor"),
        (
            {"{kind: power_of_two, low: 4, high: 128}\n  weight": "{kind: power_of_two, low: 4, high: 128}\n  dataflow: "
             "{kind: categorical, options: [weight_stationary, output_stationary]}\n  weight"},
            [],
            "parameters.dataflow: is a choice of names",
        ),
    ],
)  # fmt: skip
def test_mistakes_are_one_line(study: Path, changed: dict[str, str], arguments: list[str], complaint: str) -> None:
    text = study.read_text()
    for old, new in changed.items():
        text = text.replace(old, new)
    study.write_text(text)
    ended = codesign("chips", study, *arguments)
    assert ended.returncode == 2
    assert complaint in ended.stderr
