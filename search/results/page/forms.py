"""Figures about all designs of a group, as plotly's scripts take them; those of single designs are drawn from the data."""

import json
from typing import Any, Final

import pandas as pd

from search.results.figures import compare, course, sensitivity
from search.results.figures.figure import Figure
from search.results.groups import Group
from search.results.page import units
from search.study.store.tables import Tables

CLAIMS: Final = 1000  # points; more hide each other


def forms(group: Group, constants: pd.DataFrame, tables: Tables, by: str) -> dict[str, Any]:
    """By name: `parameters`, `compare` of several units; `sensitivity`, `history` and a `gap OBJECTIVE` each of one.

    Args:
        group: with designs.
        constants: that verdicts hang on.
        tables: of the study.
        by: what tells the fronts of several units apart.
    """
    view, found = group.view, dict[str, Figure]()
    if len(group.designs) > 2 and view.parameters:
        found["parameters"] = sensitivity.parameters(view, group.designs)
    if len(group.units) > 1:
        found["compare"] = compare.compare(view, units.fronts(group, by))
    else:
        if not constants.empty:
            found["sensitivity"] = sensitivity.sensitivity(constants)
        if len(claimed := claimed_of(group)):
            some = claimed.iloc[:: -(-len(claimed) // CLAIMS)]
            found |= {f"gap {objective.name}": course.gap([objective], some) for objective in view.objectives}
        if len(steps := tables.history(group.units[0].unit.name)):
            found["history"] = course.history(view, steps)
    return {name: _form(each) for name, each in found.items() if each.data}


def claimed_of(group: Group) -> pd.DataFrame:
    """Designs that a relaxed model said something of; none of most searchers."""
    known = f"relaxed_{group.view.columns[0]}" in group.designs
    return group.view.claimed(group.designs) if known else group.designs.head(0)


def _form(each: Figure) -> dict[str, Any]:
    """A figure without its template, which all have in common."""
    plain = json.loads(each.to_json())
    plain["layout"].pop("template", None)
    return plain
