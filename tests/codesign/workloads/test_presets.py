"""Preset workloads against the sizes their papers print."""

import itertools

import pytest

from codesign.workloads.presets import PRESETS, preset


@pytest.mark.parametrize(
    ("name", "gmacs", "millions_of_weights"),
    [
        ("vgg16", 0.3135, 14.98),  # 13 convolutions 313.2 M, fc 512x512 and 512x10
        ("vgg16_imagenet", 15.47, 138.3),
        ("resnet18", 0.556, 11.16),
        ("resnet18_imagenet", 1.814, 11.68),
        ("resnet50", 1.298, 23.45),
        ("resnet50_imagenet", 4.09, 25.50),
    ],
)
def test_known_networks_have_their_published_size(name, gmacs, millions_of_weights):
    # published counts include biases and batch norms (below 0.5 %)
    work = preset(name)
    assert sum(layer.macs for layer in work) / 1e9 == pytest.approx(gmacs, rel=0.01)
    assert sum(layer.weights for layer in work) / 1e6 == pytest.approx(millions_of_weights, rel=0.01)


@pytest.mark.parametrize("name", PRESETS)
def test_maps_fit_together(name):
    layers = [layer for layer in preset(name) if "projection" not in layer.name]
    for before, after in itertools.pairwise(layers):
        if name == "transformer" or after.kind == "recurrent":
            continue
        assert after.neurons_in == before.neurons_out or (after.channels_in, after.height_in) == (before.channels_out, before.height_out)


def test_only_the_first_layer_of_an_image_network_sees_pixels():
    work = preset("vgg9")
    assert work.activation_bits.tolist() == [8] + [1] * (len(work) - 1)
    assert work.input_rate[0] == 1


def test_values_replace_defaults():
    assert preset("digits", timesteps=7, weight_bits=3).timesteps.tolist() == [7, 7]


def test_an_unknown_name_gives_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'vgg9'"):
        preset("vgg-9")


def test_shortcuts_are_added_to_the_last_layer_of_a_block():
    added = {layer.name: layer.residual_inputs for layer in preset("resnet18") if layer.residual_inputs}
    assert len(added) == 8
    assert added["stage1.1.conv2"] == 64 * 32 * 32
    assert added["stage2.1.conv2"] == 128 * 16 * 16
    assert {layer.name for layer in preset("transformer") if layer.residual_inputs} == {"projection", "mlp2"}
