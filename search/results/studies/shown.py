"""What studies and designs say of themselves, as text and as HTML."""

import html as escaping
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from codesign.units import show
from search.objectives.constraint import spell
from search.results.view import View

if TYPE_CHECKING:
    from search.results.studies.design import MeasuredDesign
    from search.results.studies.study import Study

MOST: Final = 12  # designs that are shown


def plain(study: "Study") -> str:
    """A study in a few lines: its folder, how far it is, and its front."""
    lines = [f"Study {study.folder}: {_counts(study)}"]
    lines += [str(table.to_string(index=False)) for table in _fronts(study)]
    return "\n".join(lines)


def html(study: "Study") -> str:
    """The same for notebooks; names are of the user's own and escaped by pandas."""
    head = escaping.escape(f"{study.folder}: {_counts(study)}")
    return f"<p><b>Study</b> {head}</p>" + "".join(table.to_html(index=False, border=0) for table in _fronts(study))


def line(design: "pd.Series[Any]", view: View) -> str:
    """One design in a line: what it errs and costs."""
    parts = [f"{design.error_mean:.2%} test error (± {design.error_std:.2%} over {int(design.chips)} simulated chips)"]
    parts += [show(design.energy_pj, "pJ"), show(design.latency_ns, "ns"), show(design.area_um2, "um2")]
    known = {"error", "energy", "latency", "area"}
    parts += [f"{o.name.replace('_', ' ')} {spell(o, design[o.column])}" for o in view.objectives if o.name not in known]
    return ", ".join(parts)


def _counts(study: "Study") -> str:
    states = study.units.state.value_counts()
    units = ", ".join(f"{count} {state}" for state, count in states.items()) if len(study.units) > 1 else ", ".join(states.index)
    designs = study.designs
    front = int(designs.on_front.sum()) if len(designs) else 0
    return f"{len(study.units)} unit{'s' * (len(study.units) != 1)} ({units}), {len(designs)} measured designs, {front} on the front"


def _fronts(study: "Study") -> list[pd.DataFrame]:
    return [_front(group.view, group.designs, len(group.units) > 1) for group in study.groups if len(group.designs)]


def _front(view: View, designs: pd.DataFrame, several: bool) -> pd.DataFrame:
    front = view.ordered(designs[designs.on_front]).head(MOST)
    columns = {"unit": front.unit} if several else {}
    columns |= {"design": front.design, "test error": front.error_mean.map("{:.2%}".format)}
    for objective in view.objectives:
        if objective.name != "error":
            columns[objective.name.replace("_", " ")] = front[objective.column].map(lambda value, o=objective: spell(o, value))
    return pd.DataFrame(columns)


def card(design: "MeasuredDesign") -> str:
    """A design for notebooks: what it errs and costs, its settings, and where its energy goes."""
    rows = "".join(
        f"<tr><td>{escaping.escape(name.replace('_', ' '))}</td><td>{escaping.escape(value)}</td></tr>"
        for name, value in design.settings.items()
    )
    energy = design.breakdown.groupby("component", sort=False).energy_pj.sum()
    energy = energy[energy > 0].sort_values(ascending=False).head(MOST)
    spent = "".join(
        f"<tr><td>{escaping.escape(str(part))}</td><td>{show(value, 'pJ')}</td><td>{value / energy.sum():.0%}</td></tr>"
        for part, value in energy.items()
    )
    head = escaping.escape(f"{design.name}: {design.line}")
    return f"<p><b>Design</b> {head}</p><div style='display:flex;gap:3em'><table>{rows}</table><table>{spent}</table></div>"
