"""Tiny configs that between them name every option there is, made from the registries: an option that is added is in them.

Options that have nothing to do with each other share a config, one of each kind at a time, so that each is in one and all are few.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

from codesign.hardware.registry import OPTIONS, RANGES
from codesign.network.answers.readouts import READOUTS
from codesign.network.builders.models import REGISTRY as BUILDERS
from codesign.network.encoding import ENCODINGS, SEQUENCES
from codesign.network.layers.norm import NORMS
from codesign.network.layers.style import FIRINGS, NEURONS
from codesign.network.neurons.firing import RESETS, STATES
from codesign.network.neurons.surrogate import SURROGATES
from codesign.network.operation import CHOICES
from codesign.network.operation import RANGES as OPERATION
from codesign.parameters.legal import LegalRange
from search.blackbox.registry import REGISTRY as SEARCHERS
from search.objectives.registry import available
from search.problem.sections.search import SearchConfig
from search.problem.sections.start import CheckpointStart, StartConfig

Values = dict[str, Any]
LONGEST: Final = 2

TECHNOLOGY: Final = {"crossbar": "rram_45nm", "manycore": "digital_28nm", "systolic": "digital_28nm"}
"""Of each family that is no chip of others."""
SEARCH: Final = {
    **{name: 2 for name in ("population", "warmup_steps", "relax_steps", "anneal_steps", "finetune_steps", "steps_per_call", "designs")},
    **{"batch_size": 16, "chips": 2, "aged_chips": 0, "exact_chips": 1, "steps_per_design": 2},
}
STYLES: Final[Mapping[str, Any]] = {
    "neuron": NEURONS,
    "firing": FIRINGS,
    "surrogate": SURROGATES,
    "reset": RESETS,
    "state": STATES,
    "norm": NORMS,
    "encoding": ENCODINGS,
    "readout": READOUTS,
    "learned_per": ("layer", "channel"),
}
"""What `network.options` chooses by name for any builder."""
NETWORKS: Final[Mapping[str, Values]] = {
    "mlp": {"hidden": [6]},
    "recurrent": {"hidden": [6]},
    "convnet": {"channels": [2]},
    "vgg": {"options": {"widths": [2, 0], "hidden": [4]}},
    "lenet": {},
    "resnet": {"options": {"depth": 8, "width": 2}},
    "mobilenet": {"options": {"channels": [2, 4], "strides": [2, 1]}},
    "transformer": {"options": {"width": 4, "heads": 2, "blocks": 1}},
}
"""Small ones of each builder."""


INERT: Final = {"crossbar": ("adc_offset", "read_noise", "stuck_on", "stuck_off", "levels", "device")}
"""What no search may move, as nothing prices it."""
FIRED: Final = {"firing_temperature": "stochastic", "payload_bits": "graded"}
"""What a run decides about neurons of one firing alone."""
DATA: Final[Mapping[str, Values]] = {"digits": {}, "synthetic": {"longest": 12}}
"""Data sets that need no files, and what they ask of a network."""
LABELS_PER_STEP: Final = ("each_step", "leaky_each_step")
"""Read-outs of data that have them."""


def config(kind: str = "systolic", technology: str | None = None, **sections: Any) -> Values:
    """The smallest study of a chip, with some sections of its own."""
    hardware = {"kind": kind, "technology": technology or TECHNOLOGY[kind], **sections.pop("hardware", {})}
    base = {
        "name": "matrix",
        "seed": 0,
        "data": {"name": "digits", "limit": 60},
        "network": {"kind": "mlp", "hidden": [6], "longest": LONGEST} | sections.pop("network", {}),
        "hardware": hardware,
        "parameters": {"weight_bits": {"kind": "integer", "low": 2, "high": 4}},
        "objectives": ["error", "energy"],
        "search": SEARCH | sections.pop("search", {}),
    }
    return copy.deepcopy(base | sections)


def each(axes: Mapping[str, Any]) -> Iterator[Values]:
    """As many choices as the longest axis has options, with every option of every axis in one of them."""
    for index in range(max(map(len, axes.values()))):
        yield {name: [*options][index % len(options)] for name, options in axes.items()}


def open_choices(kind: str, prefix: str = "") -> Values:
    """Parameters that let a search choose all that it may."""
    found = {name: legal for name, legal in OPTIONS[kind].items() if legal.searched}
    return {prefix + name: {"kind": "categorical", "options": [*legal.names]} for name, legal in found.items()}


def number(legal: LegalRange, **more: Any) -> Values:
    """A parameter around the default."""
    if legal.whole and (legal.low, legal.high) == (0, 1):
        return {"kind": "gate", **more}
    if legal.whole:
        low = int(min(legal.default, LONGEST - 1 if legal is OPERATION["timesteps"] else legal.high - 1))
        return {"kind": "integer", "low": low, "high": low + 1, **more}
    return {"kind": "continuous", "low": 0.9 * legal.default or 0.01, "high": legal.default or 0.1, **more}


def styles() -> Iterator[Values]:
    """Every neuron, reset, encoding and so on."""
    possible = {name: [option for option in names if option not in (*LABELS_PER_STEP, *SEQUENCES)] for name, names in STYLES.items()}
    for options in each(possible):
        yield config(network={"options": options})


def chips() -> Iterator[Values]:
    """All named options of every family searched at once, and every number, of all layers and of each."""
    for kind in TECHNOLOGY:
        inert = INERT.get(kind, ())
        numbers = {name: legal for name, legal in RANGES[kind].items() if name not in inert}
        yield config(kind, parameters=open_choices(kind) | {name: number(legal) for name, legal in numbers.items()})
        own = {name: number(legal, per_layer=True) for name, legal in numbers.items() if legal.per_layer}
        chosen = {name: open_choices(kind)[name] | {"per_layer": True} for name, legal in OPTIONS[kind].items() if legal.per_layer}
        if own | chosen:
            yield config(kind, parameters=own | chosen)


def hybrid(*kinds: str) -> Values:
    """Families on one chip, with all that they leave open."""
    engines = {kind[:4]: {"kind": kind} for kind in kinds}
    choices = {"assignment": {"kind": "categorical", "options": [*engines], "per_layer": True}}
    for name, engine in engines.items():
        choices |= open_choices(engine["kind"], f"{name}.")
    numbers = {name: number(legal) for name, legal in RANGES["hybrid"].items()}
    return config("hybrid", "rram_28nm", hardware={"engines": engines}, parameters=choices | numbers)


def hybrids() -> Iterator[Values]:
    """One of every family."""
    yield hybrid(*TECHNOLOGY)


def network(name: str) -> Values:
    """A small one of a builder."""
    return {"kind": name, "hidden": [], **NETWORKS[name]}


def networks() -> Iterator[Values]:
    """Every builder that runs on maps of 8 x 8."""
    yield from (config(network=network(name)) for name in BUILDERS if name != "lenet")


def runs() -> Iterator[Values]:
    """Every number and name of how a network is run, given and searched, for all layers and for each."""
    plain = {name: legal for name, legal in OPERATION.items() if name not in FIRED}
    given = {name: min(legal.default, 2) for name, legal in plain.items()}
    yield config(network={"operation": given}, parameters={"rows": {"kind": "power_of_two", "low": 4, "high": 8}})
    yield config(parameters={name: number(legal) for name, legal in plain.items()})
    yield config(parameters={name: number(legal, per_layer=True) for name, legal in plain.items() if legal.per_layer})
    for name, firing in FIRED.items():
        network = {"options": {"firing": firing}}
        yield config(network=network | {"operation": {name: OPERATION[name].default}})
        yield config(network=network, parameters={name: number(OPERATION[name], per_layer=True)})
    yield config(parameters={name: {"kind": "categorical", "options": [*options]} for name, options in CHOICES.items()})


def studies() -> Iterator[Values]:
    """Every data set that needs no files, start of weights and objective."""
    for name, asked in DATA.items():
        yield config(data={"name": name, "limit": 20}, network=asked)
    for start in get_args(get_args(StartConfig)[0]):
        # a file is what a study has left
        if start is not CheckpointStart:
            yield config(network={"start": {"kind": get_args(start.model_fields["kind"].annotation)[0]}, "longest": 7})
    yield config(objectives=available())


def searches() -> Iterator[Values]:
    """Every searcher, scalarisation, warm start and population axis."""
    fields = {name: get_args(SearchConfig.model_fields[name].annotation) for name in ("scalarisation", "warm_start", "population_axis")}
    for search in each({"kind": tuple(SEARCHERS), **fields}):
        yield config(search=search)


def quick() -> Iterator[Values]:
    """What is only built: named options, kinds of layers on the families without `networks`."""
    for kind in TECHNOLOGY:
        for fixed in each({name: legal.names for name, legal in OPTIONS[kind].items() if legal.names}):
            yield config(kind, hardware={"fixed": fixed})
    for kind in TECHNOLOGY.keys() - {"systolic"}:
        runs_attention = ["transformer"] if kind == "crossbar" else []
        yield from (config(kind, network=network(name)) for name in ("recurrent", "vgg", *runs_attention))


def refused() -> Iterator[tuple[Values, str]]:
    """What is refused, with what the message has to say."""
    for kind, options in OPTIONS.items():
        for name, legal in options.items():
            if legal.searched and not legal.per_layer:
                yield config(kind, parameters={name: open_choices(kind)[name] | {"per_layer": True}}), "leave out per_layer"
    for kind in TECHNOLOGY:
        whole = [name for name, legal in RANGES[kind].items() if not legal.per_layer and name not in INERT.get(kind, ())]
        # of many alike
        for name in whole[:1]:
            yield config(kind, parameters={name: number(RANGES[kind][name], per_layer=True)}), "leave out per_layer"
        for name in INERT.get(kind, ()):
            moved = number(RANGES[kind][name]) if name in RANGES[kind] else {"kind": "categorical", "options": ["reram", "pcm"]}
            yield config(kind, parameters={name: moved}), "hardware.fixed gives it"
    for name, firing in FIRED.items():
        yield config(parameters={name: number(OPERATION[name])}), f"network.options: {{firing: {firing}}}"
    yield from ((config(network={"options": {"readout": name}}), "use mean") for name in LABELS_PER_STEP)
    yield from ((config(network={"options": {"encoding": name}}), "use direct or rate or latency or phase") for name in sorted(SEQUENCES))
    yield config(network=network("lenet")), "at least 12 x 12"
    yield config("manycore", network=network("transformer")), "crossbar, systolic"
    yield config(data={"name": "synthetic"}), "leave it out"
    yield config(data={"name": "synthetic"}, network={"longest": 12, "options": {"encoding": "rate"}}), "use events or samples"
