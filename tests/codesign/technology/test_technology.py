"""Technologies: nothing without unit, node, bits and source; scaled constants say how."""

import pytest

from codesign.hardware.systolic.array import Systolic
from codesign.technology.catalogue import available, combine, compose, load
from codesign.technology.files import TechnologyError
from codesign.technology.quantity import Quantity
from codesign.technology.scaling import energy_factor
from codesign.technology.technology import BasisError
from codesign.workloads import presets

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


@pytest.mark.parametrize("name", available())
def test_what_is_only_recalled_or_assumed_is_marked_so(name):
    for quantity in load(name).quantities:
        for evidence in ("recalled", "assumed"):
            if quantity.source.split(";")[0].rstrip().endswith(evidence) or quantity.source.startswith(f"{evidence}:"):
                assert quantity.evidence in ("recalled", "assumed"), quantity.name


@pytest.mark.parametrize("family", ["rram", "pcm", "sram_8t", "digital"])
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
    for name in ("int_add_per_bit_pj", "hop_pj_per_bit", "register_area_per_bit_um2", "router_area_um2"):
        values = [float(prices[name]) for prices in nodes]
        assert values == sorted(values, reverse=True), name
    wires = [float(prices["wire_resistance_ohm_per_um"]) for prices in nodes]
    assert wires == sorted(wires)


def test_a_short_name_stands_for_parts():
    assert str(load("rram_28nm").parts) == "{process: cmos_28nm, memory: lop, device: rram, offchip: lpddr4}"
    by_parts = load({"process": "cmos_28nm", "device": "rram"})
    assert by_parts.quantities == load("rram_28nm").quantities
    assert load("pcm_28nm")["read_time_ns"] < load("pcm_28nm")["read_noise_time_ns"]
    assert str(load("sram_8t_28nm").parts) == "{process: cmos_28nm, memory: lop, device: sram_8t, offchip: lpddr4}"
    assert load("pcm_28nm")["mux_pj"] == load("rram_28nm")["mux_pj"]


def test_every_family_asks_the_same_source():
    for name in load("digital_28nm").values:
        assert load("rram_28nm")[name] == load("digital_28nm")[name]
    for quantity in ("access_pj_per_bit", "leakage_mw", "area_um2", "cycle_ns"):
        prices = [float(getattr(load(name).memory, quantity)(64.0)) for name in ("rram_28nm", "pcm_28nm", "digital_28nm")]
        assert len(set(prices)) == 1


@pytest.mark.parametrize("offchip", available("offchip"))
def test_memories_beside_the_chip_have_their_prices(offchip):
    prices = compose("cmos_28nm", offchip=offchip)
    assert (float(prices["offchip_pj_per_bit"]) > 0) == (offchip != "none")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"process": "cmos_29nm"}, "unknown process 'cmos_29nm' .did you mean 'cmos_28nm'"),
        ({"process": "cmos_28nm", "memory": "lst"}, "unknown memory 'lst' .did you mean 'lstp'"),
        ({"process": "cmos_28nm", "device": "pmc"}, "unknown device 'pmc' .did you mean 'pcm'"),
        ({"process": "cmos_28nm", "offchip": "lpddr"}, "unknown offchip 'lpddr' .did you mean 'lpddr"),
        ({"process": "cmos_28nm", "events": "loihi"}, "calibrated at 14 nm"),
        ({"process": "cmos_28nm", "dram": "ddr4"}, "unknown part 'dram'"),
        ({"memory": "lop"}, "a technology needs a process: one of cmos_65nm"),
    ],
)
def test_parts_that_cannot_be_are_told(parts, message):
    with pytest.raises(TechnologyError, match=message):
        load(parts)


def test_bases_are_not_mixed_unasked():
    digital, loihi = load("digital_14nm"), load("loihi_14nm")
    assert (digital.basis, loihi.basis) == ("first_principles", "calibrated")
    with pytest.raises(TechnologyError, match="digital_14nm and loihi_14nm have different bases"):
        combine(loihi, digital)
    mixed = combine(loihi, digital, allow_mixed_basis=True)
    assert mixed.basis == "mixed"
    assert mixed.parts == combine(digital, loihi, allow_mixed_basis=True).parts
    # the one with a memory beside it names it
    assert mixed["offchip_pj_per_bit"] == digital["offchip_pj_per_bit"]
    with pytest.raises(BasisError, match="'loihi_14nm' has the calibrated events of a many-core chip and Systolic"):
        Systolic.of().cost(presets.preset("vgg9"), loihi)


def test_composition_does_not_depend_on_order():
    one, other = combine(load("digital_28nm"), load("rram_28nm")), combine(load("rram_28nm"), load("digital_28nm"))
    assert one.quantities == other.quantities
    assert one.parts == load("rram_28nm").parts
    for pair, message in [(("digital_28nm", "digital_22nm"), "a chip has one node"), (("rram_28nm", "pcm_28nm"), "device is pcm and rram")]:
        with pytest.raises(TechnologyError, match=message):
            combine(*(load(name) for name in pair))
    fast = load({"process": "cmos_28nm", "memory": "hp"})
    with pytest.raises(TechnologyError, match="memory is hp and lop; a chip has one"):
        combine(fast, load("digital_28nm"))


def test_a_file_of_one_s_own(tmp_path):
    mine = load(write(tmp_path, 'include = "rram"\n' + HEADER + f"mux_pj = {ENTRY}\n"))
    assert mine["mux_pj"] == 1.5
    assert mine["read_time_ns"] == 10
    assert mine.name == "mine"
    assert mine.parts.memory == "lop"
    slow = load(write(tmp_path, 'include = "rram"\nmemory = "lstp"\n' + HEADER))
    assert float(slow.memory.leakage_mw(64.0)) < 0.1 * float(mine.memory.leakage_mw(64.0))


def test_a_quantity_says_how_sure_it_is(tmp_path):
    entries = [ENTRY, ENTRY.replace("bits", 'evidence = "assumed", bits'), ENTRY.replace("bits", "low = 1, high = 4, bits")]
    mine = load(write(tmp_path, HEADER + "".join(f"q{i} = {entry}\n" for i, entry in enumerate(entries))))
    assert [mine.quantity(f"q{i}").interval for i in range(3)] == [(1.0, 2.25), (0.5, 4.5), (1.0, 4.0)]
    scaled = Quantity("q", 2.0, "pJ", 45.0, 0.0, "a paper", "energy", 0.9).at(22.0, 0.8)
    low, high = scaled.interval
    # the scaling adds its own 15 % on both sides
    assert high / scaled.value == pytest.approx(1.5 * 1.15)
    assert scaled.value / low == pytest.approx(1.5 * 1.15)


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
        (HEADER + f"adder = {ENTRY.replace('bits', 'low = 1, bits')}\n", "low and high must lie on both sides"),
        (HEADER + f"adder = {ENTRY.replace('bits', 'low = 2, high = 3, bits')}\n", "low and high must lie on both sides"),
        (HEADER + f"adder = {ENTRY.replace('bits', 'evidence = 1, bits')}\n", "evidence must be one of exact, silicon"),
        (HEADER + f"sram_bit_area_um2 = {ENTRY}\n", "memory prices come from"),
        ('memory = "fast"\n' + HEADER, "memory: unknown 'fast'"),
        ('colour = "red"\n' + HEADER, "unknown key 'colour'"),
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
    quantity = Quantity("q", 2.0, "pJ", 65.0, 0.0, "a paper")
    assert quantity.at(28.0, 0.9) == quantity


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ('value = -5.0, unit = "pJ"', r"quantities\.int_add_offset_pj: value must not be below 0, got -5"),
        ('value = 1.0, unit = "bananas"', r"quantities\.int_add_offset_pj: unit must be pJ, got 'bananas'"),
        ('value = 1e300, unit = "pJ"', r"quantities\.int_add_offset_pj: value must be a finite number"),
    ],
)
def test_a_constant_of_the_shipped_name_has_its_unit_and_sign(tmp_path, change, message):
    entry = f'[quantities]\nint_add_offset_pj = {{ {change}, node_nm = 45, bits = 0, source = "me" }}\n'
    with pytest.raises(TechnologyError, match=rf"mine\.toml: {message}"):
        load(write(tmp_path, f'name = "t"\nnode_nm = 45\nsupply_v = 1.0\ninclude = "rram"\n{entry}'))


@pytest.mark.parametrize("key", ["include", "memory", "device"])
def test_parts_of_a_file_are_names(tmp_path, key):
    with pytest.raises(TechnologyError, match=f"{key} must be a name"):
        load(write(tmp_path, f"{key} = [1]\n{HEADER}"))
