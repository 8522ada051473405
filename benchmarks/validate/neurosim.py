"""Energy, area and their trends on crossbars beside stored numbers of NeuroSim, which is compiled from source and not installed here."""

import itertools
from typing import Any, NamedTuple

import pandas as pd

from benchmarks.validate.comparison import Bar, Row, Tool, factor, no_rows, nothing_to_run
from codesign.hardware.crossbar.crossbar import COMPONENTS, Crossbar
from codesign.technology.catalogue import compose
from codesign.technology.technology import Technology
from codesign.workloads.presets import preset
from codesign.workloads.workload import Workload
from tests import golden_files

# what NeuroSim was set to (README of the table), and the tile that it lays out by itself: 8 x 8 arrays around 2 KB of buffers
SETTING: dict[str, Any] = {"columns_per_adc": 8, "encoding": "offset", "interconnect": "htree", "arrays_per_tile": 64, "buffer_kb": 2}
# its clock period [ns], that of its slowest read, by case
CLOCK_NS = {"base": 8.524, "rate0.3": 8.524, "adc4": 7.124, "adc8": 12.72, "x64": 8.510, "cell1": 8.524, "node45": 13.03}
WEIGHT_BITS = 4
COLUMNS = (
    *("case", "array", "adc_bits", "cell_bits", "node_nm", "input_rate", "adc_and_cells_nj", "accumulation_nj", "buffers_nj"),
    *("interconnect_nj", "dynamic_nj", "leakage_nj", "latency_us", "array_mm2", "adc_mm2", "chip_mm2"),
)
# our components behind each of its columns
ENERGIES = {"accumulation": "accumulate", "buffers": "buffers", "interconnect": "interconnect", "leakage": "leakage"}
ENERGY, AREA, TREND = factor(2.5), factor(2), factor(1.5)


class Point(NamedTuple):
    """One row of the table, theirs or ours: energies [nJ] by name, areas [mm2], and the time of an inference [us]."""

    energies: dict[str, float]
    cells_and_converters_nj: float
    area_mm2: float
    converters_mm2: float
    latency_us: float

    @property
    def held(self) -> dict[str, float]:
        """What the bars are about."""
        return {f"{name} [nJ]": value for name, value in self.energies.items()} | {"area without converters [mm2]": self.area_mm2}


def table() -> pd.DataFrame:
    """The stored rows, by case."""
    return golden_files.tables("external", COLUMNS).set_index("case", drop=False)


def technology(node_nm: float) -> Technology:
    """Prices of RRAM at a node, with memories of the cell that NeuroSim was set to and nothing off the chip."""
    return compose(f"cmos_{node_nm:g}nm", memory="lstp", device="rram", offchip="none")


def theirs(row: pd.Series) -> Point:
    """A stored row."""
    return Point(
        energies={name: float(row[f"{name}_nj"]) for name in ENERGIES},
        cells_and_converters_nj=float(row["adc_and_cells_nj"]),
        area_mm2=float(row["chip_mm2"] - row["adc_mm2"]),
        converters_mm2=float(row["adc_mm2"]),
        latency_us=float(row["latency_us"]),
    )


def ours(row: pd.Series) -> Point:
    """The same design by our model."""
    rate, size = float(row["input_rate"]), int(row["array"])
    layers = preset("vgg9").layers
    workload = Workload.of(layers, input_rate=rate, output_rate=rate, timesteps=1, weight_bits=WEIGHT_BITS, activation_bits=1)
    clock = {"clock_mhz": 1000 / CLOCK_NS[str(row["case"])]}
    chip = Crossbar.of(rows=size, columns=size, adc_bits=int(row["adc_bits"]), cell_bits=int(row["cell_bits"]), **clock, **SETTING)
    cost = chip.cost(workload, technology(float(row["node_nm"])))
    energies = {name: float(value) / 1e3 for name, value in cost.by_component().items()}
    areas = dict(zip(COMPONENTS, (float(value) / 1e6 for value in cost.area_um2), strict=True))
    return Point(
        energies={name: energies[component] for name, component in ENERGIES.items()},
        cells_and_converters_nj=energies["adc"] + energies["array"],
        area_mm2=sum(areas.values()) - areas["adc"],
        converters_mm2=areas["adc"],
        latency_us=float(cost.latency) / 1e3,
    )


def golden_rows() -> list[Row]:
    """Every component of every row, then factors between rows."""
    stored = table()
    pairs = {case: (ours(row), theirs(row)) for case, row in stored.iterrows()}
    return [*_cells(stored, pairs), *_levels(pairs), *_trends(pairs)]


def _cells(stored: pd.DataFrame, pairs: dict[Any, tuple[Point, Point]]) -> list[Row]:
    """Cells alone: NeuroSim reports them with the converters, and only they follow the input rate."""
    compared = []
    for low, high in itertools.combinations(stored.index, 2):
        same = [name for name in ("array", "adc_bits", "cell_bits", "node_nm") if stored[name][low] == stored[name][high]]
        rates = stored["input_rate"][low], stored["input_rate"][high]
        if len(same) == 4 and rates[0] != rates[1]:
            gaps = [b.cells_and_converters_nj - a.cells_and_converters_nj for a, b in zip(pairs[low], pairs[high], strict=True)]
            at_low = [gap / (rates[1] - rates[0]) * rates[0] for gap in gaps]
            compared.append(Row(str(low), "cells, by their slope with the rate [nJ]", at_low[0], at_low[1], ENERGY))
            rest = [point.cells_and_converters_nj - cells for point, cells in zip(pairs[low], at_low, strict=True)]
            compared.append(Row(str(low), "converters, what is left [nJ]", rest[0], rest[1]))
    return compared


def _levels(pairs: dict[Any, tuple[Point, Point]]) -> list[Row]:
    compared = []
    for case, (own, other) in pairs.items():
        for quantity, value in own.held.items():
            bar: Bar = AREA if quantity.startswith("area") else ENERGY
            compared.append(Row(str(case), quantity, value, other.held[quantity], bar))
        compared.append(Row(str(case), "cells and converters [nJ]", own.cells_and_converters_nj, other.cells_and_converters_nj))
        compared.append(Row(str(case), "converters [mm2]", own.converters_mm2, other.converters_mm2))
        compared.append(Row(str(case), "latency [us]", own.latency_us, other.latency_us))
    return compared


def _trends(pairs: dict[Any, tuple[Point, Point]]) -> list[Row]:
    """What a change from one row to another does."""
    compared = []
    for (low, before), (high, after) in itertools.combinations(pairs.items(), 2):
        changes = [{name: new.held[name] / old.held[name] for name in new.held} for new, old in zip(after, before, strict=True)]
        for name, change in changes[0].items():
            compared.append(Row(f"{low} to {high}", f"factor in {name.rpartition(' ')[0]}", change, changes[1][name], TREND))
    return compared


TOOL = Tool(
    name="neurosim",
    title="NeuroSim",
    requirements=(),
    setting=(
        "`Crossbar` beside NeuroSim V1.4, whose numbers are stored (`tests/golden/external`): VGG9 of our preset, binary inputs of one "
        "step, 4-bit weights, RRAM of 100 kOhm and 1.7 MOhm, 8 columns a converter, H-tree, layer by layer. Ours: offset columns, its "
        "own clock and tile (64 arrays, 2 KB of buffers)."
    ),
    cases=nothing_to_run,
    rows=no_rows,
    golden_rows=golden_rows,
    reasons=(
        "Converters are shown and not held: our energy follows measured converters, of which NeuroSim's is a tenth.",
        "NeuroSim reports converters and cells together; cells are what grows with the input rate.",
        "Latency is shown and not held: 85 % of NeuroSim's is buffers that serve one word at a time.",
        "Leakage is power over that latency: NeuroSim's inference lasts five times as long as ours. At 45 nm CACTI's transistors of low "
        "standby power leak a fifth as much per area as at 22 nm, NeuroSim's as much.",
        "Area: three quarters of NeuroSim's chip are corners that its floor plan leaves empty; against the parts it names ours "
        "is 0.57 to 1.12.",
    ),
)
