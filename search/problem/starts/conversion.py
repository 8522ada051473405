"""A network that is to be converted: what a conversion cannot do is told before anything is trained, with what would."""

from collections.abc import Callable

from flax import nnx

from codesign.data.dataset import Dataset
from codesign.network.builders.models import SpikingNetwork
from codesign.network.layers.blocks import SpikingLayer
from codesign.network.layers.pooling import Average, Pooling
from codesign.network.learning.convert import spiking_twin, stages_of, steps_of
from codesign.network.neurons.firing import Binary
from search.problem.config import ConfigFile
from search.problem.sections.parts import NetworkConfig
from search.problem.sections.start import ConvertedStart
from search.problem.size import outline

Build = Callable[[nnx.Rngs], SpikingNetwork]


def converted(file: ConfigFile, start: ConvertedStart, config: NetworkConfig, dataset: Dataset, build: Build) -> Build:
    """The function that builds the spiking twin of a network: neurons that convert, in which it is trained as numbers first.

    Raises:
        UserError: a layer, its neurons or its data that do not convert, with their place in the file.
    """
    steps = steps_of(start.activation_bits)
    where = ("network", "start", "activation_bits")
    if dataset.train.labels.ndim > 1:
        what = f"{dataset.name} has a label for each step, and a conversion keeps rates over all steps (kind: random learns both)"
        raise file.error(("network", "start", "kind"), what)
    if dataset.kind == "events" and dataset.sample_shape[0] != steps:
        what = f"{start.activation_bits} bits are sent in {steps} steps, but {dataset.name} has {dataset.sample_shape[0]}"
        raise file.error(where, f"{what}: bits b and steps 2^b - 1 must agree (data.timesteps)")
    if dataset.kind != "events" and "longest" in config.model_fields_set and config.longest != steps:
        what = f"is {config.longest}, but {start.activation_bits} bits are sent in {steps} steps (leave it out, or change the bits)"
        raise file.error(("network", "longest"), what)
    for name, works in (("input_code", "network.options.encoding"), ("reset", "soft resets")):
        if name in file.config.parameters:
            what = f"cannot be searched from a conversion, which is trained for one {name} ({works} alone, or network.start kind random)"
            raise file.error(("parameters", name), what)
    _check_parts(file, outline(build))

    def twin(rngs: nnx.Rngs) -> SpikingNetwork:
        return spiking_twin(build(rngs))

    try:
        outline(twin)
    except ValueError as error:
        raise file.error(("network", "start", "kind"), f"{error} (neuron: if or lif; kind: random learns any)") from None
    return twin


def _check_parts(file: ConfigFile, shapes: SpikingNetwork) -> None:
    """Pools and firing that a twin would take over, although their numbers are no spike rates."""
    for _, module in nnx.iter_graph(shapes):
        if isinstance(module, Pooling) and not isinstance(module.reduction, Average):
            what = f"layer {module.geometry.name!r}: a maximum of spikes is no spike rate of a maximum (pool: average)"
            raise file.error(("network", "start", "kind"), what)
        if isinstance(module, SpikingLayer) and not isinstance(firing := module.neuron.parts.firing, Binary):
            name = module.synapses.geometry.name
            what = f"layer {name!r}: {type(firing).__name__} firing does not count levels by spikes (firing: binary)"
            raise file.error(("network", "start", "kind"), what)


def minibatches(start: ConvertedStart, shapes: SpikingNetwork) -> int:
    """Of the training and of all tunings, one for each layer with neurons."""
    return start.training_steps + start.tuning_steps * stages_of(shapes)
