"""Workload tables: what they mean, and errors that name line, layer and field."""

import pytest

from codesign.workloads.table import TableError, parse_csv, parse_yaml, read_workload
from codesign.workloads.workload import conv, dense, pool

CSV = """name,kind,channels_in,channels_out,size,kernel,stride,input_rate,weight_bits
conv1,conv,3,16,32,3,2,1.0,8
pool1,pool,16,16,16,2,,0.2,8
fc1,dense,1024,10,,,,0.1,4
"""
YAML = """
defaults: {weight_bits: 4, timesteps: 6}
layers:
  - {name: conv1, kind: conv, channels_in: 3, channels_out: 16, size: 32, kernel: 5, padding: 0}
  - name: fc1
    kind: dense
    channels_in: 12544
    channels_out: 10
    weight_bits: 3
"""


def test_csv_gives_the_layers_it_says():
    work = parse_csv(CSV)
    assert work.layers == (conv("conv1", 3, 16, 32, stride=2), pool("pool1", 16, 16), dense("fc1", 1024, 10))
    assert work.weight_bits.tolist() == [8, 8, 4]
    assert work.timesteps.tolist() == [4, 4, 4]  # the default of Workload.of


def test_yaml_defaults_and_padding():
    work = parse_yaml(YAML)
    assert work.layers[0] == conv("conv1", 3, 16, 32, kernel=5, padding=0)
    assert work.weight_bits.tolist() == [4, 3]
    assert work.timesteps.tolist() == [6, 6]


def test_given_values_win(tmp_path):
    path = tmp_path / "net.csv"
    path.write_text(CSV)
    assert read_workload(path, weight_bits=2, timesteps=9).timesteps.tolist() == [9, 9, 9]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("conv1,conv,3", "conv1,conf,3"), r"net:2: layer 'conv1': kind 'conf'"),
        (("1024,10", "1024,ten"), r"net:4: layer 'fc1': channels_out must be a number, got 'ten'"),
        (("1024,10", "1024,2.5"), r"net:4: layer 'fc1': channels_out must be a whole number"),
        (("1024,10", "1024,0"), r"net:4: layer 'fc1': channels_out must be an integer of at least 1"),
        (("weight_bits", "weigth_bits"), r"net:2: unknown field 'weigth_bits' \(did you mean 'weight_bits'\?\)"),
        ((",0.1,4", ",1.5,4"), r"net:4: layer 'fc1': input_rate must be in \[0, 1\]"),
        ((",0.1,4", ",,4"), r"net:4: layer 'fc1': input_rate is missing"),
        ((",0.1,4", ",0.1"), r"net:4: expected 9 cells"),
        (("conv1,conv,3,16,32", "conv1,conv,3,16,"), None),
        (("fc1,dense", "conv1,dense"), r"net: layer names must differ"),
    ],
)
def test_errors_name_the_place(change, message):
    text = CSV.replace(*change)
    if message is None:  # a convolution without a size is a 1x1 map: legal
        assert parse_csv(text, "net").layers[0].positions == 1
        return
    with pytest.raises(TableError, match=message):
        parse_csv(text, "net")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (YAML.replace("channels_out: 10", "chanels_out: 10"), r"net:5: unknown field 'chanels_out'"),
        ("layers: 3", "expected a list of layers"),
        ("layer: []", "unknown key 'layer'"),
        ("[1, 2", "net:1"),
        ("", "expected a list"),
        ("[]", "no layers"),
    ],
)
def test_yaml_errors(text, message):
    with pytest.raises(TableError, match=message):
        parse_yaml(text, "net")


def test_unknown_suffix():
    with pytest.raises(TableError, match=r"ends in \.csv"):
        read_workload("net.json")


def test_layers_may_say_their_neurons():
    text = "- {name: a, kind: conv, channels_in: 2, channels_out: 4, size: 8, neuron: adaptive}\n"
    text += "- {name: p, kind: pool, channels_in: 4, channels_out: 4, size: 8, kernel: 2}\n"
    text += "- {name: b, kind: dense, channels_in: 64, channels_out: 3, residual_inputs: 3}\n"
    layers = parse_yaml(text).layers
    assert [layer.neuron for layer in layers] == ["adaptive", "integrator", "lif"]
    assert layers[2].residual_inputs == 3
    with pytest.raises(TableError, match=r"net:1: layer 'a': neuron 'adaptve' is unknown"):
        parse_yaml(text.replace("adaptive", "adaptve"), "net")
