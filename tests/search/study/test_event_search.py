"""Problems of event data: lengths that data have, labels for every step. A study of events is in `test_study_outcomes`."""

import os
from pathlib import Path

import pytest

from search.errors import UserError
from search.problem import build, config
from tests.search.toy import toy_config


@pytest.mark.parametrize(
    ("replaced", "complaint"),
    [
        ({"data": "{name: digits, timesteps: 4}"}, "data.timesteps: timesteps=4 cannot be asked of digits"),
        ({"data": "{name: synthetic, timesteps: 4, limit: 20}"}, "network.longest: is 3, but"),
    ],
)
def test_lengths_that_data_does_not_have_are_located(tmp_path: Path, replaced: dict, complaint: str) -> None:
    with pytest.raises(UserError, match=r"toy\.yaml:\d+: ") as caught:
        build.build(config.read(toy_config(tmp_path, **replaced)))
    assert complaint in str(caught.value)


@pytest.mark.skipif("CODESIGN_DATA" not in os.environ, reason="needs the real data in $CODESIGN_DATA")
def test_labels_per_step_are_searched_with_their_masks(tmp_path: Path) -> None:
    text = toy_config(tmp_path, data="{name: qtdb, limit: 4}", network="{kind: recurrent, hidden: [4]}").read_text()
    path = tmp_path / "ecg.yaml"
    path.write_text(text.replace("  timesteps: {kind: integer, low: 1, high: 3}\n", ""))
    problem = build.build(config.read(path))
    assert problem.operation.longest == 1301
    assert (problem.dataset.train.labels == -1).any()
