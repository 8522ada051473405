"""The comparison with published chips as text: `python -m tests.codesign.hardware.chip_document > docs/chips.md`."""

import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tests.codesign.hardware.chip_models import CHIPS, CONTEXT, NOT_MODELLED, table
from tests.codesign.hardware.chip_rules import CRITERION, RULES, Chip, Estimate

SHOWN = 0.1  # least share of a component that is told
HELD = 3.0  # factor


class Row(NamedTuple):
    """A chip with its numbers."""

    chip: Chip
    measured_pj: float
    estimate: Estimate

    @property
    def ratio(self) -> float:
        """Model over measured."""
        return self.estimate.pj / self.measured_pj


def rows(chips: Sequence[Chip]) -> list[Row]:
    """The numbers of a comparison."""
    published = table()
    return [Row(chip, chip.measured_pj(published), chip.estimate()) for chip in chips]


def energy(picojoules: float, unit: str) -> str:
    """An energy in the unit of the comparison, three digits."""
    return f"{picojoules / (1e6 if unit.startswith('uJ') else 1):.3g}"


def times(ratio: float) -> str:
    """A ratio, two digits at least."""
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"


def shares(estimate: Estimate) -> str:
    """Where the model's energy goes, the largest first."""
    large = sorted(((share, name) for name, share in estimate.shares.items() if share >= SHOWN), reverse=True)
    return ", ".join(f"{name.replace('_', ' ')} {100 * share:.0f} %" for share, name in large)


def markdown(head: Sequence[str], body: Iterable[Sequence[str]]) -> list[str]:
    """A table."""
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *body)]


def comparison(found: Sequence[Row]) -> list[str]:
    """Chips side by side."""
    head = (
        "chip",
        "quantity",
        "measured",
        "model",
        "ratio",
        "family",
        "from the row",
        "by the rules",
        "the model's energy",
        "why",
        "held to 3",
    )
    return markdown(
        head,
        (
            (
                chip.name,
                chip.unit,
                energy(measured, chip.unit),
                energy(estimate.pj, chip.unit),
                times(estimate.pj / measured),
                chip.family,
                chip.setting,
                chip.assumption,
                shares(estimate),
                chip.explanation,
                "yes" if chip.enough else f"no ({chip.missing})",
            )
            for chip, measured, estimate in found
        ),
    )


def moves(found: Sequence[Row]) -> list[str]:
    """What the rules changed."""
    return markdown(
        ("chip", "ratio before", "ratio now", "settings that moved"),
        ((row.chip.name, times(row.chip.former), times(row.ratio), row.chip.moved) for row in found if row.chip.former is not None),
    )


def document() -> str:
    """The text of `docs/chips.md`."""
    silicon, others = rows(CHIPS), rows(CONTEXT)
    held = [row for row in silicon if row.chip.enough]
    within = sum(1 / HELD < row.ratio < HELD for row in held)
    span = f"{min(row.ratio for row in held):.2f} to {max(row.ratio for row in held):.2f}"
    return "\n".join(
        [
            "# Our families against measured chips",
            "",
            "Written by `python -m tests.codesign.hardware.chip_document`, checked by `tests/codesign/hardware/test_chips.py`.",
            "",
            "No constant is fitted to a chip. Prices are those of the technology files (each with its source), scaled to the chip's node",
            "and supply. `ratio` is model over measured. An op is half a multiply-accumulate, a SOP one synaptic event, unless stated",
            "otherwise. Published rows: `tests/golden/chips.csv`.",
            "",
            "## Rules",
            "",
            "What a row leaves open is set by these, the same for every chip and written before the ratios that they give:",
            "",
            *(f"{number}. {rule}" for number, rule in enumerate(RULES, 1)),
            "",
            f"A row of silicon is held to a factor of {HELD:.0f} where",
            "",
            *(f"- {point}{';' if point is not CRITERION[-1] else '.'}" for point in CRITERION),
            "",
            "Neither looks at a ratio, but both were written by people who had seen those of the former document, whose settings were",
            "chosen chip by chip; what the rules leave to reading (ReckOn's second 64 k synapses, which figure of TrueNorth counts) was",
            "read knowing them too. After a first look one rule was changed (a crossbar runs one layer, not three: HERMES fell from 0.23",
            "to 0.13 then), one price added (a sequencer per synaptic event: ReckOn rose from 0.32 to 0.34), and two rules were applied",
            "where they had been forgotten: crossbars hold everything (rule 2), and HERMES's pulse of 128 ns is its paper's (rule 6; with",
            "the 10 ns of a binary pulse it would be 0.12). Jia's rows came later, with the rules as they were.",
            "Read the table as plausibility, not as prediction.",
            "",
            "## Silicon",
            "",
            *comparison(silicon),
            "",
            f"{within} of the {len(held)} rows that are held lie within {HELD:.0f} ({span}).",
            "",
            "The many-core family is a fixed-function core: memories, arithmetic, registers with their clock, a control unit, a sequencer",
            "and routers. Chips that fetch instructions, learn, or wait for a tick cost more; chips that merge accesses cost less.",
            "",
            "## Simulated or synthesised (orientation only)",
            "",
            *comparison(others),
            "",
            "## What the rules moved",
            "",
            "Before: settings chosen chip by chip, a price of memory per family. Now: these rules, the memory of all families from CACTI,",
            "and a core with clock, control, tables and queues. Settings and prices both moved the ratios.",
            "",
            *moves([*silicon, *others]),
            "",
            "## Measured rows that are not compared, and why",
            "",
            *markdown(("row", "why"), NOT_MODELLED.items()),
            "",
        ]
    )


if __name__ == "__main__":
    sys.stdout.write(document())
