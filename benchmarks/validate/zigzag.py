"""Bits that a systolic array moves, and its cycles, beside ZigZag's best mapping of the same layer on the same memories."""

from typing import Any

import numpy as np

from benchmarks.validate.comparison import Bar, Row, Tool, no_golden, within
from codesign.hardware.parts.memory import sram_pj_per_bit
from codesign.hardware.systolic.array import Systolic
from codesign.hardware.systolic.traffic import inputs_used, operand_bits
from codesign.technology.catalogue import load
from codesign.workloads.workload import LayerWork, Workload

SIZE, BUFFER_KB, PRECISION = 32, 1024, 8
# where both do the same; rounding to whole accesses is ZigZag's
BARS: dict[str, Bar] = {"weight_reads": within(0.02), "dram": within(0.02)}
BUFFERS = {f"{name}_buffer_kb": BUFFER_KB for name in ("input", "weight", "output")}


def cases(seed: int) -> list[dict[str, Any]]:
    """Layers whose channels fill the rows: ZigZag unrolls channels only, we unroll the kernel as well."""
    draw = np.random.default_rng(seed)
    layers = [("conv", 32, 64, 14, 3, 1), ("strided", 32, 64, 8, 3, 2), ("point", 64, 128, 16, 1, 1), ("projection", 64, 128, 8, 1, 2)]
    layers += [("dense", 512, 128, 1, 1, 1), ("classes", 1024, 10, 1, 1, 1)]
    for index in range(4):
        channels = 32 * draw.integers(1, 5, 2)
        layers.append((f"conv{index}", *map(int, channels), int(draw.integers(3, 15)), int(draw.choice([1, 3])), int(draw.choice([1, 2]))))
    names = ("name", "channels_in", "channels_out", "out", "kernel", "stride")
    shared = {"size": SIZE, "buffer_kb": BUFFER_KB, "prices": _prices()}
    found = [{**dict(zip(names, layer, strict=True)), **shared} for layer in layers]
    # whole bits, as memories there have them
    return [{**case, "partial_sum_bits": round(float(operand_bits(_workload(case)).partial_sum[0]))} for case in found]


def _prices() -> dict[str, float]:
    """What decides ZigZag's mapping [pJ/bit]: ours, at the size of the buffers."""
    technology = load("digital_28nm")
    prices = {"register": technology["register_per_bit_pj"], "buffer": sram_pj_per_bit(BUFFER_KB, technology)}
    return {name: float(price) for name, price in {**prices, "dram": technology["offchip_pj_per_bit"]}.items()}


def _workload(case: dict[str, Any]) -> Workload:
    out, kernel, stride = case["out"], case["kernel"], case["stride"]
    size = (out - 1) * stride + kernel
    layer = LayerWork("layer", "conv", case["channels_in"], case["channels_out"], size, size, out, out, kernel, kernel, stride)
    return Workload.of([layer], timesteps=1, spiking=0, activation_bits=PRECISION, weight_bits=PRECISION)


def ours(case: dict[str, Any]) -> dict[str, float]:
    """What `inside/run_zigzag.py` returns, by our model."""
    chip, workload = Systolic.of(rows=SIZE, columns=SIZE, dataflow="weight_stationary", **BUFFERS), _workload(case)
    moved = chip.traffic(workload)
    # both buffers are also written, once
    return {
        "input_reads": float(moved.input_buffer[0] - inputs_used(workload)[0] * PRECISION),
        "weight_reads": float(moved.weight_buffer[0]) - workload.layers[0].weights * PRECISION,
        "output_moves": float(moved.output_buffer[0]),
        "dram": float(moved.off_chip[0]),
        "cycles": float(chip.cycles(workload)[0]),
    }


def rows(found: list[dict[str, Any]], theirs: list[dict[str, float]]) -> list[Row]:
    """Every count of every case."""
    compared = []
    for case, counts in zip(found, theirs, strict=True):
        own = ours(case)
        for quantity in own:
            named = quantity.replace("_", " ") + ("" if quantity == "cycles" else " [bit]")
            compared.append(Row(case["name"], named, own[quantity], counts[quantity], BARS.get(quantity)))
    return compared


TOOL = Tool(
    name="zigzag",
    title="ZigZag",
    # it imports `six` and does not ask for it
    requirements=("zigzag-dse==3.9.1", "six"),
    setting=(
        "`Systolic` (32 x 32, weight stationary, 8 bit, buffers of 1 MB) beside ZigZag 3.9.1 with the same array, memories and prices of "
        "`digital_28nm`. ZigZag searches the order of the loops for the least energy. Cycles are those of the array, without the first "
        "load and the last store."
    ),
    cases=cases,
    rows=rows,
    golden_rows=no_golden,
    reasons=(
        "Inputs of dense layers: ZigZag goes through all outputs while one vector stays at the edge of the array; we read it again for "
        "every fold of outputs.",
        "Inputs of some convolutions: ZigZag also uses the second weight register of each unit, for another output of the same input.",
        "Outputs: we write a finished map at the width of an activation, ZigZag at that of a sum, and it reads sums before the first fold "
        "too. The more folds, the less it matters.",
        "Cycles: every fold fills and drains our array (SCALE-Sim's closed form, which is exact); ZigZag loads the next fold's weights "
        "into a second register and does not count the way through the array. Few positions and many folds make the difference.",
    ),
)
