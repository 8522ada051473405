"""The smallest thing a study runs, stores and resumes: one resolved config, named by what it computes."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple


class State(StrEnum):
    """What became of a unit. A lost one ended without a word (killed, out of memory); a failed one said why it cannot be done."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"


class Unit(NamedTuple):
    """What is run.

    Attributes:
        name: twelve hexadecimal digits, the hash of the resolved config.
        label: what tells it from the other units of its study, such as `{"seed": 1, "search.kind": "tpe"}`; empty for the only one.
        config: resolved, of plain values.
    """

    name: str
    label: Mapping[str, Any]
    config: Mapping[str, Any]

    @property
    def title(self) -> str:
        """For people."""
        return "  ".join(f"{key.rpartition('.')[2]} {_short(value)}" for key, value in self.label.items()) or self.name


def _short(value: Any) -> str:
    text = "x".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 32 else f"{text[:29]}..."


class UnitFailedError(Exception):
    """A unit cannot be done; the message says why. What was tried is in the store."""
