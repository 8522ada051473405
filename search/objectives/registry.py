"""Objectives: what a search improves. Adding one takes ten lines; see `search.objectives.base`."""

import importlib
from importlib.metadata import entry_points

from search.errors import UserError, nearest
from search.objectives import answers as objective_answers
from search.objectives import cost as objective_cost
from search.objectives import time as objective_time
from search.objectives.base import REGISTRY, AbstractObjective, objective, register

__all__ = ["BUILT_IN", "REGISTRY", "AbstractObjective", "available", "find", "objective", "register"]

BUILT_IN = (objective_answers, objective_cost, objective_time)  # importing them registers theirs


def available() -> list[str]:
    """Names of all registered objectives, those of installed packages included."""
    return sorted({*REGISTRY, *(point.name for point in entry_points(group="codesign.objectives"))})


def find(name: str) -> AbstractObjective:
    """An objective by registered name, entry point, or import path `package.module:Class`.

    Raises:
        UserError: unknown; the message gives the nearest name.
    """
    # registered names first: an installed package does not take them over
    if name in REGISTRY:
        return REGISTRY[name]()
    for point in entry_points(group="codesign.objectives"):
        if point.name == name:
            return point.load()()
    if ":" in name:
        module, _, attribute = name.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)()
        # whatever else goes wrong is in the user's own code, and keeps its traceback
        except (ImportError, AttributeError) as error:
            raise UserError(f"objective {name!r} cannot be imported: {error}") from error
    raise UserError(f"unknown objective {name!r}{nearest(name, available())}")
