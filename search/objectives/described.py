"""Objectives as they are kept with results: what tables and pages need of them, so that reading a folder imports nobody's module."""

from collections.abc import Mapping
from typing import Any, Final, final

from jaxtyping import Array, Float

from codesign.evaluation.evaluate import Evaluation
from search.objectives.base import AbstractObjective

_KEPT: Final = ("name", "unit", "direction", "differentiable", "logarithmic", "answers", "worst", "chips", "age_s")


def description(objective: AbstractObjective) -> dict[str, Any]:
    """An objective without its function, as JSON can hold it."""
    return {name: getattr(objective, name) for name in _KEPT}


@final
class Described(AbstractObjective):
    """An objective that was measured elsewhere.

    Args:
        kept: its `description`.
    """

    def __init__(self, kept: Mapping[str, Any]) -> None:
        for name in _KEPT:
            setattr(self, name, kept[name])

    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Never.

        Raises:
            TypeError: always: its function was left behind.
        """
        raise TypeError(f"{self.name} is known by its description alone and cannot be measured")
