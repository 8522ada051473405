"""From a checked config to a problem: names become data sets, networks, chips, technologies and objectives."""

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final

import numpy as np
from flax import nnx

from codesign.data import registry
from codesign.hardware.base import AbstractHardware
from codesign.hardware.registry import REGISTRY as HARDWARE
from codesign.network.builders import models
from codesign.parameters.categorical import Categorical
from codesign.parameters.space import Parameter
from codesign.technology import catalogue
from codesign.technology.technology import Technology
from search.errors import UserError, nearest
from search.objectives import registry as objective
from search.problem.config import Config, ConfigFile, HardwareConfig, TechnologyConfig, make_parameter
from search.problem.network import longest_of, network_builder
from search.problem.problem import Problem, make_problem
from search.problem.schedule import Settings

_OPEN: Final = ("dataflow", "memory")
"""Options that `of` takes as several names, of which a search chooses."""


def build(file: ConfigFile) -> Problem:
    """The problem a config describes.

    Raises:
        UserError: an unknown name or an impossible combination, as `file:line: path: what (did you mean ...)`.
    """
    config = file.config
    # names first: a misspelt one is told before any data are read
    _known(file, ("hardware", "kind"), config.hardware.kind, HARDWARE)
    _known(file, ("network", "kind"), config.network.kind, models.REGISTRY)
    _known(file, ("data", "name"), config.data.name, registry.available(), path_suffix=".npz")
    objectives = tuple(_attempt(file, ("objectives", i), partial(objective.find, name)) for i, name in enumerate(config.objectives))
    # columns of results carry their names
    if len({found.name for found in objectives}) < len(objectives):
        raise file.error(("objectives",), "must differ from each other")
    prices = _attempt(file, ("hardware", "technology"), lambda: _prices(config.hardware))
    chosen = ("data", "name" if config.data.timesteps is None else "timesteps")
    dataset = _attempt(file, chosen, lambda: registry.load(**config.data.model_dump(), seed=config.seed))
    longest = longest_of(config.network, dataset)
    parameters = {name: make_parameter(entry) for name, entry in config.parameters.items()}
    if "timesteps" in parameters and (most := parameters["timesteps"].harden(math.inf)) > longest:
        raise file.error(("parameters", "timesteps"), f"high {most:g} exceeds network.longest, the {longest} steps simulated")
    network = network_builder(file, config.network, dataset)
    # a hybrid chip needs to know how many layers its engines share
    chip = _chip(file, config.hardware, len(network(nnx.Rngs(0)).geometries), parameters)
    try:
        return make_problem(
            dataset,
            network,
            chip,
            prices,
            parameters,
            objectives,
            config.constraints,
            longest=longest,
            operation=config.network.operation,
        )
    except UserError as error:
        # the message begins with the place; split once, for names of a hybrid's parameters hold dots themselves
        where, _, what = str(error).partition(": ")
        raise file.error(tuple(where.split(".", 1)), what) from None


def _prices(config: HardwareConfig) -> Technology:
    chosen, mixed = config.technology, config.allow_mixed_basis
    if isinstance(chosen, TechnologyConfig):
        return catalogue.compose(**chosen.model_dump(), allow_mixed_basis=mixed)
    names = [chosen] if isinstance(chosen, str) else chosen
    return catalogue.combine(*(catalogue.load(name) for name in names), allow_mixed_basis=mixed)


def _chip(file: ConfigFile, config: HardwareConfig, layers: int, parameters: Mapping[str, Parameter]) -> AbstractHardware:
    """The chip template; of a hybrid one all layers are shared evenly among the engines until a search assigns them."""
    if config.kind != "hybrid":
        if config.engines:
            raise file.error(("hardware", "engines"), f"{config.kind} has no engines (did you mean kind 'hybrid'?)")
        return _attempt(
            file, ("hardware", "fixed"), lambda: HARDWARE[config.kind].of(**_offered(file, config.kind, parameters) | config.fixed)
        )
    if len(config.engines) < 2:
        raise file.error(("hardware", "engines"), "a hybrid chip needs at least two engines, by name, each with its kind")
    engines = {}
    for name, engine in config.engines.items():
        # analog errors reach the network on a chip of its own only
        _known(file, ("hardware", "engines", name, "kind"), engine.kind, sorted({*HARDWARE} - {"hybrid", "crossbar"}))
        where = ("hardware", "engines", name, "fixed")
        offered = _offered(file, engine.kind, parameters, f"{name}.") | engine.fixed
        engines[name] = _attempt(file, where, partial(HARDWARE[engine.kind].of, **offered))
    even = np.ones((layers, len(engines)))
    return _attempt(file, ("hardware", "fixed"), lambda: HARDWARE["hybrid"].of(engines, even, **config.fixed))


def _offered(file: ConfigFile, kind: str, parameters: Mapping[str, Parameter], prefix: str = "") -> dict[str, Any]:
    """What a chip is to leave open because a categorical parameter chooses from it: its dataflow, its memory cell."""
    fields = {field.name for field in dataclasses.fields(HARDWARE[kind])} & set(_OPEN)
    found = {name: parameters.get(prefix + name) for name in sorted(fields)}
    offered = {name: choice.options for name, choice in found.items() if isinstance(choice, Categorical)}
    # each tried alone, so that a wrong option is told where it stands and not at `hardware.fixed`
    for name, options in offered.items():
        _attempt(file, ("parameters", f"{prefix}{name}"), partial(HARDWARE[kind].of, **{name: options}))
    return offered


def settings(config: Config) -> Settings:
    """The search's settings."""
    return Settings(**{name: getattr(config.search, name) for name in Settings._fields})


def _known(file: ConfigFile, where: tuple[str | int, ...], name: str, choices: Iterable[str], path_suffix: str | None = None) -> None:
    choices = sorted(choices)
    if name in choices or (path_suffix is not None and name.endswith(path_suffix)):
        return
    noun = {"hardware": "hardware", "network": "network", "data": "data set"}[str(where[0])]
    raise file.error(where, f"unknown {noun} {name!r}{nearest(name, choices)}")


def _attempt(file: ConfigFile, where: tuple[str | int, ...], make: Callable[[], Any]) -> Any:
    try:
        return make()
    except (UserError, ValueError, KeyError) as error:
        raise file.error(where, str(error)) from None
