"""What all pages have in common: one HTML file that opens offline, and tables; everything is escaped here."""

import html
from collections.abc import Sequence

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1060px; margin: 2em auto; padding: 0 1em; color: #1b1b1b; }
h1 { margin-bottom: 0; } .build { background: #eef5ee; border-left: 4px solid #3a7d44; padding: .8em 1em; font-size: 1.1em; }
table { border-collapse: collapse; font-size: .86em; } td, th { padding: .25em .7em; border-bottom: 1px solid #ddd; text-align: right; }
th:first-child, td:first-child { text-align: left; } .wide { overflow-x: auto; } .note { color: #555; font-size: .9em; }
tr.chosen td { background: #eef5ee; font-weight: 600; }
"""


def page(title: str, body: str) -> str:
    """A whole page.

    Args:
        title: plain text.
        body: HTML, in which every value is escaped already.
    """
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)} - codesign</title><style>{_STYLE}</style></head><body>
<h1>{html.escape(title)}</h1>
{body}
</body></html>
"""


def table(head: Sequence[str], rows: Sequence[Sequence[str]], chosen: str | None = None) -> str:
    """A table; cells are plain text. The row that begins with `chosen` stands out."""
    body = "".join(
        f"<tr{' class=chosen' if chosen is not None and row[0] == chosen else ''}>"
        # names of designs, layers and options come from configs and plug-ins
        + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row)
        + "</tr>"
        for row in rows
    )
    return f"<table><tr>{''.join(f'<th>{html.escape(str(cell))}</th>' for cell in head)}</tr>{body}</table>"
