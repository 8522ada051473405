"""The page of a study, of one unit or of many."""

import html
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from search.problem.config import Config
from search.results import exactness, prices, recommend
from search.results.figures.theme import COLOURS, DARK, LIGHT, PATTERNS
from search.results.groups import Group
from search.results.page import sections, units
from search.results.page.document import document, figure, section
from search.results.page.forms import claimed_of, forms
from search.results.page.glossary import glossary
from search.results.page.group import of_group, of_unit, recommended, titles
from search.study.store.tables import Tables

HOW: Final = """Every point is a design that can be built, measured with the exact cost model on test data and {chips}.
Point at a design, click it, then walk with the arrow keys: its spec sheet follows. <a href="#words">What do these words mean?</a>"""
WHAT: Final = """<p>How each searched parameter goes with each objective among the measured designs: 1 where more of it always comes with
more of the objective, -1 with less. A search has chosen these designs, so this is no promise for others.</p>"""


def render(tables: Tables, groups: Sequence[Group], title: str, extra: Sequence[str] = (), by: str = "unit") -> str:
    """The whole page.

    Args:
        tables: of the study.
        groups: of all its units, or of some.
        title: plain text.
        extra: sections, as HTML, that come first.
        by: what tells the fronts of several units apart: `unit`, or one of the labels that were varied.
    """
    parts, data = list[str](), list[dict[str, Any]]()
    for group in groups:
        if group.designs.empty:
            parts.append(section(group.title, units.listed(group)))
            continue
        text, held = _group(len(data), group, tables, by)
        parts.append(text)
        data.append(held)
    templates = {"light": LIGHT.to_plotly_json(), "dark": DARK.to_plotly_json()}
    known = {"templates": templates, "colours": COLOURS, "patterns": PATTERNS, "groups": data}
    body = "\n".join([f'<p class="note">{_head(groups)}</p>', *extra, *parts, glossary()])
    return document(title, body, known)


def _head(groups: Sequence[Group]) -> str:
    stored = [unit for group in groups for unit in group.units]
    if len(stored) == 1:
        return sections.subtitle(Config.model_validate(dict(groups[0].config)), stored[0].unit.name)
    return html.escape(units.counts(stored))


def _group(number: int, group: Group, tables: Tables, by: str) -> tuple[str, dict[str, Any]]:
    """What is said of a group, with places that scripts fill, and what they fill them from."""
    picks = recommend.picks(group.designs, group.view)
    chosen = recommended(group, picks)
    constants = _constants(group, chosen, tables)
    drawn = forms(group, constants, tables, by)
    parts = [*_verdict(group, chosen), sections.solved(group.designs, group.view)]
    parts += [sections.baselines(of_unit(tables, "baselines", str(chosen.unit)), chosen, group.designs)]
    if len(group.units) == 1:
        unit = group.units[0].unit.name
        spent = of_unit(tables, "spent", unit) or {}
        parts.append(sections.prices(constants, chosen))
        parts.append(sections.claims(group.view, group.designs, claimed_of(group), spent))
        parts.append(sections.course("history" in drawn))
        parts.append(sections.failed(tables.failed(unit)))
    else:
        fronts = units.drawn_note(group) + figure("compare", f"the front of each {by}")
        parts.append(section("Fronts beside each other", fronts))
    if group.units[0].unit.label:
        parts.append(section("What was run", units.listed(group)))
    if "parameters" in drawn:
        what = figure("parameters", "rank correlation of each parameter with each objective")
        parts.append(section("What goes with what", WHAT + what))
    text = f'<div class="group" data-group="{number}">{"".join(parts)}</div>'
    return text, of_group(group, picks, tables) | {"figures": drawn}


def _verdict(group: Group, chosen: "pd.Series[Any]") -> list[str]:
    """What to build, cards, where test and validation disagree, and where the designs are drawn."""
    one = len(group.units) == 1
    sentence = recommend.sentence(group.designs, group.view)
    if not one:
        # names of designs are those of their unit
        place = [stored.unit.name for stored in group.units].index(str(chosen.unit))
        sentence = f"{titles(group)[place]}: {sentence}"
    told = [*recommend.disagreements(group.designs, group.view), *exactness.notes(group.designs)]
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in told)
    chips = int(group.designs.chips.max())
    bars = f"{chips} simulated noisy chips; bars are one standard deviation over them" if chips > 1 else "one simulated chip"
    return [
        f"<h2>{html.escape(group.title)}</h2>" if group.units[0].unit.label else "",
        f'<p class="build">{html.escape(sentence)}</p><div class="cards"></div>',
        f'<ul class="notes">{notes}</ul>' if notes else "",
        f'<p>{HOW.format(chips=bars)}</p><div class="explorer"></div>',
    ]


def _constants(group: Group, chosen: "pd.Series[Any]", tables: Tables) -> pd.DataFrame:
    unit = str(chosen.unit)
    return prices.influential(group.designs, tables.drawn(unit), of_unit(tables, "constants", unit) or {}, str(chosen.design))
