"""Problems of event data: a study on a crossbar (`test_study_outcomes` has one on a digital chip), lengths, labels for every step."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from codesign.hardware.crossbar.crossbar import Crossbar
from search.errors import UserError
from search.problem import build, config
from tests.search.toy import Silent, finished_study, toy_config


@pytest.mark.slow
def test_events_are_searched_on_a_crossbar(tmp_path: Path) -> None:
    """As `configs/nmnist_events.yaml` asks for, in small: events reach the arrays as they are, not as a coded frame."""
    data = "{name: synthetic, timesteps: 4, limit: 60}" if "CODESIGN_DATA" not in os.environ else "{name: nmnist, timesteps: 3, limit: 60}"
    path = toy_config(tmp_path, data=data, network="{kind: mlp, hidden: [12]}")
    problem = build.build(config.read(path))
    assert isinstance(problem.hardware, Crossbar)
    assert problem.operation.longest == problem.dataset.sample_shape[0]
    designs = pd.read_csv(finished_study(path, Silent()) / "designs.csv")
    assert len(designs) >= 3
    assert np.isfinite(designs[["error_mean", "energy_pj"]].to_numpy()).all()
    active = float((problem.dataset.test.inputs > 0).mean())
    assert designs["input_rate[dense1]"].between(0.5 * active, 2 * active).all()


@pytest.mark.parametrize(
    ("replaced", "complaint"),
    [
        ({"data": "{name: digits, timesteps: 4}"}, "data.timesteps: timesteps=4 cannot be asked of digits"),
        ({"data": "{name: synthetic, timesteps: 4, limit: 60}"}, "network.longest: is 3, but"),
    ],
)
def test_lengths_that_data_does_not_have_are_located(tmp_path: Path, replaced: dict, complaint: str) -> None:
    with pytest.raises(UserError, match=r"toy\.yaml:\d+: ") as caught:
        build.build(config.read(toy_config(tmp_path, **replaced)))
    assert complaint in str(caught.value)


@pytest.mark.skipif("CODESIGN_DATA" not in os.environ, reason="needs the real data in $CODESIGN_DATA")
def test_labels_per_step_are_searched_with_their_masks(tmp_path: Path) -> None:
    text = toy_config(tmp_path, data="{name: qtdb, limit: 4}", network="{kind: recurrent, hidden: [4]}", batch_size="4").read_text()
    path = tmp_path / "ecg.yaml"
    path.write_text(text.replace("  timesteps: {kind: integer, low: 1, high: 3}\n", ""))
    problem = build.build(config.read(path))
    assert problem.operation.longest == 1301
    assert (problem.dataset.train.labels == -1).any()
