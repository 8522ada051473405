"""The units of a sweep or a comparison, for people: a line each, and fronts by what was varied."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from codesign.units import show
from search.objectives.constraint import spell
from search.results.figures.compare import MOST
from search.results.groups import Group
from search.results.page.document import table
from search.study.store.tables import StoredUnit
from search.study.unit import State

LISTED: Final = 1000  # lines that somebody may read; units.csv has all


def counts(stored: Sequence[StoredUnit]) -> str:
    """How many units there are, and what became of them."""
    states = [unit.state for unit in stored]
    return f"{len(stored)} units: {', '.join(f'{states.count(state)} {state}' for state in State if state in states)}"


def fronts(group: Group, by: str) -> dict[str, pd.DataFrame]:
    """Designs by unit, or by a label that was varied, each part with its own front."""
    if by == "unit":
        return {title: own for title, own in group.fronts().items() if own.on_front.any()}
    value = {stored.unit.name: str(stored.unit.label[by]) for stored in group.units}
    parts = group.designs.groupby(group.designs.unit.map(value), sort=False)
    return {str(name): group.view.with_front(own) for name, own in parts}


def drawn_note(group: Group) -> str:
    """That not all are drawn, where that is so."""
    able = sum(own.feasible.any() for own in group.own.values())
    return f'<p class="note">Drawn: {MOST} of {able} units, those with most designs on their fronts.</p>' if able > MOST else ""


def listed(group: Group) -> str:
    """A line for each unit: what was varied, what became of it, and the design it would build."""
    keys = list(dict.fromkeys(key for stored in group.units for key in stored.unit.label))
    head = [*keys, "state", "designs", "on the common front", "design to build", *(o.name.replace("_", " ") for o in group.view.objectives)]
    rows = [_row(group, stored, keys) for stored in group.units[:LISTED]]
    note = f'<p class="note">The first {LISTED} of {len(group.units)}; units.csv has all.</p>' if len(group.units) > LISTED else ""
    return note + table([*head, "time"], rows, "long")


def _row(group: Group, stored: StoredUnit, keys: Sequence[str]) -> list[str]:
    row = group.row(stored)
    built = [spell(o, row[o.column]) if row["design"] else "" for o in group.view.objectives]
    took = show(row["wall_s"] * 1e9, "ns") if row["wall_s"] else ""
    what = [str(stored.unit.label.get(key, "")) for key in keys]
    state = row["state"] if not row["reason"] else f"{row['state']}: {row['reason']}"
    return [*what, state, str(row["designs"]), str(row["on_front"]), row["design"] or "", *built, took]
