"""A config's network section: options go where they belong, mistakes are located, time and labels follow the data."""

from pathlib import Path

import numpy as np
import pytest
from flax import nnx

from codesign.data.dataset import Dataset, Split
from codesign.network.answers.readout import MeanReadout, StepReadout
from codesign.network.builders.models import SpikingNetwork
from codesign.network.encoding import Direct, Events, Samples
from codesign.network.layers.norm import Standardised
from codesign.network.neurons.dynamic import AdaptiveNeuron
from codesign.network.neurons.firing import Graded
from search.errors import UserError
from search.problem.config import read
from search.problem.network import longest_of, network_builder
from search.problem.sections.parts import NetworkConfig
from tests.search.toy import toy_config


def dataset(shape: tuple[int, ...], labels: tuple[int, ...] = (4,), *, events: bool = False, low: float = 0.0) -> Dataset:
    split = Split(np.full((4, *shape), low, np.float32), np.zeros(labels, np.int32))
    return Dataset("made", split, split, split, 3, shape, "events" if events else "frames")


def build(tmp_path: Path, data: Dataset, **network: object) -> SpikingNetwork:
    config = NetworkConfig.model_validate(network)
    return network_builder(read(toy_config(tmp_path)), config, data)(nnx.Rngs(0))


def test_options_reach_the_builder_and_the_style(tmp_path: Path) -> None:
    options = {"widths": [4, 0], "pool": "average", "neuron": "adaptive", "firing": "graded", "payload_bits": 3, "norm": "standardised"}
    network = build(tmp_path, dataset((8, 8, 1)), kind="vgg", hidden=[5], options=options)
    assert [layer.kind for layer in network.geometries] == ["conv", "pool", "dense", "dense"]
    layer = network.body.blocks[0]
    assert isinstance(layer.neuron, AdaptiveNeuron)
    assert isinstance(layer.neuron.parts.firing, Graded)
    assert layer.neuron.parts.firing.bits == 3
    assert isinstance(layer.synapses.norm, Standardised)
    assert isinstance(network.encoding, Direct)
    assert isinstance(network.readout, MeanReadout)


def test_time_and_labels_follow_the_data(tmp_path: Path) -> None:
    data = dataset((11, 6), (4, 11), events=True)
    network = build(tmp_path, data, kind="recurrent", options={"hidden": [5]})
    assert isinstance(network.encoding, Events)
    assert isinstance(network.readout, StepReadout)
    assert network.geometries[0].channels_in == 6 + 5
    assert longest_of(NetworkConfig(kind="recurrent"), data) == 11
    signed = build(tmp_path, dataset((11, 6), events=True, low=-1.0), kind="mlp")
    assert isinstance(signed.encoding, Samples)


def test_another_length_than_the_datas_is_located(tmp_path: Path) -> None:
    data = dataset((11, 6), events=True)
    build(tmp_path, data, kind="mlp", longest=11)
    with pytest.raises(UserError, match=r"toy\.yaml:\d+: network\.longest: is 8, but made has 11 steps"):
        build(tmp_path, data, kind="mlp", longest=8)


@pytest.mark.parametrize(
    ("network", "complaint"),
    [
        ({"kind": "mlp", "channels": [4]}, "network.channels: mlp takes 'hidden', not 'channels'"),
        ({"kind": "mlp", "options": {"nueron": "lif"}}, "network.options.nueron: mlp takes no such option (did you mean 'neuron'?)"),
        ({"kind": "mlp", "options": {"neuron": "lfi"}}, "network: unknown neuron 'lfi' (did you mean 'lif'?)"),
        ({"kind": "vgg", "options": {"widths": [4, 0, 0, 0, 0]}}, "network: pool5: windows of 2 do not fit a map of 1"),
        ({"kind": "resnet", "options": {"depth": 9}}, "network: depth of a resnet is 6 n + 2"),
    ],
)
def test_mistakes_are_located(tmp_path: Path, network: dict, complaint: str) -> None:
    with pytest.raises(UserError) as caught:
        build(tmp_path, dataset((8, 8, 1)), **network)
    assert complaint in str(caught.value)
    assert "toy.yaml:" in str(caught.value)


def test_chosen_state_bits_are_felt(tmp_path: Path) -> None:
    """Bits that cost but change no answer would always be searched down to the lowest: potentials follow them wherever they are chosen."""
    searched = toy_config(tmp_path).read_text().replace("  timesteps:", "  state_bits: {kind: integer, low: 6, high: 12}\n  timesteps:")
    (tmp_path / "searched.yaml").write_text(searched)
    plain, bits = read(toy_config(tmp_path)), read(tmp_path / "searched.yaml")

    def state(file: object, **network: object) -> str:
        config = NetworkConfig.model_validate({"kind": "mlp", "hidden": [4], **network})
        built = network_builder(file, config, dataset((4,)))(nnx.Rngs(0))  # type: ignore[arg-type]
        return type(built.body.blocks[0].neuron.parts.state).__name__

    assert state(plain) == "ExactState"
    assert state(bits) == "FixedPointState"
    assert state(plain, operation={"state_bits": 8}) == "FixedPointState"
    with pytest.raises(UserError, match=r"searched\.yaml:.* network\.options\.state: is exact.* must be fixed_point"):
        network_builder(bits, NetworkConfig(kind="mlp", options={"state": "exact"}), dataset((4,)))
