"""From a config's `network` to the function that builds it: options are checked against what the builder takes."""

import dataclasses
import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from flax import nnx

from codesign.data.dataset import Dataset
from codesign.network.builders.models import REGISTRY, SpikingNetwork
from codesign.network.encoding import ENCODINGS, SEQUENCES
from codesign.network.layers.style import Style
from codesign.network.learning.convert import steps_of
from codesign.network.operation import RANGES
from search.errors import nearest
from search.problem.attempt import attempt
from search.problem.config import ConfigFile
from search.problem.sections.entries import make_parameter
from search.problem.sections.parts import NetworkConfig
from search.problem.sections.start import ConvertedStart
from search.problem.size import outline
from search.problem.starts.conversion import converted

STYLE = {field.name for field in dataclasses.fields(Style)}
GIVEN = {"sample_shape", "classes", "style", "rngs"}  # the data, the seed and the options of `Style` give these

# a layer of 16 million neurons, far above any that was built on a chip
MOST_NEURONS: Final = 2**24
MOST_LAYERS: Final = 128
MOST: Final = 1024  # of all other numbers: kernels, strides, heads, bits
_SIZES: Final = ("hidden", "channels", "widths", "width")
_COUNTS: Final = ("blocks",)
# what is divided by; bits that a spike carries
_LEAST: Final = {"temperature": 0.001, "payload_bits": 1}
# what a run may choose in place of an option that the network is built with
_CHOSEN: Final = {"input_code": "encoding", "firing_temperature": "temperature", "payload_bits": "payload_bits", "reset": "reset"}
_EACH_STEP: Final = ("each_step", "leaky_each_step")


def longest_of(config: NetworkConfig, dataset: Dataset) -> int:
    """Steps that are simulated: those of the data where it has a time axis, those of a conversion, else the config's."""
    if dataset.kind == "events":
        return dataset.sample_shape[0]
    return steps_of(config.start.activation_bits) if isinstance(config.start, ConvertedStart) else config.longest


def network_builder(file: ConfigFile, config: NetworkConfig, dataset: Dataset) -> Callable[[nnx.Rngs], SpikingNetwork]:
    """The function from initial randomness to the network of a config, tried once.

    `hidden`, `channels` and `options` are the builder's own arguments and those of `codesign.network.layers.Style`. Where the data has a
    time axis, or a label per step, encoding and read-out follow it unless they are given. Where `state_bits` is chosen, potentials are held
    in fixed point. What starts from a conversion is built as the spiking twin, in whose weights it is trained as numbers first.

    Raises:
        UserError: an option that this kind of network does not take, or a value that it refuses, with its place in the file.
    """
    build = REGISTRY[config.kind]
    own = set(inspect.signature(build).parameters) - GIVEN
    options: dict[str, Any] = dict(config.options)
    for name in ("hidden", "channels"):
        if sizes := getattr(config, name):
            if name not in own:
                raise file.error(("network", name), f"{config.kind} takes {', '.join(map(repr, sorted(own)))}, not {name!r}")
            options[name] = sizes
    for name in config.options:
        if name not in own | STYLE:
            raise file.error(("network", "options", name), f"{config.kind} takes no such option{nearest(name, sorted(own | STYLE))}")
    events = dataset.kind == "events"
    # a default is no claim about the data
    if events and "longest" in config.model_fields_set and config.longest != dataset.sample_shape[0]:
        what = f"is {config.longest}, but {dataset.name} has {dataset.sample_shape[0]} steps (leave it out)"
        raise file.error(("network", "longest"), what)
    implied: dict[str, Any] = {"steps": longest_of(config, dataset)}
    if events:
        # counts of events are never negative: signed inputs are samples of a signal
        implied["encoding"] = "samples" if dataset.train.inputs.min() < 0 else "events"
    if "encoding" in options and options["encoding"] in ENCODINGS and events != (options["encoding"] in SEQUENCES):
        fitting = [name for name in ENCODINGS if events == (name in SEQUENCES)]
        what = f"is {options['encoding']}, but {dataset.name} has {'a time axis' if events else 'frames'} (use {' or '.join(fitting)})"
        raise file.error(("network", "options", "encoding"), what)
    per_step = dataset.train.labels.ndim == 2
    if per_step:
        implied["readout"] = "each_step"
    if "readout" in options and per_step != (options["readout"] in _EACH_STEP):
        label, use = ("step", " or ".join(sorted(_EACH_STEP))) if per_step else ("sample", "mean")
        what = f"is {options['readout']}, but {dataset.name} has one label for each {label} (use {use})"
        raise file.error(("network", "options", "readout"), what)
    if "state_bits" in (*file.config.parameters, *config.operation):
        # bits that cost but change nothing would always seem superfluous
        implied["state"] = "fixed_point"
        if options.get("state", "fixed_point") != "fixed_point":
            what = f"is {options['state']}, which state_bits does not change: it must be fixed_point where state_bits is chosen"
            raise file.error(("network", "options", "state"), what)
    implied |= _chosen_in_runs(file, config.operation, options)
    chosen = {name: value for name, value in options.items() if name in own}

    def network(rngs: nnx.Rngs) -> SpikingNetwork:
        style = Style(**{**implied, **{name: value for name, value in options.items() if name in STYLE}})
        # the first axis of events is time, over which the network runs
        return build(dataset.sample_shape[1:] if events else dataset.sample_shape, dataset.classes, style=style, rngs=rngs, **chosen)

    _check_sizes(file, options)
    # by shapes: a network of any size is tried in no time and memory
    attempt(file, ("network",), lambda: outline(network))
    return converted(file, config.start, config, dataset, network) if isinstance(config.start, ConvertedStart) else network


def _chosen_in_runs(file: ConfigFile, fixed: Mapping[str, float], options: Mapping[str, Any]) -> dict[str, Any]:
    """What the network has to be built with because a run chooses: neurons for the longest payload.

    Raises:
        UserError: an option that a run chooses as well.
    """
    for name, option in _CHOSEN.items():
        place = "parameters" if name in file.config.parameters else "network.operation" if name in fixed else ""
        if place and option in options:
            raise file.error(("network", "options", option), f"is chosen as {place}.{name} too: leave out one of them")
    searched = file.config.parameters.get("payload_bits")
    most = fixed.get("payload_bits") if searched is None else make_parameter(searched).harden(math.inf)
    # beyond what a spike can carry: told as the range of the parameter
    return {} if most is None else {"payload_bits": min(math.ceil(most), int(RANGES["payload_bits"].high))}


def _check_sizes(file: ConfigFile, options: Mapping[str, Any]) -> None:
    """Numbers that are sizes of something: bounded, so that a slip of the finger takes no hours to refuse."""
    for name, value in options.items():
        where = ("network", name) if name in ("hidden", "channels") else ("network", "options", name)
        numbers = value if isinstance(value, list) else [value] if isinstance(value, int | float) else []
        most = MOST_NEURONS if name in _SIZES else MOST
        if len(numbers) > MOST_LAYERS or (name in _COUNTS and numbers[0] > MOST_LAYERS):
            raise file.error(where, f"must be at most {MOST_LAYERS} layers")
        least = _LEAST.get(name, 0)
        for number in numbers:
            if not least <= number <= most:
                raise file.error(where, f"must be from {least} to {most}, got {number:g}")
