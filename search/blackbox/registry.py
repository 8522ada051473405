"""Searchers by name; importing this does not import JAX."""

import importlib
from typing import TYPE_CHECKING, Final

from search.errors import UserError, nearest

if TYPE_CHECKING:
    from search.blackbox.searcher import AbstractSearcher

REGISTRY: Final = {
    "gradient": ("search.blackbox.joint:Gradient", "joint gradient search over weights and chips, corner rounding, polish, fine-tuning"),
    "supernet_nsga2": (
        "search.blackbox.supernet:SupernetEvolution",
        "weights trained on random chips, NSGA-II with them, fine-tuning",
    ),
    "tpe": ("search.blackbox.tpe:Tpe", "tree-structured Parzen estimator, multi-objective (Optuna), a network per design"),
    "nsga2": ("search.blackbox.evolution:Evolution", "NSGA-II (pymoo), a network per design"),
    "random": ("search.blackbox.random_designs:RandomDesigns", "designs at random, then one-step polish; a network per design"),
    "coordinate": ("search.blackbox.coordinate:Coordinate", "coordinate descent for several preferences, a network per design"),
}
"""Searchers by name: where each is (`module:Class`), and a line about it."""


def check(name: str) -> str:
    """The name, if it is known.

    Raises:
        UserError: it is not; the message gives the nearest.
    """
    if name not in REGISTRY:
        raise UserError(f"unknown searcher {name!r}{nearest(name, list(REGISTRY))}")
    return name


def find(name: str) -> "AbstractSearcher":
    """A searcher by name.

    Raises:
        UserError: unknown; the message gives the nearest name.
    """
    module, _, attribute = REGISTRY[check(name)][0].partition(":")
    return getattr(importlib.import_module(module), attribute)()
