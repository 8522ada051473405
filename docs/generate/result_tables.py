"""Columns of the tables that a result folder holds."""

from collections.abc import Sequence
from typing import Final

from docs.generate.markdown import code, table
from search.results.columns import COLUMNS, Column

_ABOUT: Final = """\
# Tables of results

Columns of every CSV file in a result folder; `codesign list columns` prints the same. Energy is in pJ, time in ns, area
in um2, errors are shares. Capitals stand for names of the study: OBJECTIVE for an objective's column with its unit (`energy_pj`), NAME for
its name alone (`energy`), PARAMETER for what was searched, LAYER for a layer, KEY for a key that a sweep varies.
"""
_WHERE: Final = {
    "designs": "`designs.csv` of a study or a sweep: a row for each hardened, measured design.",
    "pareto": "`pareto.csv`: the rows of the front, from the best in cost to the worst.",
    "breakdown": "`breakdown.csv`: where energy, time and area go; every column sums to its total.",
    "prices": "`prices.csv`: the constants that could change the verdict most, the strongest first.",
    "history": "`history.csv` of a study: the course of a gradient search, a row for each member and look.",
    "failed": "`failed.csv`: members that failed twice (only then).",
    "hardened": "`hardened.csv` of `codesign export DIR --format csv`: what became of each member before measurement.",
    "units": "`units.csv` of a sweep: a row for each study.",
    "comparison": "`comparison.csv` of `codesign compare`: a row for each search.",
    "front": "`front.csv` of a comparison: a row for each measured design.",
    "course": "`history.csv` of a comparison: what each search had found when.",
    "summary": "`summary.csv` of a comparison: a row for each searcher and budget.",
    "claims": "`claims.csv` of a comparison: a row for each member of a relaxed search.",
}


def page() -> str:
    """Markdown."""
    parts = [_ABOUT]
    for name, columns in COLUMNS.items():
        same = columns is COLUMNS["designs"] and name != "designs"
        parts += [f"## {name}", _WHERE[name], "Columns as of `designs.csv`." if same else _table(columns)]
    return "\n\n".join(parts) + "\n"


def _table(columns: Sequence[Column]) -> str:
    return table(("column", "unit", "what it is"), [(code(name), unit, text) for name, unit, text in columns])
