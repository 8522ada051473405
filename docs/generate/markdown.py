"""Tables and links in Markdown."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; bars in cells are escaped, and line breaks become spaces."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def code(text: str) -> str:
    """As code; nothing stays nothing."""
    return f"`{text}`" if text else ""


def names(found: Iterable[str]) -> str:
    """A list of names as code."""
    return ", ".join(code(name) for name in found)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
