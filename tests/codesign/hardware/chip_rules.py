"""By which rules a published chip is set up where its row is silent, and what a compared row holds."""

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import pandas as pd

PREFIX: Final = {"m": 1e9, "u": 1e6, "n": 1e3}
RULES: Final = (
    "Process: the row's node. Supply: the row's, else the node's nominal one.",
    "Memory cell: `lstp` for event-driven chips, which mostly wait, `lop` for clocked accelerators. Off-chip memory: `lpddr4`, none where "
    "the chip holds everything.",
    "Sizes, bits and clock: the row's, or what follows from its numbers alone (synapses over cores, TOPS over clock as the squarest grid); "
    "else weights of 8 bits, potentials of 16, numbers of 8, binary spikes, and the family's defaults.",
    "An event-driven chip runs one core full of synapses, every neuron connected to all inputs, or the row's network in 4 steps; 10 % of "
    "inputs are active in a step and 10 % of neurons fire, LIF.",
    "A clocked accelerator runs a 3 x 3 convolution of 256 to 256 channels on a 28 x 28 map, all inputs non-zero, which fills every array "
    "here: a systolic one as the second of three alike, whose maps stay on the chip; a crossbar alone, so that no array idles.",
    "What is no size but how the chip computes (pulse widths, phases, operand slices) is as its own paper has it, and named.",
)
"""What sets a chip where its row is silent, the same for all; `docs/chips.md` says what was changed after a look at ratios."""
CRITERION: Final = (
    "the row gives the node and the sizes: neurons and synapses or memory of a core, rows and columns of an array",
    "the chip computes as one of the families does: no programmed cores, no tables shared by several sums",
    "the figure is an energy per operation or inference, not power over operations at an operating point that the row does not give",
)
"""What a row of silicon must have to be held to a factor of 3; no ratio is asked."""


class Estimate(NamedTuple):
    """Our energy of the measured quantity [pJ], and each component's share of it."""

    pj: float
    shares: Mapping[str, float]


class Chip(NamedTuple):
    """One row of `chips.csv` and our model of it.

    Attributes:
        name, match: the row: the `chip` column, and a text found somewhere in the row.
        column, index: the measured quantity and which number in it.
        family: of ours.
        estimate: our energy.
        setting: what the row says about the chip.
        assumption: what `RULES` set.
        explanation: of the ratio, without numbers of the model.
        former: ratio in the document before `RULES`; None where it had none.
        moved: settings that `RULES` changed.
        missing: which point of `CRITERION` the row lacks and why; empty where it is held to 3.
    """

    name: str
    match: str
    column: str
    index: int
    family: str
    estimate: Callable[[], Estimate]
    setting: str
    assumption: str
    explanation: str
    former: float | None
    moved: str = ""
    missing: str = ""

    @property
    def enough(self) -> bool:
        """Whether the row is held to a factor of 3."""
        return not self.missing

    @property
    def unit(self) -> str:
        """Unit of the comparison."""
        return {"energy_per_sop_pj": "pJ/SOP", "tops_per_w": "pJ/op", "energy_per_inference": "uJ/inference"}[self.column]

    def measured_pj(self, table: pd.DataFrame) -> float:
        """The published energy [pJ]."""
        rows = table[(table["chip"] == self.name) & table.astype(str).apply(" ".join, axis=1).str.contains(self.match, regex=False)]
        assert len(rows) == 1, f"{self.name} / {self.match}: {len(rows)} rows"
        cell = str(rows.iloc[0][self.column])
        number, prefix = re.findall(r"([\d.]+)(?:\s*([mun])J)?", cell)[self.index]
        value = float(number) * PREFIX.get(prefix, 1.0)
        return 1 / value if self.column == "tops_per_w" else value
