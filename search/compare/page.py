"""The page of a comparison: the same cards, charts and spec sheets as a study's, with searchers side by side."""

import base64
import html
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from search.problem.config import Config
from search.results.groups import groups_of
from search.results.page.document import section, table
from search.results.page.study import render
from search.study.store.files import write_text
from search.study.store.tables import reading

_SHOWN: Final = {
    "hypervolume": "final hypervolume of every seed, by searcher",
    "course": "hypervolume of the legal designs known so far against the budget spent",
}
"""Figures beside the report that the page does not draw itself."""


def write(folder: Path, config: Config, head: Sequence[str], cells: Sequence[Sequence[str]], explanation: str) -> Path:
    """`report.html` of a comparison: designs of the largest budget, and the statistics over seeds.

    Args:
        folder: of the comparison, with its figures.
        config: of the problem.
        head: of the table of searchers.
        cells: its rows.
        explanation: how to read them, plain text.
    """
    text = f"<p>{html.escape(explanation)}</p>"
    pictures = "".join(_picture(folder / "figures" / f"{name}.png", label) for name, label in _SHOWN.items())
    statistics = section("Searchers against each other", table(head, cells) + f'<div class="row">{pictures}</div>{text}')
    with reading(folder) as tables:
        largest = max(stored.unit.label["share"] for stored in tables.units())
        own = [stored.unit.name for stored in tables.units() if stored.unit.label["share"] == largest]
        page = render(tables, groups_of(tables, own), f"{config.name}: searchers compared", [statistics], by="searcher")
    path = folder / "report.html"
    write_text(path, page)
    return path


def _picture(path: Path, label: str) -> str:
    """A figure within the page, which is one file; in few colours it takes a third of the room."""
    # of matplotlib's own needs, and only it draws such files
    from PIL import Image

    small = io.BytesIO()
    Image.open(path).convert("RGB").quantize(32).save(small, "png", optimize=True)
    content = base64.b64encode(small.getvalue()).decode()
    return f'<img alt="{html.escape(label)}" src="data:image/png;base64,{content}">'
