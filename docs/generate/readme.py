"""The first page: README.md, with links as seen from this folder."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def page() -> str:
    """Markdown."""
    text = (ROOT / "README.md").read_text()
    return re.sub(r"\]\(docs/", "](", text)
