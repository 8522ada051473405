"""Configs from Python: values that replace others, and mistakes told by their key."""

from pathlib import Path

import numpy as np
import pytest

from search.errors import UserError
from search.launch.document import document
from search.problem.config import checked_file, written
from tests.search.toy import toy_config


def test_a_mapping_is_the_file_that_says_the_same(tmp_path: Path) -> None:
    file = checked_file(*document(toy_config(tmp_path), {}))
    same = checked_file(*document(written(file.config), {}))
    assert same.config.hash() == file.config.hash()


def test_values_are_replaced_key_by_key(tmp_path: Path) -> None:
    changes = {"seed": np.int64(7), "search": {"population": 4}, "search.chips": 2, "network.hidden": (8, 4)}
    config = checked_file(*document(toy_config(tmp_path), changes)).config
    assert (config.seed, config.search.population, config.search.chips, config.network.hidden) == (7, 4, 2, [8, 4])
    assert config.search.batch_size == 32, "a mapping is merged"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"search": {"populaton": 4}}, "population"),
        ({"search.kind": object()}, "texts, numbers, lists and mappings, not object"),
        ({"seed": "many"}, "seed"),
        ({"search.populaton": 4}, r"^search\.populaton=4: .*did you mean .*population"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, changes: dict, said: str) -> None:
    with pytest.raises(UserError, match=said):
        checked_file(*document(toy_config(tmp_path), changes))
