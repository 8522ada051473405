"""The one HTML file: styles, scripts, data and what is plain text; everything is escaped here."""

import html
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any, Final

from search.results.page.columns import script

SCRIPTS: Final = ("format", "data", "charts", "front", "lines", "parallel", "table", "parts", "spec", "sheet", "main")
"""Files of `assets`, in the order they go in: each uses those before it."""


def document(title: str, body: str, data: Mapping[str, Any]) -> str:
    """A whole page, which asks no network for anything.

    Args:
        title: plain text.
        body: HTML, in which every value is escaped already.
        data: what the scripts draw from.
    """
    head = html.escape(title)
    scripts = "\n".join(_asset(f"{name}.js") for name in SCRIPTS)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{head} - codesign</title>
<style>{_asset("page.css")}</style></head><body>
<main>
<h1>{head}</h1>
{body}
</main>
<script type="application/json" id="data">{script(data)}</script>
<script>{_asset("plotly-basic.min.js")}</script>
<script>"use strict";
{scripts}
</script>
</body></html>
"""


def table(head: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "") -> str:
    """A table; cells are plain text, `kind` is a class of the style sheet."""
    # names of designs, layers and options come from configs and plug-ins
    cells = "".join(f"<tr>{''.join(f'<td>{html.escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    names = "".join(f'<th scope="col">{html.escape(str(cell))}</th>' for cell in head)
    return f'<div class="wide {kind}"><table><thead><tr>{names}</tr></thead><tbody>{cells}</tbody></table></div>'


def section(title: str, body: str) -> str:
    """A part of the page; nothing where there is nothing to show."""
    return f"<section><h2>{html.escape(title)}</h2>\n{body}</section>" if body else ""


def figure(name: str, label: str) -> str:
    """Where a script draws one of the data's figures.

    Args:
        name: of the figure in the data.
        label: what it shows, for who does not see it.
    """
    return f'<div class="chart" role="img" data-figure="{html.escape(name)}" aria-label="{html.escape(label)}"></div>'


def _asset(name: str) -> str:
    return resources.files("search.results.page").joinpath("assets", name).read_text(encoding="utf-8")
