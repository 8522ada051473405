"""What a comparison with another tool is made of: rows of two numbers and a bar, and the tool they come from."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

INSIDE = Path(__file__).parent / "inside"


class Bar(NamedTuple):
    """Ratios, ours over theirs, that are good enough."""

    low: float
    high: float
    text: str

    def holds(self, ratio: float) -> bool:
        """Whether a ratio is inside."""
        return self.low <= ratio <= self.high


def within(share: float) -> Bar:
    """A relative difference of at most `share`."""
    return Bar(1 - share, 1 + share, f"{100 * share:g} %")


def factor(most: float) -> Bar:
    """A factor of at most `most`, either way."""
    return Bar(1 / most, most, f"{most:g}x")


# integers in float32: the last bit of a large count may differ
EXACT = Bar(1 - 1e-6, 1 + 1e-6, "equal")


class Row(NamedTuple):
    """One quantity of one case.

    Attributes:
        case: what was run.
        quantity: what is compared, with its unit.
        ours, theirs: the numbers.
        bar: None where the numbers are shown and not held to anything.
    """

    case: str
    quantity: str
    ours: float
    theirs: float
    bar: Bar | None = None

    @property
    def ratio(self) -> float:
        """Ours over theirs."""
        return 1.0 if self.ours == self.theirs else self.ours / self.theirs if self.theirs else float("inf")

    @property
    def holds(self) -> bool:
        """Whether the ratio is inside the bar; true where there is none."""
        return self.bar is None or self.bar.holds(self.ratio)


@dataclasses.dataclass(frozen=True)
class Tool:
    """Another tool.

    Attributes:
        name: of its module here.
        title: as people write it.
        requirements: what `pip` installs; none for a tool that cannot be installed.
        setting: sentences on what is compared, for the page.
        cases: generated cases as JSON can hold them, from a seed.
        rows: compares the cases with what the script in `inside/` found for them.
        golden_rows: compares with numbers measured earlier.
        reasons: why numbers differ, for the page.
    """

    name: str
    title: str
    requirements: tuple[str, ...]
    setting: str
    cases: Callable[[int], list[dict[str, Any]]]
    rows: Callable[[list[dict[str, Any]], list[Any]], list[Row]]
    golden_rows: Callable[[], list[Row]]
    reasons: tuple[str, ...]

    @property
    def script(self) -> Path:
        """What runs in the tool's environment."""
        return INSIDE / f"run_{self.name}.py"


def nothing_to_run(_: int) -> list[dict[str, Any]]:
    """Cases of a tool that is not run."""
    return []


def no_rows(_: list[dict[str, Any]], __: list[Any]) -> list[Row]:
    """Rows of a tool that is not run."""
    return []


def no_golden() -> list[Row]:
    """Rows of a tool of which no numbers are stored."""
    return []
