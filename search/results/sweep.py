"""What a sweep found: a line for each unit, the common front of those that can be compared, and a page of it."""

import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from codesign.units import show
from search.errors import UserError
from search.objectives.constraint import spell
from search.problem.config import Config
from search.results.page import page, table
from search.results.plots import scale_of
from search.results.recommend import choose
from search.results.view import View
from search.study.store.files import write_text
from search.study.store.store import Store
from search.study.store.tables import StoredUnit, Tables, as_row
from search.study.unit import State

MOST_DRAWN: Final = 24  # fronts that can be told apart in one picture


def publish(store: Store) -> Path:
    """Exports of a sweep, whatever of it is done: `units.csv`, `designs.csv`, `pareto.csv`, `report.html`.

    Returns:
        The page's path.
    """
    groups = _groups(store.tables)
    found = _labelled(groups)
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
    found = _labelled(_groups(tables))
    if found.empty:
        raise UserError(f"{tables.folder} holds no measured design yet")
    return found


def alike(units: Sequence[StoredUnit]) -> list[list[StoredUnit]]:
    """Units whose designs can be compared: of the same data, objectives and bounds."""
    found: dict[str, list[StoredUnit]] = {}
    for stored in units:
        config = stored.unit.config
        key = json.dumps([config.get("data"), config.get("objectives"), config.get("constraints")], sort_keys=True)
        found.setdefault(key, []).append(stored)
    return list(found.values())


class _Group:
    """Units that can be compared, and their designs with `on_front` among all of them."""

    def __init__(self, units: list[StoredUnit], designs: pd.DataFrame, tables: Tables) -> None:
        self.units = units
        self.config = Config.model_validate(dict(units[0].unit.config))
        self.view = View.stored(tables, units[0].unit)
        own = designs[designs.unit.isin({m.unit.name for m in units})] if len(designs) else designs
        self.designs = self.view.with_front(own) if len(own) else own
        # taken apart once: to look for every unit in the whole table would take the square of their number
        self._own = {str(name): part for name, part in self.designs.groupby("unit", sort=False)} if len(own) else {}

    def row(self, stored: StoredUnit) -> dict[str, Any]:
        """A unit: what was varied, what became of it, and the design it would build."""
        row: dict[str, Any] = {**as_row(stored), **_plain(stored)}
        own = self._own.get(stored.unit.name)
        row |= {"designs": 0, "on_front": 0} if own is None else {"designs": len(own), "on_front": int(own.on_front.sum())}
        chosen = None if own is None else choose(own, self.view)
        row["design"] = None if chosen is None else str(chosen.design)
        for objective in self.view.objectives:
            row[objective.column] = None if chosen is None else float(chosen[objective.column])
        return row

    def drawn(self) -> list[StoredUnit]:
        """Units with a feasible design; of too many for one picture those with most designs on the common front."""
        able = [stored for stored in self.units if stored.unit.name in self._own and self._own[stored.unit.name].feasible.any()]
        if len(able) <= MOST_DRAWN:
            return able
        kept = sorted(able, key=lambda stored: -int(self._own[stored.unit.name].on_front.sum()))[:MOST_DRAWN]
        # in the order of the sweep, as the table has them
        return [stored for stored in able if stored in kept]

    def chart(self) -> go.Figure:
        """Measured fronts of the units that `drawn` names: the first objective against the cost."""
        view, figure = self.view, go.Figure()
        x, y = scale_of(view.cost), scale_of(view.against[0])
        for stored in self.drawn():
            own = view.with_front(self._own[stored.unit.name])
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


def _groups(tables: Tables) -> list[_Group]:
    designs = tables.designs()
    return [_Group(members, designs, tables) for members in alike(tables.units())]


def _labelled(groups: Sequence[_Group]) -> pd.DataFrame:
    """Designs of all groups; what was varied comes first, as tables are filtered by it."""
    found = [group.designs for group in groups if len(group.designs)]
    if not found:
        return pd.DataFrame()
    labels = pd.DataFrame([{"unit": stored.unit.name, **_plain(stored)} for group in groups for stored in group.units])
    return labels.merge(pd.concat(found), on="unit", suffixes=("", "_of_design"))


def _plain(stored: StoredUnit) -> dict[str, Any]:
    return {key: value if isinstance(value, int | float | str | bool) else json.dumps(value) for key, value in stored.unit.label.items()}


def _page(name: str, groups: Sequence[_Group], rows: Sequence[dict[str, Any]]) -> str:
    by_name = {row["unit"]: row for row in rows}
    states = [row["state"] for row in rows]
    counts = ", ".join(f"{states.count(state)} {state}" for state in (str(s) for s in State) if state in states)
    parts = [f'<p class="note">{len(rows)} units: {counts}. Every point is a hardened, legal design, measured again.</p>']
    scripts = True
    for group in groups:
        title = f"{group.config.data.name}: {', '.join(group.config.objectives)}"
        parts.append(f"<h2>{html.escape(title)}</h2>")
        if drawn := len(group.drawn()):
            if drawn < len(group.units):
                parts.append(
                    f'<p class="note">Drawn: {drawn} of {len(group.units)} units, those with most designs on the common front.</p>'
                )
            parts.append(group.chart().to_html(full_html=False, include_plotlyjs=scripts, config={"displaylogo": False}))
            # the first chart brings plotly's script along, for all: the page opens offline
            scripts = False
        parts.append(f'<div class="wide">{_units_table(group, by_name)}</div>')
    return page(f"{name}: a sweep", "".join(parts))


def _units_table(group: _Group, rows: dict[str, dict[str, Any]]) -> str:
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
