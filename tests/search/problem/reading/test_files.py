"""Bases and overrides: what a config is made of, and mistakes told in the file, and on the line, where they were made."""

import os
from pathlib import Path

import pytest

from search.errors import UserError
from search.problem import config
from search.problem.config import read
from tests.search.toy import TOY


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "bases").mkdir()
    path = tmp_path / "bases" / "toy.yaml"
    path.write_text(TOY)
    return path


def written(folder: Path, text: str) -> Path:
    path = folder / "study.yaml"
    path.write_text(text)
    return path


def test_mappings_merge_and_everything_else_is_replaced(base: Path, tmp_path: Path) -> None:
    (tmp_path / "middle.yaml").write_text("extends: bases/toy.yaml\nsearch: {population: 5}\nnetwork: {hidden: [7, 7]}\n")
    text = "extends: middle.yaml\nname: other\nsearch: {chips: 2}\nparameters: {adc_bits: ~, rows: {high: 128}}\n"
    found = read(written(tmp_path, text)).config
    assert (found.name, found.search.population, found.search.chips, found.search.designs) == ("other", 5, 2, 6)
    assert found.network.hidden == [7, 7]
    assert "adc_bits" not in found.parameters
    assert found.parameters["rows"].model_dump()["high"] == 128
    # in the order of the base, as a seed's draws follow it
    assert list(found.parameters) == ["rows", "timesteps", "weight_bits", "programming_sigma"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("extends: bases/toy.yaml\nsearch:\n  population: 0\n", r"study\.yaml:3: search\.population: input should be greater"),
        ("extends: bases/toy.yaml\nserach: {}\n", r"study\.yaml:2: serach: unknown key \(did you mean 'search'\?\)"),
        ("extends: bases/toi.yaml\n", r"study\.yaml:1: extends: .*toi\.yaml does not exist \(did you mean .*toy\.yaml'\?\)"),
        ("extends: study.yaml\n", r"study\.yaml:1: extends: goes in a circle: .*study\.yaml -> .*study\.yaml"),
        ("extends: [a, b]\n", r"study\.yaml:1: extends: must be the path of a config"),
        ("extends: bases\n", r"study\.yaml:1: extends: .*bases is a folder"),
        ("extends: empty.yaml\n", r"study\.yaml:1: extends: .*empty\.yaml holds no mapping"),
    ],
)
def test_mistakes_stand_in_their_file(base: Path, tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "empty.yaml").write_text("")
    with pytest.raises(UserError, match=told):
        read(written(tmp_path, text))


def test_a_mistake_of_the_base_is_told_there(base: Path, tmp_path: Path) -> None:
    base.write_text(TOY.replace("chips: 4", "chips: 0"))
    with pytest.raises(UserError, match=r"bases/toy\.yaml:\d+: search\.chips: input should be greater"):
        read(written(tmp_path, "extends: bases/toy.yaml\nname: x\n"))


def test_files_that_would_not_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(UserError, match=r"pipe\.yaml:1: file: is not a file"):
        read(tmp_path / "pipe.yaml")
    with pytest.raises(UserError, match=r"study\.yaml:1: file: has 1000001 bytes, a config at most 1000000"):
        read(written(tmp_path, "#" * 1_000_001))


def test_overrides(base: Path) -> None:
    settings = ["seed=7", "parameters.rows.high=32", "objectives.1=latency", "constraints.error=0.5", "parameters.adc_bits=~", "name=a=b"]
    found = read(base, settings[:-1]).config
    assert (found.seed, found.objectives, found.constraints) == (7, ["error", "latency"], {"error": 0.5})
    assert found.parameters["rows"].model_dump()["high"] == 32
    assert "adc_bits" not in found.parameters
    with pytest.raises(UserError, match=r"^--set name=a=b: name: string should match"):
        read(base, settings)


def test_names_with_dots_are_one_key(base: Path) -> None:
    engines = "hardware={kind: hybrid, technology: digital_14nm, engines: {array: {kind: systolic}, cores: {kind: manycore}}}"
    rows = "parameters.array.rows={kind: power_of_two, low: 4, high: 64}"
    found = read(base, [engines, rows, "parameters.array.rows.high=32", "hardware.engines.array.fixed.zeros=gating"]).config
    assert found.parameters["array.rows"].model_dump()["high"] == 32
    assert found.hardware.engines["array"].fixed == {"zeros": "gating"}


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("parameters.rows.hig=3", r"^--set parameters\.rows\.hig=3: unknown key \(did you mean 'high'\?\)$"),
        ("parameters.row.high=3", r"did you mean 'rows'"),
        ("serach.population=3", r"did you mean 'search'"),
        ("hardware.technology={process: x}", r"^$"),
        ("objectives.2=latency", r"unknown entry '2': objectives has 2, counted from 0"),
        ("seed.x=3", r"seed holds no keys"),
        ("seed", r"^--set seed: expected KEY=VALUE"),
        ("seed=[1", r"^--set seed=\[1: value: is not valid YAML"),
        ("seed=1e999", r"^--set seed=1e999: value: must be finite"),
        ("extends=other.yaml", r"unknown key"),
        ("hardware.engines.a.kind=systolic", r"hardware\.engines is empty"),
    ],
)
def test_overrides_that_lead_nowhere(base: Path, setting: str, told: str) -> None:
    if told == "^$":
        # what is no mistake of the config is found when it is built
        assert str(read(base, [setting]).config.hardware.technology) == "{process: x, memory: lop, offchip: lpddr4}"
        return
    with pytest.raises(UserError, match=told):
        read(base, [setting])


def test_paths_are_relative_to_the_file_they_stand_in(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base.write_text(TOY.replace("name: digits", "name: ../own.npz") + "output: out\n")
    monkeypatch.chdir("/")
    found = read(written(tmp_path, "extends: bases/toy.yaml\n")).config
    assert found.data.name == str(tmp_path / "own.npz")
    assert found.output == str(tmp_path / "bases" / "out")
    monkeypatch.chdir(tmp_path)
    # those of the command line are relative to where it is
    assert read(base, ["data.name=other.npz"]).config.data.name == str(tmp_path / "other.npz")
    # a data set comes before a folder of its name
    (base.parent / "digits").mkdir()
    base.write_text(TOY)
    assert read(base).config.data.name == "digits"


def test_the_resolved_config_is_the_same_study_from_anywhere(base: Path, tmp_path: Path) -> None:
    base.write_text(TOY.replace("name: digits", "name: own.npz").replace("[error, energy]", "[error, mine:Mine]"))
    (base.parent / "own.npz").write_bytes(b"data")
    (base.parent / "mine.py").write_text("class Mine: pass\n")
    file = read(base)
    elsewhere = written(tmp_path, config.resolved_text(file.config))
    again = read(elsewhere)
    assert again.config.hash() == file.config.hash()
    assert again.folder == base.parent
    # a default that is written down would be a claim about the data
    without = read(written(tmp_path, TOY.replace(", longest: 3", ""))).config
    assert "longest" not in config.resolved_text(without)


def test_the_hash_names_what_is_computed(base: Path, tmp_path: Path) -> None:
    base.write_text(TOY.replace("name: digits", "name: own.npz").replace("[error, energy]", "[error, mine:Mine]"))
    data, module = base.parent / "own.npz", base.parent / "mine.py"
    data.write_bytes(b"data")
    module.write_text("class Mine: pass\n")
    before = read(base).config.hash()
    moved = tmp_path / "moved"
    base.parent.rename(moved)
    path = moved / "toy.yaml"
    assert read(path, ["name=renamed"]).config.hash() == before
    assert read(path, ["search.chips=5"]).config.hash() != before
    (moved / "own.npz").write_bytes(b"atad!")
    changed = read(path).config.hash()
    assert changed != before
    (moved / "mine.py").write_text("class Mine: other = 1\n")
    assert read(path).config.hash() not in (before, changed)


def test_what_differs_between_two_configs_is_named(base: Path) -> None:
    one, other = (config.resolved(read(base, settings).config) for settings in ([], ["search.chips=5", "parameters.adc_bits=~"]))
    assert config.differences(one, one) == []
    found = config.differences(one, other)
    assert found[1] == "search.chips: 4 -> 5"
    assert found[0].startswith("parameters.adc_bits: {")
    assert found[0].endswith("-> nothing")
    turned = one | {"parameters": dict(reversed(one["parameters"].items()))}
    assert config.differences(one, turned) == ["parameters: in another order, which a seed's draws follow"]
