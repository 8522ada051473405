"""Code blocks of README and docs, as a reader meets them.

A block with `title="name.ext"` is a file of that name; one with `title="Not run: ..."` is left alone, and the reader sees why. Indented
code is shell.
"""

import re
import textwrap
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LANGUAGES = {"python", "yaml", "bash", "toml", "csv", "json", "text"}
_FENCE = re.compile(
    r'^(?P<indent> *)```(?P<language>\w*)(?: title="(?P<title>[^"]*)")?[^\n]*\n(?P<text>.*?)^(?P=indent)```$', re.MULTILINE | re.DOTALL
)
_INDENTED = re.compile(r"(?<=\n\n)(?:    .+\n)+")


class Block(NamedTuple):
    """A block of code.

    Attributes:
        line: of its first line in the page.
        title: empty where it has none.
    """

    page: Path
    line: int
    language: str
    title: str
    text: str

    @property
    def where(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def is_run(self) -> bool:
        return not self.title.startswith("Not run: ")


def blocks_of(page: Path) -> list[Block]:
    """In the order of the page."""
    text = page.read_text()
    fenced = [
        Block(page, _line(text, m.start("text")), m["language"], m["title"] or "", textwrap.dedent(m["text"]))
        for m in _FENCE.finditer(text)
    ]
    # code inside a fence may be indented too: what is fenced becomes empty lines first
    rest = _FENCE.sub(lambda m: "\n" * m[0].count("\n"), text)
    indented = [Block(page, _line(rest, m.start()), "bash", "", textwrap.dedent(m[0])) for m in _INDENTED.finditer(rest)]
    return sorted(fenced + indented, key=lambda block: block.line)


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
