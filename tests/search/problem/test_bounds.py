"""What a config accepts is legal for what uses it."""

from pathlib import Path

import numpy as np
import pytest

from search.errors import UserError
from search.joint.scalarise import spread_preferences
from search.problem import build, config
from tests.search.toy import TOY


def read(folder: Path, old: str, new: str) -> config.ConfigFile:
    assert old in TOY
    # what is fixed is not searched
    toy = "\n".join(line for line in TOY.splitlines() if "operation" not in new or "timesteps" not in line)
    path = folder / "toy.yaml"
    path.write_text(toy.replace(old, new))
    return config.read(path)


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
    with pytest.raises(UserError, match=rf"toy\.yaml:\d+: {where}: (input should|must) be .*, got "):
        read(tmp_path, old, new)


def test_the_smallest_preferences_can_be_spread(tmp_path: Path) -> None:
    search = read(tmp_path, "preference_low: 0.01", "preference_low: 1.0e-30").config.search
    assert np.all(spread_preferences(5, 2, search.preference_low, search.preference_high) > 0)


def test_a_search_of_no_steps_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"search: .* must not all be 0"):
        read(tmp_path, "warmup_steps: 20\n  relax_steps: 40\n  anneal_steps: 20", "warmup_steps: 0\n  relax_steps: 0\n  anneal_steps: 0")


def test_the_hash_knows_the_order_that_draws_follow(tmp_path: Path) -> None:
    plain = read(tmp_path, "name: toy", "name: toy").config.hash()
    rows, bits = (line for line in TOY.splitlines() if line.startswith(("  rows:", "  adc_bits:")))
    assert read(tmp_path, f"{rows}\n{bits}", f"{bits}\n{rows}").config.hash() != plain
    # keys of a section have no place
    assert read(tmp_path, "kind: mlp, hidden: [12]", "hidden: [12], kind: mlp").config.hash() == plain


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("timesteps: {kind: integer, low: 1, high: 3}", "timesteps: {kind: choice, options: [1, 2, 9]}", "high 9 exceeds network.longest"),
        ("longest: 3}", "longest: 3, operation: {timesteps: 9}}", "timesteps must be from 1 to the 3 simulated, got 9"),
        ("longest: 3}", "longest: 3, operation: {timesteps: 0}}", "timesteps: must be a whole number from 1 to 1024, got 0"),
    ],
)
def test_only_steps_that_are_simulated_can_count(tmp_path: Path, old: str, new: str, what: str) -> None:
    with pytest.raises(UserError, match=what):
        build.build(read(tmp_path, old, new))
