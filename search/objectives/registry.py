"""Objectives: what a search improves. Adding one takes ten lines; see `search.objectives.base`."""

from importlib.metadata import entry_points
from pathlib import Path

from search.errors import UserError, nearest
from search.objectives import answers as objective_answers
from search.objectives import cost as objective_cost
from search.objectives import time as objective_time
from search.objectives.base import REGISTRY, AbstractObjective, objective, register
from search.own import find_class

__all__ = ["BUILT_IN", "REGISTRY", "AbstractObjective", "available", "find", "objective", "register"]

BUILT_IN = (objective_answers, objective_cost, objective_time)  # importing them registers theirs


def available() -> list[str]:
    """Names of all registered objectives, those of installed packages included."""
    return sorted({*REGISTRY, *(point.name for point in entry_points(group="codesign.objectives"))})


def find(name: str, folder: Path | None = None) -> AbstractObjective:
    """An objective by registered name, entry point, or import path `package.module:Class`.

    Args:
        name: as in a config.
        folder: where modules of your own lie, that of the config.

    Raises:
        UserError: unknown (the message gives the nearest name), or a class that is no objective (see `search.own`).
    """
    # registered names first: an installed package does not take them over
    if name in REGISTRY:
        return REGISTRY[name]()
    for point in entry_points(group="codesign.objectives"):
        if point.name == name:
            return _made(name, point.load())
    if ":" in name:
        return _made(name, find_class(name, folder, AbstractObjective))  # type: ignore[type-abstract]
    raise UserError(f"unknown objective {name!r}{nearest(name, available())}")


def _made(name: str, found: type[AbstractObjective]) -> AbstractObjective:
    """An instance, of a class that says all that columns and searches ask of it."""
    for attribute in ("name", "unit"):
        if not (isinstance(text := getattr(found, attribute, None), str) and text):
            raise UserError(f"objective {name!r}: {attribute} must be a text, got {text!r}")
    if found.direction not in ("minimise", "maximise"):
        raise UserError(f"objective {name!r}: direction must be 'minimise' or 'maximise', got {found.direction!r}")
    try:
        return found()
    except TypeError as error:
        raise UserError(f"objective {name!r} cannot be made: {error}") from error
