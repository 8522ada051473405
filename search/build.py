"""From a checked config to a problem: names become data sets, networks, chips, technologies and objectives."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from codesign import technology
from codesign.data import registry
from codesign.hardware import REGISTRY as HARDWARE
from codesign.network import models
from search import objective
from search.config import Config, ConfigFile, make_parameter
from search.errors import UserError, nearest
from search.gradient import Settings
from search.network import longest_of, network_builder
from search.problem import Problem, make_problem


def build(file: ConfigFile) -> Problem:
    """The problem a config describes.

    Raises:
        UserError: an unknown name or an impossible combination, as `file:line: path: what (did you mean ...)`.
    """
    config = file.config
    _known(file, ("hardware", "kind"), config.hardware.kind, HARDWARE)
    _known(file, ("network", "kind"), config.network.kind, models.REGISTRY)
    _known(file, ("data", "name"), config.data.name, registry.available(), path_suffix=".npz")
    if config.objectives[0] != "error" or "energy" not in config.objectives:
        raise file.error(("objectives",), "must begin with 'error' and contain 'energy', which the report is drawn in")
    objectives = tuple(_attempt(file, ("objectives", i), partial(objective.find, name)) for i, name in enumerate(config.objectives))
    chip = _attempt(file, ("hardware", "fixed"), lambda: HARDWARE[config.hardware.kind].of(**config.hardware.fixed))
    prices = _attempt(file, ("hardware", "technology"), lambda: technology.load(config.hardware.technology))
    dataset = _attempt(
        file,
        ("data", "name"),
        lambda: registry.load(config.data.name, seed=config.seed, validation_share=config.data.validation_share, limit=config.data.limit),
    )
    longest = longest_of(config.network, dataset)
    parameters = {name: make_parameter(entry) for name, entry in config.parameters.items()}
    timesteps = parameters.get("timesteps")
    if timesteps is not None and getattr(timesteps, "high", 0) > longest:
        raise file.error(("parameters", "timesteps"), f"high {timesteps.high} exceeds network.longest, the {longest} steps simulated")
    network = network_builder(file, config.network, dataset)
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
        where, _, what = str(error).partition(": ")
        raise file.error(tuple(where.split(".")), what) from None


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
