"""Configs: every mistake is one line that says where it is, what is wrong, and what would be right."""

from pathlib import Path

import pytest

from search.errors import UserError
from search.problem import build, config

GOOD = (Path(__file__).parents[3] / "configs" / "quickstart.yaml").read_text()


def complaints(tmp_path: Path, text: str | bytes, *, built: bool = False) -> list[str]:
    path = tmp_path / "study.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError) as caught:
        build.build(config.read(path)) if built else config.read(path)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{path}:") and line.count(": ") >= 2 for line in lines), lines
    return [line.removeprefix(f"{path}:") for line in lines]


def test_the_shipped_config_is_good(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(GOOD)
    file = config.read(path)
    assert file.config.name == "quickstart"
    assert file.config.hash() == config.read(path).config.hash()


def test_the_hash_ignores_where_results_go_and_nothing_else(tmp_path: Path) -> None:
    def hashed(text: str) -> str:
        path = tmp_path / "a.yaml"
        path.write_text(text)
        return config.read(path).config.hash()

    assert hashed(GOOD) == hashed(GOOD + "\noutput: elsewhere\n")
    assert hashed(GOOD) != hashed(GOOD.replace("seed: 0", "seed: 1"))


@pytest.mark.parametrize(
    ("old", "new", "path", "what"),
    [
        ("population: 14", "populatoin: 10", "search.populatoin", "unknown key (did you mean 'population'?)"),
        ("seed: 0", "seed: zero", "seed", "integer"),
        ("seed: 0", "seed: true", "seed", "integer"),
        ("low: 3, high: 8", "low: 8, high: 3", "parameters.adc_bits", "low must be below high, got low=8, high=3"),
        ("low: 3, high: 8", "low: .nan, high: 8", "parameters.adc_bits.low", "must be finite"),
        ("kind: integer, low: 3", "kind: intger, low: 3", "parameters.adc_bits", "did you mean 'integer'?"),
        ("{kind: integer, low: 3, high: 8}", "{kind: integer, lwo: 3, high: 8}", "parameters.adc_bits.lwo", "did you mean 'low'?"),
        ("chips: 16", "chips: 0", "search.chips", "greater than or equal to 1"),
        ("preference_low: 0.002", "preference_low: 9", "search", "preference_low must not be above"),
        ("name: quickstart", "name: ../elsewhere", "name", "match pattern"),
    ],
)
def test_wrong_entries(tmp_path: Path, old: str, new: str, path: str, what: str) -> None:
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    found = complaints(tmp_path, text)
    where = next(i for i, (a, b) in enumerate(zip(GOOD.splitlines(), text.splitlines(), strict=True), 1) if a != b)
    # a missing key is reported beside the misspelt one
    match = [line for line in found if path in line and what in line]
    assert match, found
    if path != "search" and "lwo" not in path:
        assert match[0].startswith(f"{where}:"), (where, match)


@pytest.mark.parametrize(
    ("old", "new", "path", "what"),
    [
        ("kind: crossbar", "kind: crosbar", "hardware.kind", "unknown hardware 'crosbar' (did you mean 'crossbar'?)"),
        ("technology: rram_45nm", "technology: rram_45mn", "hardware.technology", "rram_45nm"),
        ("name: digits", "name: digitz", "data.name", "did you mean 'digits'?"),
        ("kind: mlp", "kind: mpl", "network.kind", "did you mean 'mlp'?"),
        ("objectives: [error, energy]", "objectives: [error, energy, enrgy]", "objectives.2", "did you mean 'energy'?"),
        ("objectives: [error, energy]", "objectives: [error, error]", "objectives", "must differ"),
        ("constraints: {error: 0.25}", "constraints: {area: -1}", "constraints.area", "above 0"),
        ("kind: crossbar", "kind: hybrid", "hardware.engines", "at least two engines"),
        ("constraints: {error: 0.25}", "constraints: {erorr: 0.25}", "constraints.erorr", "did you mean 'error'?"),
        ("  rows: {kind", "  rosw: {kind", "parameters.rosw", "did you mean 'rows'?"),
        ("cell_bits: 1}", "cell_bit: 1}", "hardware.fixed", "did you mean 'cell_bits'?"),
        ("longest: 8", "longest: 4", "parameters.timesteps", "exceeds network.longest"),
        ("hidden: [128, 64]", "channels: [4]", "network.channels", "takes 'hidden'"),
    ],
)
def test_unknown_names(tmp_path: Path, old: str, new: str, path: str, what: str) -> None:
    found = complaints(tmp_path, GOOD.replace(old, new, 1), built=True)
    assert any(path in line and what in line for line in found), found


def test_several_mistakes_come_sorted_by_line(tmp_path: Path) -> None:
    text = GOOD.replace("seed: 0", "seed: x").replace("chips: 16", "chipz: 16").replace("longest: 8", "longest: 0")
    found = complaints(tmp_path, text)
    lines = [int(line.split(":")[0]) for line in found]
    assert len(found) == 3
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"# only a comment\n", "is empty"),
        (bytes(range(256)), "not text"),
        (b"a: [1, 2", "not valid YAML"),
        (b"a: 1\na: 2\n", "duplicate key"),
        (b"- 1\n- 2\n", "must be a mapping"),
        (b"just words", "must be a mapping"),
        (b"\x00\x01", "not valid YAML"),
    ],
)
def test_files_that_are_no_configs(tmp_path: Path, content: bytes, what: str) -> None:
    assert any(what in line for line in complaints(tmp_path, content))


def test_a_missing_file_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "quickstart.yaml").write_text(GOOD)
    with pytest.raises(UserError, match=r"does not exist.*did you mean.*quickstart.yaml"):
        config.read(tmp_path / "quikstart.yaml")
    with pytest.raises(UserError, match="is a folder"):
        config.read(tmp_path)


def test_yaml_1_2_numbers_and_words(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(GOOD.replace("preference_low: 0.002", "preference_low: 2e-3").replace("name: quickstart", "name: no"))
    read = config.read(path).config
    assert (read.search.preference_low, read.name) == (0.002, "no")
