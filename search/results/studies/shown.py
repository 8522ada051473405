"""What studies and designs say of themselves, as text and as HTML; names are of the user's own and escaped."""

import html as escaping
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from codesign.units import show
from search.objectives.constraint import spell
from search.results.exactness import measured, points
from search.results.groups import Group
from search.results.view import View

MOST: Final = 12  # designs that are shown


def study_text(folder: Path, groups: Sequence[Group]) -> str:
    """A study in a few lines: its folder, how far it is, and its front."""
    return "\n".join([f"Study {folder}: {_counts(groups)}", *(str(table.to_string(index=False)) for table in _fronts(groups))])


def study_html(folder: Path, groups: Sequence[Group]) -> str:
    """The same for notebooks."""
    head = escaping.escape(f"{folder}: {_counts(groups)}")
    return f"<p><b>Study</b> {head}</p>" + "".join(table.to_html(index=False, border=0) for table in _fronts(groups))


def line(design: "pd.Series[Any]", view: View) -> str:
    """One design in a line: what it errs and costs."""
    parts = [f"{design.error_mean:.2%} test error (± {design.error_std:.2%} over {int(design.chips)} simulated chips)"]
    parts += [show(design.energy_pj, "pJ"), show(design.latency_ns, "ns"), show(design.area_um2, "um2")]
    known = {"error", "energy", "latency", "area"}
    parts += [f"{o.name.replace('_', ' ')} {spell(o, design[o.column])}" for o in view.objectives if o.name not in known]
    return ", ".join(parts)


def design_html(head: str, settings: Mapping[str, str], breakdown: pd.DataFrame) -> str:
    """A design for notebooks: what it errs and costs, what was searched, and where its energy goes."""
    energy = breakdown.groupby("component", sort=False).energy_pj.sum()
    energy = energy[energy > 0].sort_values(ascending=False).head(MOST)
    spent = [(str(part), f"{show(value, 'pJ')} ({value / energy.sum():.0%})") for part, value in energy.items()]
    tables = _table([(name.replace("_", " "), value) for name, value in settings.items()]) + _table(spent)
    return f"<p><b>Design</b> {escaping.escape(head)}</p><div style='display:flex;gap:3em'>{tables}</div>"


def _table(rows: Sequence[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><td>{escaping.escape(name)}</td><td>{escaping.escape(value)}</td></tr>" for name, value in rows)
    return f"<table>{cells}</table>"


def _counts(groups: Sequence[Group]) -> str:
    units = [stored for group in groups for stored in group.units]
    states = [str(stored.state) for stored in units]
    which = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states)) if len(units) > 1 else ", ".join(states)
    designs = sum(len(group.designs) for group in groups)
    front = sum(int(group.designs.on_front.sum()) for group in groups if len(group.designs))
    return f"{len(units)} unit{'s' * (len(units) != 1)} ({which}), {designs} measured designs, {front} on the front"


def _fronts(groups: Sequence[Group]) -> list[pd.DataFrame]:
    return [_front(group.view, group.designs, len(group.units) > 1) for group in groups if len(group.designs)]


def _front(view: View, designs: pd.DataFrame, several: bool) -> pd.DataFrame:
    front = view.ordered(designs[designs.on_front]).head(MOST)
    columns = {"unit": front.unit} if several else {}
    columns["design"] = front.design
    for objective in view.objectives:
        columns[objective.name.replace("_", " ")] = front[objective.column].map(lambda value, o=objective: spell(o, value))
    if len(measured(front)):
        columns["wires solved"] = front.exact_gap.map(lambda gap: "" if pd.isna(gap) else points(gap))
    return pd.DataFrame(columns)
