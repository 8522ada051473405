"""Objectives as a finished study describes them: all that tables and reports ask of one, without the class that it was measured by."""

# annotations stay unread: who looks at results does without JAX
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from search.errors import UserError
from search.objectives.base import AbstractObjective

if TYPE_CHECKING:
    from jaxtyping import Array, Float

    from codesign.evaluation.evaluate import Evaluation

_FIELDS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "name": str,
    "unit": str,
    "direction": str,
    "logarithmic": bool,
    "answers": bool,
    "worst": (int, float),
}


def describe(objective: AbstractObjective) -> dict[str, Any]:
    """What is kept of an objective; plain values."""
    return {name: getattr(objective, name) for name in _FIELDS}


def from_description(values: Mapping[str, Any]) -> AbstractObjective:
    """An objective for tables; it cannot be asked for a value.

    Raises:
        UserError: a description that lacks a field, or has one of another type.
    """
    for name, kind in _FIELDS.items():
        if not isinstance(values.get(name), kind):
            raise UserError(f"description of an objective: {name} is {values.get(name)!r}")
    if values["direction"] not in ("minimise", "maximise"):
        raise UserError(f"description of an objective: direction is {values['direction']!r}")
    return type("Described", (_Described,), {name: values[name] for name in _FIELDS})()


class _Described(AbstractObjective):
    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        raise TypeError(f"{self.name} is only described here: its class is not at hand")
