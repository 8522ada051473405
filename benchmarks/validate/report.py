"""The page `docs/validation.md`: a section for each tool, of which a run of few tools replaces only its own."""

import re
from pathlib import Path

from benchmarks.validate.comparison import Row, Tool

HEAD = """# Our cost models beside other simulators

Written by `python -m benchmarks validate`, which installs each tool in an environment of its own, runs it on generated cases and compares
(`--tools NAME` runs one, `--seed` generates other cases). `ratio` is ours over theirs; a number without a bar is shown and held to nothing.
"""


def section(tool: Tool, rows: list[Row], trouble: str | None) -> str:
    """The text of one tool.

    Args:
        tool: it.
        rows: what was compared.
        trouble: why it was not run, if it was not.
    """
    held = [row for row in rows if row.bar]
    summary = f"{sum(row.holds for row in held)} of {len(held)} bars hold."
    lines = [f"## {tool.title}", "", tool.setting, ""]
    if trouble is not None:
        stored = "Compared below: stored numbers." if rows else "No numbers are stored, so nothing is compared."
        lines += [f"**Not run here:** {trouble}. {stored}", ""]
    if rows:
        lines += [summary, "", "| case | quantity | ours | theirs | ratio | bar | holds |", "|---|---|---|---|---|---|---|"]
        lines += [_line(row) for row in rows]
        lines.append("")
    return "\n".join([*lines, "Why they differ:", "", *(f"- {reason}" for reason in tool.reasons), ""])


def _line(row: Row) -> str:
    bar, holds = ("", "") if row.bar is None else (row.bar.text, "yes" if row.holds else "**no**")
    return f"| {row.case} | {row.quantity} | {_number(row.ours)} | {_number(row.theirs)} | {row.ratio:.3f} | {bar} | {holds} |"


def _number(value: float) -> str:
    # counts in full, all else to four digits
    return f"{value:.0f}" if value >= 1000 or value == round(value) else f"{value:.4g}"


def write(page: Path, sections: dict[str, str], order: list[str]) -> None:
    """Write the page; sections that are not given stay as they are.

    Args:
        page: the file.
        sections: text by title.
        order: all titles.
    """
    present = re.split(r"^(?=## )", page.read_text(), flags=re.MULTILINE)[1:] if page.exists() else []
    kept = {text.partition("\n")[0].removeprefix("## "): text.rstrip("\n") + "\n" for text in present}
    every = {**kept, **sections}
    page.write_text("\n".join([HEAD, *(every[title] for title in order if title in every)]))
