"""`codesign init`: a commented config to begin with, made for the data at hand."""

import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from codesign.data import registry
from codesign.data.dataset import DataError, Dataset
from codesign.data.reading.table import SUFFIXES
from codesign.hardware.registry import OPTIONS, REGISTRY
from search.errors import UserError, nearest
from search.problem import build
from search.problem import config as configs

MOST_INPUTS: Final = 4096  # of one sample, up to which a perceptron is tried first
MANY: Final = 3000  # training samples that are quick to go through

_TEMPLATE: Final = """\
# {title}
# Check it with: codesign check {file}     run it with: codesign run {file}
name: {name}              # results go to results/{name}
seed: 0

data:
  name: {data}{limit}

network:
{network}

hardware:
{hardware}

parameters:               # what the search may move; see: codesign list parameters {kind}
{parameters}

objectives: [error, energy]   # any two or more; see: codesign list objectives
# constraints: {{error: 0.1}}   # designs with more errors than this are not wanted

search:
  population: 6           # members, each with its own preference between the objectives; more fill the front
  batch_size: {batch}
  warm_start: shared      # one network is trained, all members begin with it
  warmup_steps: 300       # minibatches; more of each make better designs and take longer
  relax_steps: 150
  anneal_steps: 100
  finetune_steps: 100
  designs: 12             # at most so many are measured on test data
  chips: 8                # simulated chips that each is measured on
  aged_chips: 0           # chips that are measured again as they age; for analog devices
"""

_HARDWARE: Final[Mapping[str, tuple[str, str]]] = {
    "crossbar": (
        "  kind: crossbar          # analog in-memory arrays\n  technology: rram_45nm   # see: codesign list technologies\n"
        "  fixed: {cell_bits: 1}   # one bit per device",
        "  rows: {kind: power_of_two, low: 16, high: 256}\n  columns: {kind: power_of_two, low: 16, high: 256}\n"
        "  adc_bits: {kind: integer, low: 3, high: 8}\n"
        "  programming_sigma: {kind: continuous, low: 0.02, high: 0.2, log: true, per_layer: true}  # share of the largest conductance",
    ),
    "systolic": (
        "  kind: systolic          # a digital array of processing elements\n  technology: digital_28nm  # see: codesign list technologies",
        "  rows: {kind: power_of_two, low: 4, high: 64}\n  columns: {kind: power_of_two, low: 4, high: 64}\n"
        "  dataflow: {kind: categorical, options: [weight_stationary, output_stationary], per_layer: true}",
    ),
    "manycore": (
        "  kind: manycore          # event-driven cores on a mesh\n  technology: digital_28nm  # see: codesign list technologies",
        "  neurons_per_core: {kind: power_of_two, low: 16, high: 1024}",
    ),
    "hybrid": (
        "  kind: hybrid            # every layer runs on one of the engines\n"
        "  technology: digital_28nm  # see: codesign list technologies\n"
        "  engines:\n    array: {kind: systolic}\n    cores: {kind: manycore}",
        "  assignment: {kind: categorical, options: [array, cores], per_layer: true}\n"
        "  array.rows: {kind: power_of_two, low: 4, high: 64}\n  array.columns: {kind: power_of_two, low: 4, high: 64}\n"
        "  cores.neurons_per_core: {kind: power_of_two, low: 16, high: 1024}",
    ),
}
"""Section and parameters of each family."""


def init(data: str, output: Path | None, hardware: str, target: str | None = None, ignore: Sequence[str] = ()) -> str:
    """Write a config for data; returns what was written and what to do next.

    Args:
        data: name of a data set, or path of data of your own.
        output: the file; default the data's name in the working directory.
        hardware: a family.
        target: the column of a table that holds the class; None for the last.
        ignore: columns of a table that are left out.

    Raises:
        UserError: data that cannot be read, an unknown family, or a file that is there already.
    """
    if hardware not in _HARDWARE:
        raise UserError(f"--hardware: unknown hardware {hardware!r}{nearest(hardware, sorted(REGISTRY))}")
    dataset, standardise = _loaded(data, target, ignore)
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", Path(data).stem).strip("._-")[:80] or "study"
    path = output or Path(f"{name}.yaml")
    _write(path, _text(dataset, data, path, name, hardware, _columns(data, target, ignore, standardise)))
    try:
        build.check(configs.read(path))
    except UserError as error:
        path.unlink()
        raise UserError(f"--data: no config for {data} could be made: {error}") from None
    return f"{path}: written for {_about(dataset)}; next: codesign run {path}"


def _loaded(data: str, target: str | None, ignore: Sequence[str]) -> tuple[Dataset, bool]:
    """The data, and whether they are standardised: the columns of a table have ranges of their own."""
    is_table = Path(data).suffix.lower() in SUFFIXES
    try:
        return registry.load(data, target=target, ignore=ignore, standardise=is_table), is_table
    except (DataError, ValueError) as error:
        # arrays are taken as they are wherever that is possible
        if "standardise: true" not in str(error):
            about = "`ignore:" in str(error) or "is it a class" in str(error)
            hint = " (--target NAME and --ignore NAME say which columns are what)" if about else ""
            raise UserError(f"--data: {error}{hint}") from None
    return registry.load(data, standardise=True), True


def _columns(data: str, target: str | None, ignore: Sequence[str], standardise: bool) -> str:
    """Lines about the columns of a table, and about the range of features."""
    lines = []
    if Path(data).suffix.lower() in SUFFIXES:
        chosen = f"target: {json.dumps(target)}" if target else "# target: NAME"
        lines.append(f"{chosen:<22}# the column that holds the class{'' if target else '; by default the last'}")
        left_out = f"ignore: {json.dumps(list(ignore))}" if ignore else "# ignore: [NAME]"
        lines.append(f"{left_out:<22}# columns that say nothing, such as numbers of samples")
    if standardise:
        lines.append(f"{'standardise: true':<22}# each feature by its mean and spread, into [0, 1]")
    return "".join(f"\n  {line}" for line in lines)


def _text(dataset: Dataset, data: str, path: Path, name: str, hardware: str, columns: str) -> str:
    section, parameters = _HARDWARE[hardware]
    known = data.partition(":")[0] in registry.available() and not Path(data).suffix
    # as the file will read it, from where it lies
    place = data if known else Path(os.path.relpath(data, path.parent)).as_posix()
    samples = len(dataset.train.labels)
    limit = f"\n  limit: {MANY}             # of {samples} training samples; leave it out for all of them" if samples > MANY else ""
    return _TEMPLATE.format(
        title=_about(dataset).replace("\n", " "),
        file=path.name,
        name=name,
        data=f'"{place}"' if re.search(r"[^\w./-]", place) else place,
        limit=columns + limit,
        network=_network(dataset),
        hardware=section,
        kind=hardware,
        parameters="\n".join([parameters, *_operation(dataset), *_further(hardware, parameters)]),
        batch=min(64, samples, MANY),
    )


def _network(dataset: Dataset) -> str:
    events = dataset.kind == "events"
    shape = dataset.sample_shape[1:] if events else dataset.sample_shape
    if math.prod(shape) > MOST_INPUTS and len(shape) == 3:
        lines = ["  kind: convnet           # see: codesign list networks", "  channels: [8, 16]"]
    else:
        lines = ["  kind: mlp               # see: codesign list networks", "  hidden: [64]            # neurons of each hidden layer"]
    # data with a time axis have steps of their own
    return "\n".join(lines if events else [*lines, "  longest: 8              # time steps that are simulated"])


def _operation(dataset: Dataset) -> list[str]:
    """Parameters of the run."""
    steps = dataset.sample_shape[0] if dataset.kind == "events" else 8
    # a label for each step asks for an answer at each step
    searched = steps > 1 and dataset.train.labels.ndim == 1
    return [
        *([f"  timesteps: {{kind: integer, low: 1, high: {steps}}}"] if searched else []),
        "  weight_bits: {kind: integer, low: 2, high: 6, per_layer: true}",
    ]


def _further(hardware: str, parameters: str) -> list[str]:
    """What else the chip chooses by name, to be taken in."""
    named = {name: legal.names for name, legal in OPTIONS[hardware].items() if legal.searched and f"  {name}:" not in parameters}
    return [f"  # {name}: {{kind: categorical, options: [{', '.join(names)}]}}" for name, names in named.items()]


def _about(dataset: Dataset) -> str:
    shape = " x ".join(map(str, dataset.sample_shape))
    splits = (
        f"{len(dataset.train.labels)} training, {len(dataset.validation.labels)} validation and {len(dataset.test.labels)} test samples"
    )
    return f"{dataset.name}: {splits} of {shape} ({dataset.kind}), {dataset.classes} classes"


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UserError(f"{path}: is there already (name another file with --output)") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror}") from None
