"""`codesign cost`: what it prints, and errors that name the nearest valid choice."""

import csv
import io
import json

import pytest

from search.commands.prices.cost import compare, cost, load_workload
from search.errors import UserError


def test_json_sums_to_its_totals(capsys):
    cost("digits", set_=["rows=64", "timesteps=3"], as_json=True)
    document = json.loads(capsys.readouterr().out)
    layers = sum(sum(layer["energy_pj"].values()) for layer in document["layers"])
    assert layers == pytest.approx(document["totals"]["energy_pj"], rel=1e-5)
    assert sum(document["area_um2"].values()) == pytest.approx(document["totals"]["area_um2"], rel=1e-5)
    assert document["technology"] == "rram_45nm"


def test_csv_has_a_row_per_layer_and_component(capsys):
    cost("digits", as_csv=True)
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {"fc1", "fc2", "chip"} == {row["layer"] for row in rows}
    assert sum(float(row["energy_pj"] or 0) for row in rows) > 0


def test_table_has_units_layers_and_components(capsys):
    cost("vgg9", set_=["rows=128", "timesteps=5"])
    text = capsys.readouterr().out
    for expected in ("conv1", "fc2", "array", "adc", "leakage", "µJ", "mm²", "total"):
        assert expected in text


def test_intervals_of_uncertain_prices(capsys):
    cost("digits", as_json=True)
    document = json.loads(capsys.readouterr().out)
    for name, (low, high) in document["intervals"].items():
        assert low < document["totals"][name] < high
    # most constants are known to a factor of 1.5, and not all err alike
    low, high = document["intervals"]["energy_pj"]
    assert 1.1 < high / low < 4
    cost("digits", "sata_inference")
    assert "80 % of draws" not in capsys.readouterr().out


def test_a_technology_by_its_parts(capsys):
    totals = []
    for memory in ("hp", "lstp"):
        cost("digits", "systolic", technology=f"{{process: cmos_28nm, memory: {memory}}}", as_json=True)
        totals.append(json.loads(capsys.readouterr().out)["totals"]["energy_pj"])
    assert totals[0] > 1.3 * totals[1]  # most of the rest is the memory off the chip
    for wrong, message in [("{process: cmos_28nm, memory: slow}", "unknown memory 'slow'"), ("{process: [", "technology '{process: \\['")]:
        with pytest.raises(UserError, match=message):
            cost("digits", "systolic", technology=wrong)


@pytest.mark.parametrize(
    ("setting", "dearer"),
    [("timesteps=8", True), ("weight_bits=8", True), ("adc_bits=8", True), ("programming_sigma=0.3", False), ("encoding=offset", None)],
)
def test_settings_reach_chip_or_workload(capsys, setting, dearer):
    totals = []
    for settings in ([], [setting]):
        cost("digits", set_=settings, as_json=True)
        totals.append(json.loads(capsys.readouterr().out)["totals"]["energy_pj"])
    assert totals[1] != pytest.approx(totals[0], rel=1e-5)
    assert dearer is None or (totals[1] > totals[0]) == dearer


def test_per_layer_settings(capsys):
    cost("digits", set_=["weight_bits=8,2", "programming_sigma=0.01,0.05"], as_json=True)
    assert json.loads(capsys.readouterr().out)["totals"]["energy_pj"] > 0


@pytest.mark.parametrize("hardware", ["systolic", "manycore", "hybrid"])
def test_every_family(capsys, hardware):
    cost("digits", hardware, as_json=True)
    assert json.loads(capsys.readouterr().out)["totals"]["energy_pj"] > 0


def test_a_table_of_layers(capsys, tmp_path):
    path = tmp_path / "net.csv"
    path.write_text("name,kind,channels_in,channels_out\nfc,dense,30,20\n")
    cost(str(path), as_json=True)
    assert json.loads(capsys.readouterr().out)["layers"][0]["name"] == "fc"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"workload": "vgg8"}, "unknown workload 'vgg8'.*'vgg9'"),
        ({"workload": "missing.csv"}, "missing.csv"),
        ({"hardware": "crosbar"}, "unknown hardware 'crosbar'.*'crossbar'"),
        ({"technology": "rram_29nm"}, "unknown technology 'rram_29nm'.*'rram_"),
        ({"technology": "loihi_14nm"}, "calibrated events of a many-core chip and Crossbar"),
        ({"set_": ["row=3"]}, "--set row: no such parameter.*'rows'"),
        ({"set_": ["neuron=alif"]}, "--set neuron: 'alif' is unknown.*'lif'"),
        ({"set_": ["timestep=3"]}, "'timesteps'"),
        ({"set_": ["rows"]}, "expected NAME=VALUE"),
        ({"set_": ["rows=12", "rows=13"]}, "given twice"),
        ({"set_": ["rows=many"]}, "expected a number, got 'many'"),
        ({"set_": ["rows=-3"]}, "above 0"),
        ({"set_": ["input_rate=2"]}, "between 0 and 1"),
        ({"set_": ["weight_bits=1,2,3"]}, "weight_bits has shape"),
        ({"set_": ["rows=1,2,3"]}, "rows has shape"),
        ({"set_": ["encoding=ofset"]}, "'offset'"),
        ({"hardness": 1.5}, "between 0 and 1"),
        ({"as_json": True, "as_csv": True}, "exclude"),
        ({"hardware": "manycore", "workload": "transformer"}, "attention"),
        ({"hardware": "hybrid", "set_": ["engines=crossbar,sistolic"]}, "'systolic'"),
        ({"all_published": True, "set_": ["rosw=12"]}, "no such parameter.*'rows'"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(UserError, match=message):
        cost(**{"workload": "digits", **arguments})


def test_comparison_is_relative_to_the_twin_within_each_model():
    rows = {row.model: row for row in compare(load_workload("digits", {}), None, 1.0)}
    assert rows["crossbar"].energy_ratio > 1  # 4 steps at rate 0.2 against one pass at 3 bits
    one = {row.model: row for row in compare(load_workload("digits", {"timesteps": 1, "spiking": 0}), None, 1.0)}
    for name in ("crossbar", "systolic"):
        assert one[name].energy_ratio == pytest.approx(1, rel=1e-5), name


def test_all_published_prints_ratios(capsys):
    cost("digits", all_published=True)
    text = capsys.readouterr().out
    assert "crossbar" in text
    assert "Joules do not compare" in text.replace("\n", " ")


def test_comparison_takes_settings_of_the_named_chip(capsys):
    def ratio(*settings: str) -> float:
        cost("digits", "crossbar", ["timesteps=5", *settings], as_json=True, all_published=True)
        return {m["model"]: m["energy_ratio"] for m in json.loads(capsys.readouterr().out)["models"]}["crossbar"]

    assert ratio() != pytest.approx(ratio("adc_bits=10"), rel=1e-5)


@pytest.mark.parametrize(
    ("hardware", "setting", "message"),
    [
        ("crossbar", "rows=100000", "--set rows: must be a whole number from 1 to 4096, got 100000"),
        ("crossbar", "cell_bits=1.5", "--set cell_bits: must be a whole number"),
        ("hybrid", "link_gbit_per_s=1e30", "--set link_gbit_per_s: must be from 0.001"),
    ],
)
def test_values_that_no_chip_has(hardware, setting, message):
    with pytest.raises(UserError, match=message):
        cost("digits", hardware=hardware, set_=[setting])
