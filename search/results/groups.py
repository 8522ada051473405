"""Units of a study that can be compared with each other, and their designs with one common front."""

import json
from collections.abc import Collection, Sequence
from typing import Any, final

import pandas as pd

from search.results.prices import with_prices
from search.results.recommend import choose
from search.results.view import View
from search.study.store.tables import StoredUnit, Tables, as_row


def groups_of(tables: Tables, only: Collection[str] | None = None) -> list["Group"]:
    """All units of a study, those together that can be compared.

    Args:
        tables: of the study.
        only: names of units; None for all.
    """
    units = [stored for stored in tables.units() if only is None or stored.unit.name in only]
    designs = tables.designs()
    return [Group(members, designs, tables) for members in alike(units)]


def alike(units: Sequence[StoredUnit]) -> list[list[StoredUnit]]:
    """Units whose designs can be compared: of the same data, objectives and bounds."""
    found: dict[str, list[StoredUnit]] = {}
    for stored in units:
        config = stored.unit.config
        key = json.dumps([config.get("data"), config.get("objectives"), config.get("constraints")], sort_keys=True)
        found.setdefault(key, []).append(stored)
    return list(found.values())


@final
class Group:
    """Units that can be compared.

    Attributes:
        units: in the order they were asked for.
        config: of the first, resolved, of plain values.
        view: objectives and bounds that all have.
        designs: measured, with `on_front` among all of them; what was varied comes first where there are several units.
    """

    def __init__(self, units: list[StoredUnit], designs: pd.DataFrame, tables: Tables) -> None:
        self.units = units
        self.config = units[0].unit.config
        self.view = View.stored(tables, units[0].unit)
        own = designs[designs.unit.isin({stored.unit.name for stored in units})] if len(designs) else designs
        self.designs = self.view.with_front(own) if len(own) else own
        # the draws of prices of one unit say which of its own designs stay on its front
        if len(own) and tables.get("kind") == "run":
            self.designs = with_prices(self.view, self.designs, tables.drawn(units[0].unit.name))
        # taken apart once: to look for every unit in the whole table would take the square of their number
        self.own = {str(name): part for name, part in self.designs.groupby("unit", sort=False)} if len(own) else {}

    @property
    def title(self) -> str:
        """What its units are about."""
        return f"{self.config['data']['name']}: {', '.join(self.config['objectives'])}"

    def row(self, stored: StoredUnit) -> dict[str, Any]:
        """A unit: what was varied, what became of it, and the design it would build."""
        row: dict[str, Any] = {**as_row(stored), **plain(stored)}
        own = self.own.get(stored.unit.name)
        row |= {"designs": 0, "on_front": 0} if own is None else {"designs": len(own), "on_front": int(own.on_front.sum())}
        chosen = None if own is None else choose(own, self.view)
        row["design"] = None if chosen is None else str(chosen.design)
        for objective in self.view.objectives:
            row[objective.column] = None if chosen is None else float(chosen[objective.column])
        return row

    def fronts(self) -> dict[str, pd.DataFrame]:
        """Designs of each unit that has any, by the unit's title, with the unit's own front."""
        return {
            stored.unit.title: self.view.with_front(self.own[stored.unit.name]) for stored in self.units if stored.unit.name in self.own
        }

    def rows(self) -> pd.DataFrame:
        """A row for each unit."""
        return pd.DataFrame([self.row(stored) for stored in self.units])


def labelled(groups: Sequence[Group]) -> pd.DataFrame:
    """Designs of all groups; what was varied comes first, as tables are filtered by it."""
    found = [group.designs for group in groups if len(group.designs)]
    if not found:
        return pd.DataFrame()
    labels = pd.DataFrame([{"unit": stored.unit.name, **plain(stored)} for group in groups for stored in group.units])
    return labels.merge(pd.concat(found), on="unit", suffixes=("", "_of_design"))


def plain(stored: StoredUnit) -> dict[str, Any]:
    """What was varied, with lists and mappings as JSON."""
    return {key: value if isinstance(value, int | float | str | bool) else json.dumps(value) for key, value in stored.unit.label.items()}
