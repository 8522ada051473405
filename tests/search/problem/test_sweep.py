"""Sweeps: which studies a file describes, each checked as a config of its own, and mistakes told with their cell."""

from pathlib import Path

import pytest

from search.errors import UserError
from search.problem import sweep
from search.problem.config import read, resolved
from tests.search.toy import TOY

LINE = len(TOY.splitlines()) + 1  # of `sweep:`


def toy(folder: Path, section: str) -> Path:
    path = folder / "toy.yaml"
    path.write_text(f"{TOY}sweep:\n{section}")
    return path


def test_the_product_of_grids_zips_and_variants(tmp_path: Path) -> None:
    section = """
  grid: {seed: [0, 1]}
  zip:
    - {network.hidden: [[8], [16]], network.longest: [3, 4]}
    - {search.chips: [1, 2]}
  variants:
    analog: {search.population: 2}
    digital:
      hardware: {kind: systolic, technology: digital_28nm}
      parameters: {rows: {kind: power_of_two, low: 4, high: 16}}
"""
    cells = sweep.read(toy(tmp_path, section))
    assert len(cells) == 2 * 2 * 2 * 2
    assert len({cell.hash for cell in cells}) == 16
    assert cells[0].text == "variant=analog, network.hidden=[8], network.longest=3, search.chips=1, seed=0"
    assert [cell.label["seed"] for cell in cells[:4]] == [0, 1, 0, 1]  # the grid turns fastest
    digital = cells[-1].file.config
    # replaced whole: nothing of the other chip is left
    assert (digital.hardware.fixed, list(digital.parameters), digital.search.population) == ({}, ["rows"], 3)
    assert (digital.network.hidden, digital.network.longest, digital.search.chips, digital.seed) == ([16], 4, 2, 1)


def test_a_cell_is_the_same_study_as_a_config_of_its_own(tmp_path: Path) -> None:
    cell = sweep.read(toy(tmp_path, "  grid: {seed: [8, 9], parameters.rows.high: [32]}\n"))[1]
    (tmp_path / "alone.yaml").write_text(TOY.replace("seed: 3", "seed: 9").replace("high: 64}", "high: 32}"))
    alone = read(tmp_path / "alone.yaml").config
    assert cell.hash == alone.hash()
    assert resolved(cell.file.config) == resolved(alone)


def test_a_widened_sweep_keeps_the_names_of_its_studies(tmp_path: Path) -> None:
    before = {cell.hash for cell in sweep.read(toy(tmp_path, "  grid: {seed: [0, 1]}\n"))}
    assert before < {cell.hash for cell in sweep.read(tmp_path / "toy.yaml", ["sweep.grid.seed=[0, 1, 2]"])}


def test_what_a_variant_replaces_can_be_changed_further(tmp_path: Path) -> None:
    section = "  grid: {parameters.rows.high: [8, 16]}\n  variants: {small: {parameters.rows: {kind: power_of_two, low: 4, high: 4}}}\n"
    cells = sweep.read(toy(tmp_path, section))
    assert [cell.file.config.parameters["rows"].model_dump()["high"] for cell in cells] == [8, 16]


def test_one_study_without_a_sweep_and_no_run_of_a_sweep(tmp_path: Path) -> None:
    path = toy(tmp_path, "  grid: {seed: [0, 1]}\n")
    with pytest.raises(UserError, match=rf"toy\.yaml:{LINE}: sweep: describes several studies \(did you mean 'codesign sweep .*toy\.yaml'"):
        read(path)
    assert [cell.text for cell in sweep.read(path, ["sweep=~"])] == [""]


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("  grid: {seed: [0, x]}", rf"toy\.yaml:{LINE + 1}: seed: .* got 'x' \(in the cell seed=x\)"),
        ("  grid: {seed: [0, 1], search.chips: [2, 0]}", r"search\.chips: .* got 0 \(in the cell seed=0, search\.chips=0 and 1 more\)"),
        ("  grid: {parameters.rows.hig: [3]}", r"sweep: parameters\.rows\.hig: unknown key \(did you mean 'high'\?\)"),
        ("  grd: {seed: [0]}", r"sweep\.grd: unknown key \(did you mean 'grid'\?\)"),
        ("  grid: {seed: 3}", r"sweep\.grid\.seed: must be a list of at least one value"),
        ("  grid: {seed: []}", r"sweep\.grid\.seed: must be a list of at least one value"),
        ("  {}", r"sweep: lists nothing"),
        ("  zip: {seed: [1, 2], search.chips: [1]}", r"sweep\.zip: lists .* one length \(seed has 2, search\.chips has 1\)"),
        ("  zip: [3]", r"sweep\.zip: must be a mapping"),
        ("  variants: {a: 3}", r"sweep\.variants\.a: must be a mapping"),
        ("  grid: {seed: [1]}\n  zip: {seed: [2]}", r"sweep\.grid\.seed: seed is set by sweep\.zip\.0 too"),
        ("  grid: {seed: [1, 1]}", r"sweep: the cells 'seed=1' and 'seed=1' compute the same"),
        ("  grid: {name: [a, b]}", r"compute the same"),
        ("  grid: {sweep.grid.seed: [[1]]}", r"a sweep does not change itself"),
        (f"  grid: {{seed: {list(range(1001))}, search.chips: {list(range(1000))}}}", r"sweep: describes 1001000 studies, at most 1000000"),
    ],
)
def test_mistakes(tmp_path: Path, section: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        sweep.read(toy(tmp_path, section + "\n"))


def test_a_section_that_only_variants_give_may_be_missing(tmp_path: Path) -> None:
    path = toy(tmp_path, "  variants: {a: {hardware: {kind: crossbar, technology: rram_45nm}}, b: {seed: 1}}\n")
    path.write_text("\n".join(line for line in path.read_text().splitlines() if not line.startswith("hardware:")))
    with pytest.raises(UserError, match=r"hardware: is missing \(in the cell variant=b\)$"):
        sweep.read(path)
