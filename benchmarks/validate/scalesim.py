"""Cycles, buffer reads and DRAM reads of a systolic array beside SCALE-Sim's."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from benchmarks.validate.comparison import EXACT, Row, Tool
from codesign.hardware.systolic.array import DATAFLOWS, Systolic
from codesign.hardware.systolic.dataflow import Grid
from codesign.hardware.systolic.products import products
from codesign.hardware.systolic.traffic import inputs_used
from codesign.workloads.workload import LayerWork, Workload
from tests import golden_files

DATAFLOW_NAMES = {"ws": "weight_stationary", "os": "output_stationary", "is": "input_stationary"}
# large enough to hold every map and weight of the cases: DRAM is then read once
BUFFER_KB = 1024
COLUMNS = ("layer", "channels_in", "channels_out", "size", "kernel", "stride", "padding", "groups", "array", "dataflow", "scalesim_cycles")


def cases(seed: int) -> list[dict[str, Any]]:
    """Random layers, with the corners that matter, on three arrays and dataflows."""
    draw = np.random.default_rng(seed)
    layers = [_layer("projection", 16, 1, 2, 16, 32, 1), _layer("depthwise", 12, 3, 2, 1, 1, 24), _layer("dense", 1, 1, 1, 300, 70, 1)]
    for index in range(9):
        kernel, stride = draw.choice([1, 3, 5]), draw.choice([1, 2])
        channels_in, channels_out, size = draw.integers(1, 40), draw.integers(1, 60), draw.integers(8, 20)
        layers.append(_layer(f"conv{index}", size, kernel, stride, channels_in, channels_out, 1))
    grids = [(16, 16), (32, 8), (5, 7)]
    return [
        {**layer, "rows": grids[index % 3][0], "columns": grids[index % 3][1], "dataflow": dataflow, "buffer_kb": BUFFER_KB}
        for index, layer in enumerate(layers)
        for dataflow in DATAFLOW_NAMES
    ]


def _layer(name: str, size: int, kernel: int, stride: int, channels_in: int, channels_out: int, groups: int) -> dict[str, Any]:
    """A square layer without padding; channels are those of one group, which SCALE-Sim runs."""
    # trimmed to what windows cover: SCALE-Sim rounds the output of a strided layer up
    size = int((size - kernel) // stride * stride + kernel)
    numbers = {"size": size, "kernel": kernel, "stride": stride, "channels_in": channels_in, "channels_out": channels_out, "groups": groups}
    return {"name": name, **{key: int(value) for key, value in numbers.items()}}


def ours(case: dict[str, Any]) -> dict[str, float]:
    """What `inside/run_scalesim.py` returns, by our model."""
    out = (case["size"] - case["kernel"]) // case["stride"] + 1
    times = case["groups"]
    whole = case | {"channels_in": case["channels_in"] * times, "channels_out": case["channels_out"] * times}
    layer = _work("layer", whole, case["size"], out)
    chip, workload = _chip(case["rows"], case["columns"], case["dataflow"]), Workload.of([layer], timesteps=1)
    shape = products(workload)
    passes = DATAFLOWS[DATAFLOW_NAMES[case["dataflow"]]].one_step(shape, Grid(chip.rows, chip.columns), 1.0)
    return {
        "cycles": float(chip.cycles(workload)[0]),
        "input_reads": float(jnp.sum(shape.repeats * shape.positions * shape.fan_in * passes.input_passes)),
        "weight_reads": float(jnp.sum(shape.repeats * shape.fan_in * shape.outputs * passes.weight_passes)),
        "dram_reads": float(inputs_used(workload)[0]) + layer.weights,
    }


def rows(found: list[dict[str, Any]], theirs: list[dict[str, float]]) -> list[Row]:
    """Every count of every case."""
    compared = []
    for case, counts in zip(found, theirs, strict=True):
        own = ours(case)
        name = f"{case['name']} {case['dataflow'].upper()} {case['rows']} x {case['columns']}"
        compared += [Row(name, quantity.replace("_", " "), own[quantity], counts[quantity], EXACT) for quantity in own]
    return compared


def golden_rows() -> list[Row]:
    """Cycles of the stored table."""
    compared = []
    stored = golden_files.tables("external", COLUMNS)
    for (size, dataflow), layers in stored.groupby(["array", "dataflow"], sort=False):
        # all at once: the layers are independent
        works = [_stored_work(f"{index}", row) for index, row in enumerate(layers.to_dict("records"))]
        cycles = _chip(int(size), int(size), str(dataflow)).cycles(Workload.of(works, timesteps=1))
        for name, own, theirs in zip(layers["layer"], cycles, layers["scalesim_cycles"], strict=True):
            compared.append(Row(f"{name} {str(dataflow).upper()} {size} x {size}", "cycles", float(own), float(theirs), EXACT))
    return compared


def _stored_work(name: str, row: dict[str, Any]) -> LayerWork:
    kernel, stride = int(row["kernel"]), int(row["stride"])
    # as the tool ran them: padded already, and outputs of strided layers rounded up
    out = -(-(int(row["size"]) + 2 * int(row["padding"]) - kernel) // stride) + 1
    return _work(name, row, int(row["size"]), out)


def _work(name: str, numbers: dict[str, Any], size: int, out: int) -> LayerWork:
    channels = (int(numbers["channels_in"]), int(numbers["channels_out"]))
    kernel = int(numbers["kernel"])
    return LayerWork(name, "conv", *channels, size, size, out, out, kernel, kernel, int(numbers["stride"]), int(numbers["groups"]))


def _chip(rows_: int, columns: int, dataflow: str) -> Systolic:
    return Systolic.of(rows=rows_, columns=columns, dataflow=DATAFLOW_NAMES[dataflow])


TOOL = Tool(
    name="scalesim",
    title="SCALE-Sim",
    requirements=("scalesim==3.0.0", "numpy<2.3"),
    setting=(
        "`Systolic` beside SCALE-Sim 3.0.0: single layers without padding on buffers that hold everything. Cycles, reads of the input "
        "and the weight buffer, and words read from DRAM."
    ),
    cases=cases,
    rows=rows,
    golden_rows=golden_rows,
    reasons=(
        "SCALE-Sim rounds the output of a strided layer up (9 for 8): inputs are trimmed to what windows cover.",
        "SCALE-Sim reads padding from DRAM like any input, we do not: the cases have none.",
        "Writes to DRAM are not compared: with weights or inputs stationary SCALE-Sim writes the unfinished sums of every fold there, "
        "we keep them in the output buffer.",
    ),
)
