"""Writes `docs/boundary.md` from what the families say they charge: `python -m tests.codesign.hardware.boundary_document`."""

from pathlib import Path
from typing import Final

from codesign.hardware.boundary import ITEMS, Charged
from codesign.hardware.registry import BOUNDARIES

DOCUMENT: Final = Path(__file__).parents[3] / "docs" / "boundary.md"
_HEAD: Final = """# What is charged, and what is not

Written by `python -m tests.codesign.hardware.boundary_document` from the families' own answers (`BOUNDARY` beside each
family); a test holds the page to them. In **bold** the components that pay; the prices are those of [technology.md](technology.md).
"""


def document() -> str:
    """The page."""
    sections = [_HEAD]
    for item, meaning in ITEMS.items():
        rows = []
        for family, boundary in BOUNDARIES.items():
            answer = boundary[item]
            paid = ", ".join(f"**{name}**" for name in answer.components) if isinstance(answer, Charged) else "not charged"
            rows.append(f"| {family} | {paid} | {answer.how if isinstance(answer, Charged) else answer.why} |")
        sections.append(
            f"\n## {item[0].upper()}{item[1:]}\n\n{meaning[0].upper()}{meaning[1:]}.\n\n| family | components | how |\n|---|---|---|\n"
        )
        sections.append("\n".join(rows) + "\n")
    return "".join(sections)


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
