"""Tables that look like tables: numbers beyond any layer, rows that hold themselves, sizes that follow from others."""

import pytest

from codesign.workloads.table import TableError, parse_csv, parse_yaml


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,kind,channels_in,channels_out\na,dense,1e308,8\n", "table:2: layer 'a': channels_in must be at most"),
        ("name,kind,channels_in,channels_out,timesteps\na,dense,3,8,1e300\n", "table:2: layer 'a': timesteps must be at most"),
    ],
)
def test_numbers_beyond_any_layer(text: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        parse_csv(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- &a {name: *a, kind: dense, channels_in: 3, channels_out: 8}", "name must be a name or a number"),
        ("layers: [{kind: dense, channels_in: 3, channels_out: 8}]\ndefaults: 7", "defaults must be a mapping"),
        ("[" * 5000, "is not valid YAML|expected"),
    ],
)
def test_yaml_that_is_no_table(text: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        parse_yaml(text)


def test_a_map_that_is_given_by_its_output_alone() -> None:
    head = "name,kind,channels_in,channels_out,height_out,width_out,kernel,stride\n"
    layers = parse_csv(f"{head}a,conv,64,64,56,56,3,1\nb,conv,64,64,28,28,3,2\nc,pool,64,64,14,14,2,\n").layers
    assert [layer.neurons_in for layer in layers] == [64 * 56 * 56, 64 * 55 * 55, 64 * 28 * 28]


def test_a_kernel_along_a_sequence_leaves_the_other_axis_alone() -> None:
    head = "name,kind,channels_in,channels_out,height_in,width_in,kernel_height,kernel_width,stride,padding\n"
    layer = parse_csv(f"{head}a,conv,1,8,1,3600,1,7,2,5\n").layers[0]
    assert (layer.height_out, layer.width_out) == (1, 1802)
    assert layer.macs == 100_912
