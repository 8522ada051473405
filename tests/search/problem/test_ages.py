"""Objectives some time after programming: a study measures one age."""

from pathlib import Path

import pytest

from search.errors import UserError
from search.objectives.answers import AgedError
from search.objectives.registry import REGISTRY
from search.problem import build, config
from tests.search.toy import toy_config


class DayError(AgedError):
    """The same a day after programming."""

    name, age_s = "day_error", 86400.0


@pytest.mark.parametrize("extra", ["constraints: {day_error: 0.5}", ""])
def test_objectives_of_different_ages_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extra: str) -> None:
    monkeypatch.setitem(REGISTRY, "day_error", DayError)
    names = "[aged_error, energy]" if extra else "[aged_error, day_error, energy]"
    path = toy_config(tmp_path, objectives=names)
    path.write_text(f"{path.read_text()}\n{extra}\n")
    with pytest.raises(UserError, match=r"toy\.yaml:\d+: objectives: a study measures one age, not several \(aged_error after .* s, day"):
        build.build(config.read(path))


def test_recalibration_of_chips_that_are_not_aged_is_refused(tmp_path: Path) -> None:
    path = toy_config(tmp_path)
    path.write_text(path.read_text().replace("search:\n", "search:\n  aged_chips: 0\n  recalibrate: true\n"))
    with pytest.raises(UserError, match=r"recalibrate is about chips that have aged, and aged_chips is 0"):
        config.read(path)


def test_recalibration_of_groups_of_channels_is_refused_before_anything_runs(tmp_path: Path) -> None:
    path = toy_config(tmp_path, network="{kind: mobilenet, options: {channels: [4, 6], strides: [2, 2]}, longest: 3}")
    path.write_text(path.read_text().replace("search:\n", "search:\n  recalibrate: true\n"))
    with pytest.raises(UserError, match=r"toy\.yaml:\d+: search\.recalibrate: layer '\w+' has groups of channels"):
        build.build(config.read(path))
