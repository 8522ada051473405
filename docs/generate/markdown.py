"""Tables and links in Markdown."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; in cells stars, angles and bars are themselves, and line breaks become spaces."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def code(text: str) -> str:
    """As code; nothing stays nothing."""
    return f"`{text}`" if text else ""


def names(found: Iterable[str]) -> str:
    """A list of names as code."""
    return ", ".join(code(name) for name in found)


def _cell(text: str) -> str:
    # between backticks, every second part, Markdown leaves things alone
    parts = " ".join(text.split()).split("`")
    parts[::2] = [part.replace("*", "\\*").replace("<", "&lt;") for part in parts[::2]]
    return "`".join(parts).replace("|", "\\|")
