"""From a config's `hardware` to a chip and its prices; families by name, and classes of your own as `module:Class`."""

import dataclasses
import inspect
import math
import typing
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from codesign.evaluation.devices import check_cells
from codesign.hardware.base import AbstractHardware
from codesign.hardware.registry import REGISTRY
from codesign.parameters.categorical import Categorical
from codesign.parameters.space import Parameter
from codesign.technology import catalogue
from codesign.technology.technology import Technology
from search.errors import UserError, nearest
from search.own import find_class
from search.problem.attempt import Where, attempt
from search.problem.config import ConfigFile
from search.problem.sections.parts import HardwareConfig, TechnologyConfig


def prices(config: HardwareConfig) -> Technology:
    """The technology, joined where there are several.

    Raises:
        TechnologyError: see `codesign.technology.catalogue`.
    """
    chosen, mixed = config.technology, config.allow_mixed_basis
    if isinstance(chosen, TechnologyConfig):
        return catalogue.compose(**chosen.model_dump(), allow_mixed_basis=mixed)
    names = [chosen] if isinstance(chosen, str) else chosen
    if not names:
        raise UserError(f"names no technology; one of {', '.join(catalogue.available())}")
    return catalogue.combine(*(catalogue.load(name) for name in names), allow_mixed_basis=mixed)


def family(file: ConfigFile, where: Where, kind: str, *, engine: bool = False) -> Any:
    """The class of a chip, or of an engine of a hybrid one.

    Raises:
        UserError: an unknown name, or a class of the user's own that is no hardware.
    """
    if ":" in kind:
        found = attempt(file, where, lambda: find_class(kind, file.folder, AbstractHardware))  # type: ignore[type-abstract]
        if not callable(getattr(found, "of", None)):
            raise file.error(where, f"{kind!r} has no `of`, which makes a chip of its parameters")
        return found
    known = sorted({*REGISTRY} - ({"hybrid"} if engine else set()))
    if kind not in known:
        raise file.error(where, f"unknown hardware {kind!r}{nearest(kind, known)}")
    return REGISTRY[kind]


def chip(file: ConfigFile, layers: int, parameters: Mapping[str, Parameter]) -> AbstractHardware:
    """The chip template; of a hybrid one all layers are shared evenly among the engines until a search assigns them.

    Args:
        file: the config.
        layers: of the network: a hybrid chip needs to know how many its engines share.
        parameters: what is searched.

    Raises:
        UserError: an unknown or illegal entry, with its place.
    """
    config = file.config.hardware
    if config.kind != "hybrid":
        if config.engines:
            raise file.error(("hardware", "engines"), f"{config.kind} has no engines (did you mean kind 'hybrid'?)")
        return _made(file, ("hardware",), config.kind, config.fixed, parameters, "", layers)
    if len(config.engines) < 2:
        raise file.error(("hardware", "engines"), "a hybrid chip needs at least two engines, by name, each with its kind")
    engines = {
        name: _made(file, ("hardware", "engines", name), engine.kind, engine.fixed, parameters, f"{name}.", layers, engine=True)
        for name, engine in config.engines.items()
    }
    where, own = ("hardware", "fixed"), dict(config.fixed)
    for name in own:
        engine, _, inner = name.partition(".")
        if inner and engine in engines:
            raise file.error((*where, name), f"is an engine's: hardware.engines.{engine}.fixed: {{{inner}: ..}}")
    shared = _assignment(file, (*where, "assignment"), own.pop("assignment", None), [*engines], layers, parameters)
    hybrid = attempt(file, where, lambda: REGISTRY["hybrid"].of(engines, shared, **own))
    _check_fixed(file, where, hybrid, own, parameters, "", layers)
    return hybrid


def _assignment(
    file: ConfigFile, where: Where, fixed: Any, engines: Sequence[str], layers: int, parameters: Mapping[str, Parameter]
) -> Any:
    """Shares of layers on engines: of one engine, by its name; of a number for each layer, counted from 0; even where a search assigns."""
    if fixed is None:
        return np.ones((layers, len(engines)))
    if "assignment" in parameters:
        raise file.error(where, "is fixed here and searched as parameters.assignment: leave out one of them")
    if isinstance(fixed, str):
        if fixed not in engines:
            raise file.error(where, f"unknown engine {fixed!r}{nearest(fixed, list(engines))}")
        return [engines.index(fixed)] * layers
    numbers = fixed if isinstance(fixed, list) else [fixed]
    if len(numbers) != layers or any(number not in range(len(engines)) for number in numbers):
        told = ", ".join(f"{index} for {name}" for index, name in enumerate(engines))
        raise file.error(where, f"must name one engine, or have a number for each of {layers} layers ({told}), got {fixed}")
    return [int(number) for number in numbers]


def _made(
    file: ConfigFile,
    where: Where,
    kind: str,
    fixed: Mapping[str, Any],
    parameters: Mapping[str, Parameter],
    prefix: str,
    layers: int,
    *,
    engine: bool = False,
) -> AbstractHardware:
    made_by = family(file, (*where, "kind"), kind, engine=engine)
    _check_options(file, (*where, "fixed"), made_by, fixed)
    offered = _offered(file, made_by, parameters, prefix)
    made = attempt(file, (*where, "fixed"), partial(made_by.of, **{**offered, **fixed}))
    if not isinstance(made, AbstractHardware):
        raise file.error((*where, "kind"), f"{kind!r}: `of` must make an AbstractHardware, got {type(made).__name__}")
    _check_fixed(file, (*where, "fixed"), made, fixed, parameters, prefix, layers)
    attempt(file, (*where, "fixed"), lambda: check_cells(made))
    return made


def _check_options(file: ConfigFile, where: Where, made_by: Any, fixed: Mapping[str, Any]) -> None:
    """What `of` takes by name is named, and what it takes as a number is one."""
    # a chip of the user's own may take anything
    if made_by not in REGISTRY.values():
        return
    taken = inspect.signature(made_by.of).parameters
    numbers = {field.name for field in dataclasses.fields(made_by)} - taken.keys()
    for name, value in fixed.items():
        kinds = typing.get_args(taken[name].annotation) or (taken[name].annotation,) if name in taken else ()
        by_name, by_number = str in kinds, float in kinds or name in numbers
        if name in taken and not (by_name or by_number):
            raise file.error((*where, name), "cannot be set in a config")
        if (by_name or by_number) and by_name != isinstance(value, str):
            raise file.error((*where, name), f"must be {'a name' if by_name else 'a number'}, got {value!r}")


def _check_fixed(
    file: ConfigFile,
    where: Where,
    made: AbstractHardware,
    fixed: Mapping[str, Any],
    parameters: Mapping[str, Parameter],
    prefix: str,
    layers: int,
) -> None:
    for name, value in fixed.items():
        if prefix + name in parameters:
            raise file.error((*where, name), f"is fixed here and searched as parameters.{prefix}{name}: leave out one of them")
        if isinstance(value, str):
            continue
        values, legal = value if isinstance(value, list) else [value], made.ranges.get(name)
        if isinstance(value, list) and (legal is None or not legal.per_layer):
            raise file.error((*where, name), "is one value for the whole chip, no layer has its own")
        if isinstance(value, list) and len(value) != layers:
            raise file.error((*where, name), f"has {len(value)} values, but the network has {layers} layers")
        if not all(math.isfinite(each) for each in values):
            raise file.error((*where, name), f"must be finite, got {value}")
        if legal is not None and (complaint := legal.complaint(values)) is not None:
            raise file.error((*where, name), complaint)


def _offered(file: ConfigFile, made_by: Any, parameters: Mapping[str, Parameter], prefix: str = "") -> dict[str, Any]:
    """What a chip is to leave open because a categorical parameter chooses from it, such as its memory cell."""
    open_to_search = sorted(name for name, legal in made_by.named.items() if legal.searched)
    found = {name: parameters.get(prefix + name) for name in open_to_search}
    offered = {name: choice.options for name, choice in found.items() if isinstance(choice, Categorical)}
    # each tried alone, so that a wrong option is told where it stands and not at `hardware.fixed`
    for name, options in offered.items():
        attempt(file, ("parameters", f"{prefix}{name}"), partial(made_by.of, **{name: options}))
    return offered
