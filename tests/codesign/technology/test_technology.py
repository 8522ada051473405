"""Technologies: nothing without unit, node, bits and source; scaled constants say how."""

import pytest

from codesign.technology import technology
from codesign.technology.scaling import energy_factor
from codesign.technology.technology import TechnologyError, available, load

ENTRY = '{ value = 1.5, unit = "pJ", node_nm = 45, bits = 8, source = "a paper" }'
SCALED = 'scaling = "area", bits'
HEADER = 'name = "mine"\nnode_nm = 45\nsupply_v = 0.9\n[quantities]\n'


def write(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", available())
def test_every_shipped_constant_has_its_provenance(name):
    prices = load(name)
    assert prices.quantities
    for quantity in prices.quantities:
        assert quantity.unit.strip(), quantity.name
        assert len(quantity.source) > 4, quantity.name
        assert prices[quantity.name].dtype == "float32"


@pytest.mark.parametrize("family", ["rram", "pcm", "digital"])
@pytest.mark.parametrize("node", [65, 45, 32, 28, 22])
def test_the_nodes_engineers_ask_for(family, node):
    prices = load(f"{family}_{node}nm")
    assert prices.node_nm == node
    scaled = prices.quantity("int_add_per_bit_pj")
    assert ("scaled from 45" in scaled.source) == (node != 45)
    assert scaled.node_nm == node
    expected = 0.0029167 * energy_factor(45, node, 0.9, prices.supply_v)
    assert scaled.value == pytest.approx(expected, rel=1e-6)


def test_digital_work_gets_cheaper_and_smaller_with_every_node():
    nodes = [load(f"rram_{node}nm") for node in (65, 45, 32, 28, 22)]
    for name in ("int_add_per_bit_pj", "sram_coefficient_pj", "hop_pj_per_bit", "lif_area_um2", "router_area_um2"):
        values = [float(prices[name]) for prices in nodes]
        assert values == sorted(values, reverse=True), name
    wires = [float(prices["wire_resistance_ohm_per_um"]) for prices in nodes]
    assert wires == sorted(wires)


def test_a_family_replaces_what_it_includes():
    assert load("rram_28nm").quantity("sram_leakage_mw_per_kb").source.startswith("PUMA")
    assert load("digital_28nm").quantity("sram_leakage_mw_per_kb").source.startswith("CACTI")
    assert load("pcm_28nm")["read_time_ns"] == 250
    assert load("pcm_28nm")["mux_pj"] == load("rram_28nm")["mux_pj"]


def test_a_file_of_one_s_own(tmp_path):
    mine = load(write(tmp_path, 'include = "rram"\n' + HEADER + f"mux_pj = {ENTRY}\n"))
    assert mine["mux_pj"] == 1.5
    assert mine["read_time_ns"] == 10
    assert mine.name == "mine"


@pytest.mark.parametrize("key", ["value", "unit", "node_nm", "bits", "source"])
def test_a_constant_without_provenance_is_refused(tmp_path, key):
    fields = {"value": "1.5", "unit": '"pJ"', "node_nm": "45", "bits": "8", "source": '"a paper"'}
    del fields[key]
    entry = ", ".join(f"{name} = {value}" for name, value in fields.items())
    with pytest.raises(TechnologyError, match=rf"mine\.toml: quantities\.adder: missing '{key}'"):
        load(write(tmp_path, HEADER + f"adder = {{ {entry} }}\n"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER + "adder = 3\n", "quantities.adder: expected a table"),
        (HEADER + f"adder = {ENTRY.replace('1.5', 'inf')}\n", "value must be a finite number"),
        (HEADER + f"adder = {ENTRY.replace('1.5', 'true')}\n", "value must be a finite number"),
        (HEADER + f"adder = {ENTRY.replace('a paper', ' ')}\n", "source must be a non-empty text"),
        (HEADER + f"adder = {ENTRY.replace('bits', 'colour = 1, bits')}\n", "unknown key 'colour'"),
        (HEADER + f"adder = {ENTRY.replace('bits', 'scaling = 1, bits')}\n", "scaling must be one of none, energy, area, wire"),
        (HEADER + f"adder = {ENTRY.replace('45', '5').replace('bits', SCALED)}\n", "node 5 nm lies outside"),
        (HEADER + f"adder = {ENTRY.replace('bits', 'supply_v = -1, bits')}\n", "supply_v must be a positive number"),
        (HEADER.replace("45", "0"), "node_nm must be a positive number"),
        (HEADER.replace("45", "3"), "node 3 nm lies outside"),
        (HEADER.replace('"mine"', '""'), "name must be a non-empty text"),
        ('name = "mine"\nnode_nm = 45\n[quantities]\n', "missing key 'supply_v'"),
        ('name = "mine"\n', "missing key 'quantities'"),
        ('include = "rrram"\n' + HEADER, "include: unknown family 'rrram'"),
        ("name = \n", "mine.toml: "),
    ],
)
def test_bad_files_name_file_and_key(tmp_path, text, message):
    with pytest.raises(TechnologyError, match=message) as error:
        load(write(tmp_path, text))
    assert "mine.toml" in str(error.value)


@pytest.mark.parametrize(("name", "nearest"), [("rram_29nm", "rram_28nm"), ("rram", "rram_"), ("digtal_28nm", "digital_28nm")])
def test_an_unknown_name_gives_the_nearest(name, nearest):
    with pytest.raises(TechnologyError, match=f"did you mean '{nearest}"):
        load(name)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TechnologyError, match=r"nowhere\.toml"):
        load(str(tmp_path / "nowhere.toml"))


def test_an_unknown_constant_gives_the_nearest():
    with pytest.raises(KeyError, match="nearest is 'mux_pj'"):
        load("rram_45nm")["mux_p"]
    with pytest.raises(KeyError, match="nearest is 'mux_pj'"):
        load("rram_45nm").quantity("mux_p")


def test_a_constant_that_declares_no_scaling_keeps_its_value():
    quantity = technology.Quantity("q", 2.0, "pJ", 65.0, 0.0, "a paper")
    assert quantity.at(28.0, 0.9) == quantity
