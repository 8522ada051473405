"""From a checked config to a problem: names become data sets, networks, chips, technologies and objectives."""

import dataclasses
import math
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Final

from codesign.data import registry
from codesign.data.dataset import Dataset
from codesign.evaluation.devices import ageing_of
from codesign.network.builders import models
from codesign.network.operation import LONGEST
from search.errors import UserError, nearest
from search.objectives import registry as objective
from search.objectives.base import AbstractObjective
from search.problem import chip as chips
from search.problem.attempt import Where, attempt, placed
from search.problem.config import Config, ConfigFile
from search.problem.legal import rehearse
from search.problem.network import longest_of, network_builder
from search.problem.problem import Problem, make_problem
from search.problem.schedule import Settings
from search.problem.sections.entries import make_parameter
from search.problem.sections.start import CheckpointStart, StdpStart
from search.problem.size import budget_bytes, estimate, machine_bytes, outline, smallest_budget, spell
from search.problem.starts.checkpoint import weights
from search.problem.starts.local import check_local
from search.problem.starts.paid import paid

_NOUNS: Final = {"network": "network", "data": "data set"}


def check(file: ConfigFile) -> Problem:
    """The problem a config describes, one evaluation of which has been gone through by shapes: what this accepts can be run.

    Raises:
        UserError: as `build`; or parts that do not fit together.
    """
    problem = build(file)
    try:
        if isinstance(file.config.network.start, CheckpointStart):
            weights(file.config.network.start, problem)
        rehearse(problem)
    except UserError as error:
        raise placed(file, error) from None
    return problem


def build(file: ConfigFile) -> Problem:
    """The problem a config describes.

    Raises:
        UserError: an unknown name or an impossible combination, as `file:line: path: what (did you mean ...)`.
    """
    config = file.config
    # names first: a misspelt one is told before any data are read
    chips.family(file, ("hardware", "kind"), config.hardware.kind)
    _known(file, ("network", "kind"), config.network.kind, models.REGISTRY)
    # own data are absolute paths by now, and variants follow a colon
    if not Path(config.data.name).is_absolute():
        _known(file, ("data", "name"), config.data.name.partition(":")[0], registry.available())
    objectives = tuple(_objective(file, ("objectives", i), name) for i, name in enumerate(config.objectives))
    # columns of results carry their names
    if len({found.name for found in objectives}) < len(objectives):
        raise file.error(("objectives",), "must differ from each other")
    others = {name: _objective(file, ("constraints", name), name) for name in config.constraints if ":" in name}
    prices = attempt(file, ("hardware", "technology"), lambda: chips.prices(config.hardware))
    dataset = _dataset(file)
    longest = longest_of(config.network, dataset)
    parameters = {name: make_parameter(entry) for name, entry in config.parameters.items()}
    if "timesteps" in parameters and (most := parameters["timesteps"].harden(math.inf)) > longest:
        raise file.error(("parameters", "timesteps"), f"high {most:g} exceeds network.longest, the {longest} steps simulated")
    for name in parameters.keys() & config.network.operation.keys():
        raise file.error(("network", "operation", name), f"is fixed here and searched as parameters.{name}: leave out one of them")
    network = network_builder(file, config.network, dataset)
    shapes = outline(network)
    size = estimate(shapes, dataset, longest=longest, population=config.search.population, batch_size=config.search.batch_size)
    if size.total > (here := machine_bytes()):
        raise file.error(("network",), f"needs {size}, more than the {spell(here)} of this machine")
    budget, least = budget_bytes(config.search.memory_gb), smallest_budget(shapes, longest)
    # what is free by chance is no wish of anybody: then one sample at a time has to do
    if config.search.memory_gb is not None and budget < least:
        raise file.error(("search", "memory_gb"), f"one sample takes {spell(least)}, more than {spell(budget)}")
    if isinstance(config.network.start, StdpStart):
        check_local(file, shapes, dataset)
    chip = chips.chip(file, len(shapes.geometries), parameters)
    grouped = [layer.name for layer in shapes.geometries if layer.groups > 1]
    if config.search.recalibrate and grouped and ageing_of(chip, prices) is not None:
        what = f"layer {grouped[0]!r} has groups of channels, whose columns cannot be re-estimated: leave recalibrate out"
        raise file.error(("search", "recalibrate"), what)
    try:
        problem = make_problem(
            dataset,
            network,
            chip,
            prices,
            parameters,
            objectives,
            config.constraints,
            longest=longest,
            operation=config.network.operation,
            others=others,
            memory_bytes=budget,
        )
    except UserError as error:
        raise placed(file, error) from None
    problem = dataclasses.replace(problem, paid=paid(config.network.start, shapes, longest, config.search.batch_size))
    if 0 < config.search.budget <= problem.paid:
        raise file.error(("search", "budget"), f"must be above {problem.paid:.3g}, which network.start takes of it")
    return problem


def settings(config: Config) -> Settings:
    """The search's settings."""
    return Settings(**{name: getattr(config.search, name) for name in Settings._fields})


def _dataset(file: ConfigFile) -> Dataset:
    config = file.config
    # before a recording is cut into them
    if config.data.timesteps is not None and config.data.timesteps > LONGEST:
        raise file.error(("data", "timesteps"), f"must be at most {LONGEST}, got {config.data.timesteps}")
    chosen = ("data", "name" if config.data.timesteps is None else "timesteps")
    dataset = attempt(file, chosen, lambda: registry.load(**config.data.model_dump(), seed=config.seed))
    # the default is no claim about the data, in a resolved config either: minibatches are drawn with replacement
    chosen_size, samples = config.search.batch_size, len(dataset.train.labels)
    if chosen_size > samples and chosen_size != Settings().batch_size:
        what = f"batches of {chosen_size} need as many training samples, there are {samples}"
        raise file.error(("search", "batch_size"), what)
    return dataset


def _objective(file: ConfigFile, where: Where, name: str) -> AbstractObjective:
    return attempt(file, where, partial(objective.find, name, file.folder))


def _known(file: ConfigFile, where: Where, name: str, choices: Iterable[str]) -> None:
    choices = sorted(choices)
    if name in choices:
        return
    raise file.error(where, f"unknown {_NOUNS[str(where[0])]} {name!r}{nearest(name, choices)}")
