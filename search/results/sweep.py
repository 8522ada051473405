"""What a sweep found: a line for each unit, the common front of those that can be compared, and a page of it."""

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from codesign.units import show
from search.errors import UserError
from search.objectives.constraint import spell
from search.results.groups import Group, groups_of, labelled
from search.results.page import page, table
from search.results.plots import scale_of
from search.study.store.files import write_text
from search.study.store.store import Store
from search.study.store.tables import StoredUnit, Tables
from search.study.unit import State

MOST_DRAWN: Final = 24  # fronts that can be told apart in one picture


def publish(store: Store) -> Path:
    """Exports of a sweep, whatever of it is done: `units.csv`, `designs.csv`, `pareto.csv`, `report.html`.

    Returns:
        The page's path.
    """
    groups = groups_of(store.tables)
    found = labelled(groups)
    rows = [group.row(stored) for group in groups for stored in group.units]
    store.export("units", pd.DataFrame(rows))
    if len(found):
        store.export("designs", found)
        store.export("pareto", found[found.on_front])
    path = store.folder / "report.html"
    write_text(path, _page(store.folder.name, groups, rows))
    return path


def designs_of(tables: Tables) -> pd.DataFrame:
    """Measured designs of all units with all that the exports say of them.

    Raises:
        UserError: there are none yet.
    """
    found = labelled(groups_of(tables))
    if found.empty:
        raise UserError(f"{tables.folder} holds no measured design yet")
    return found


def _drawn(group: Group) -> list[StoredUnit]:
    """Units with a feasible design; of too many for one picture those with most designs on the common front."""
    able = [stored for stored in group.units if stored.unit.name in group.own and group.own[stored.unit.name].feasible.any()]
    if len(able) <= MOST_DRAWN:
        return able
    kept = sorted(able, key=lambda stored: -int(group.own[stored.unit.name].on_front.sum()))[:MOST_DRAWN]
    # in the order of the sweep, as the table has them
    return [stored for stored in able if stored in kept]


def _chart(group: Group) -> go.Figure:
    """Measured fronts of the units that `_drawn` names: the first objective against the cost."""
    view, figure = group.view, go.Figure()
    x, y = scale_of(view.cost), scale_of(view.against[0])
    for stored in _drawn(group):
        own = view.with_front(group.own[stored.unit.name])
        front = view.ordered(own[own.on_front])
        figure.add_scatter(
            x=(front[view.cost.column] * x.factor).tolist(),
            y=(front[view.against[0].column] * y.factor).tolist(),
            mode="lines+markers",
            line={"shape": "hv"},  # a staircase: between two designs only the one on the left is to be had
            name=html.escape(stored.unit.title),
            hovertext=[html.escape(str(design)) for design in front.design],
        )
    figure.update_layout(template="plotly_white", height=460, margin={"t": 20, "b": 40})
    figure.update_xaxes(type="log" if x.logarithmic else "linear", title=x.label)
    figure.update_yaxes(type="log" if y.logarithmic else "linear", title=f"{y.label}, test")
    return figure


def _page(name: str, groups: Sequence[Group], rows: Sequence[dict[str, Any]]) -> str:
    by_name = {row["unit"]: row for row in rows}
    states = [row["state"] for row in rows]
    counts = ", ".join(f"{states.count(state)} {state}" for state in (str(s) for s in State) if state in states)
    parts = [f'<p class="note">{len(rows)} units: {counts}. Every point is a hardened, legal design, measured again.</p>']
    scripts = True
    for group in groups:
        parts.append(f"<h2>{html.escape(group.title)}</h2>")
        if drawn := len(_drawn(group)):
            if drawn < len(group.units):
                parts.append(
                    f'<p class="note">Drawn: {drawn} of {len(group.units)} units, those with most designs on the common front.</p>'
                )
            parts.append(_chart(group).to_html(full_html=False, include_plotlyjs=scripts, config={"displaylogo": False}))
            # the first chart brings plotly's script along, for all: the page opens offline
            scripts = False
        parts.append(f'<div class="wide">{_units_table(group, by_name)}</div>')
    return page(f"{name}: a sweep", "".join(parts))


def _units_table(group: Group, rows: dict[str, dict[str, Any]]) -> str:
    keys = list(dict.fromkeys(key for stored in group.units for key in stored.unit.label))
    head = [*keys, "state", "designs", "on the common front", "design to build", *(o.name.replace("_", " ") for o in group.view.objectives)]
    head += ["time"]
    cells = []
    for stored in group.units:
        row = rows[stored.unit.name]
        built = [spell(o, row[o.column]) if row["design"] else "" for o in group.view.objectives]
        took = show(row["wall_s"] * 1e9, "ns") if row["wall_s"] else ""
        what = [str(stored.unit.label.get(key, "")) for key in keys]
        state = row["state"] if not row["reason"] else f"{row['state']}: {row['reason']}"
        cells.append([*what, state, str(row["designs"]), str(row["on_front"]), row["design"] or "", *built, took])
    return table(head, cells)
