"""How a study's results are looked at: its objectives, bounds and parameters, and which objective goes on which axis."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from search.objectives.base import AbstractObjective
from search.objectives.constraint import Constraint
from search.objectives.described import from_description
from search.objectives.pareto import non_dominated
from search.objectives.roles import answers_of, cost_of
from search.study.store.tables import Tables
from search.study.unit import Unit


@dataclasses.dataclass(frozen=True)
class View:
    """What a table of designs is about.

    Attributes:
        objectives: at least two.
        limits: bounds.
        parameters: names of what was searched.
    """

    objectives: tuple[AbstractObjective, ...]
    limits: tuple[Constraint, ...] = ()
    parameters: tuple[str, ...] = ()

    @classmethod
    def of(cls, config: Mapping[str, Any], described: Mapping[str, Mapping[str, Any]] | None = None) -> "View":
        """The view that a config describes.

        Args:
            config: of the study, resolved, of plain values as the store holds them (checking them again would import JAX).
            described: its objectives by what the config calls them, as `search.objectives.described.describe` kept them; those that are
                not among them are found by name, which imports modules of the user's own.

        Raises:
            UserError: an objective that is not known.
        """

        def found(name: str) -> AbstractObjective:
            if described is not None and name in described:
                return from_description(described[name])
            # a study of an earlier version described nothing; only this needs JAX
            from search.objectives import registry

            return registry.find(name)

        limits = tuple(Constraint(found(name), bound) for name, bound in config["constraints"].items())
        return cls(tuple(found(name) for name in config["objectives"]), limits, tuple(config["parameters"]))

    @classmethod
    def stored(cls, tables: Tables, unit: Unit) -> "View":
        """The view of a unit as it described its objectives when it ran; see `of`."""
        kept = json.loads(tables.facts("objectives").get(unit.name, "{}"))
        return cls.of(unit.config, kept)

    @property
    def answers(self) -> AbstractObjective | None:
        """The first objective that is about the quality of answers alone, or None."""
        return answers_of(self.objectives)

    @property
    def cost(self) -> AbstractObjective:
        """The objective that designs are ordered by: energy where it is one, else the first that is not about answers."""
        return cost_of(self.objectives)

    @property
    def against(self) -> tuple[AbstractObjective, ...]:
        """The objectives drawn against the cost: that about answers first."""
        # False sorts before True; the others keep the order of the config
        return tuple(sorted((o for o in self.objectives if o is not self.cost), key=lambda o: o is not self.answers))

    @property
    def columns(self) -> list[str]:
        """Of the measured objectives."""
        return [o.column for o in self.objectives]

    def ordered(self, designs: pd.DataFrame) -> pd.DataFrame:
        """Designs from the best in cost to the worst."""
        return designs.sort_values(self.cost.column, ascending=self.cost.sign > 0)

    def with_front(self, designs: pd.DataFrame) -> pd.DataFrame:
        """Designs with `on_front`: feasible, and beaten by no other feasible one in the measured objectives."""
        values = designs[self.columns].to_numpy(np.float64, copy=True) * [o.sign for o in self.objectives]
        # NaN: on no front, and keeping no other design off it
        values[~designs.feasible.to_numpy(bool)] = np.nan
        return designs.assign(on_front=non_dominated(values))

    def claimed(self, designs: pd.DataFrame) -> pd.DataFrame:
        """Designs of which a relaxed model said something before; none of most searchers."""
        return designs[designs[f"relaxed_{self.columns[0]}"].notna()]

    def tightest(self, design: pd.Series) -> Constraint | None:
        """The constraint that a design exceeds most, or comes nearest to."""
        return max(self.limits, key=lambda limit: float(limit.excess(design[limit.objective.column])), default=None)

    def settings(self, design: pd.Series) -> dict[str, str]:
        """A design's parameters for people; a per-layer one becomes `3 / 4 / 5`."""
        found = {}
        for name in self.parameters:
            # with the bracket: the name of one parameter may begin with that of another
            values = [design[c] for c in design.index if c == name or str(c).startswith(f"{name}[")]
            found[name] = " / ".join(_told(name, v) for v in values)
        return found


def _told(name: str, value: Any) -> str:
    """A gate in words, as 0 and 1 say nothing to who did not make it."""
    if name == "gate":
        return "spikes" if value >= 0.5 else "plain values"
    return value if isinstance(value, str) else f"{value:g}"
