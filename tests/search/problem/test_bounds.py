"""What a config accepts is legal for what uses it."""

from pathlib import Path

import numpy as np
import pytest

from search.errors import UserError
from search.joint.scalarise import spread_preferences
from search.problem import config
from tests.search.toy import TOY


def read(folder: Path, old: str, new: str) -> config.Config:
    assert old in TOY
    path = folder / "toy.yaml"
    path.write_text(TOY.replace(old, new))
    return config.read(path).config


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("preference_low: 0.01", "preference_low: 0", "search.preference_low"),
        ("preference_high: 3", "preference_high: .inf", "search.preference_high"),
        ("chips: 4", "chips: 4\n  learning_rate: .inf", "search.learning_rate"),
        ("chips: 4", "chips: 4\n  chip_learning_rate: .nan", "search.chip_learning_rate"),
        ("seed: 3", "seed: 4294967296", "seed"),
    ],
)
def test_numbers_that_a_search_cannot_use_are_refused(tmp_path: Path, old: str, new: str, where: str) -> None:
    with pytest.raises(UserError, match=rf"toy\.yaml:\d+: {where}: input should be .*, got "):
        read(tmp_path, old, new)


def test_the_smallest_preferences_can_be_spread(tmp_path: Path) -> None:
    search = read(tmp_path, "preference_low: 0.01", "preference_low: 1.0e-30").search
    assert np.all(spread_preferences(5, 2, search.preference_low, search.preference_high) > 0)
