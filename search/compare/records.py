"""The units of a comparison as its tables want them."""

import json
from typing import Any

import pandas as pd

from search.results.view import View
from search.study.store.tables import StoredUnit, Tables
from search.study.unit import State


def records(tables: Tables, view: View) -> list[dict[str, Any]]:
    """One for each finished unit: what it was, what it spent, its claims, its course and its measured designs.

    Args:
        tables: of the comparison's folder.
        view: objectives and parameters of the problem, the same for all units.
    """
    facts = {name: tables.facts(name) for name in ("spent", "middle", "claims", "course")}
    done = [stored for stored in tables.units() if stored.state == State.DONE]
    return [_record(stored, {name: json.loads(of[stored.unit.name]) for name, of in facts.items()}, tables, view) for stored in done]


def _record(stored: StoredUnit, facts: dict[str, Any], tables: Tables, view: View) -> dict[str, Any]:
    designs = tables.designs(stored.unit.name)
    known = {"references": facts["middle"], "claims": facts["claims"], "course": facts["course"]}
    return {**stored.unit.label, **facts["spent"], **known, "designs": [_design(row, view) for _, row in designs.iterrows()]}


def _design(row: pd.Series, view: View) -> dict[str, Any]:
    columns = [name for name in row.index if name.partition("[")[0] in view.parameters]
    return {
        "origin": row.origin,
        "point": {name: row[name] for name in columns},
        "objectives": [float(row[column]) for column in view.columns],
        "validation": [float(row[f"validation_{column}"]) for column in view.columns],
        "error_std": float(row.error_std),
        "feasible": bool(row.feasible),
    }
