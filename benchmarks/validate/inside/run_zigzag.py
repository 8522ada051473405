"""ZigZag on single layers and a square weight-stationary array with three buffers: bits moved and cycles. Needs `zigzag-dse`."""

import contextlib
import io
import json
import logging
import sys
import tempfile
from pathlib import Path

import yaml
from zigzag.api import get_hardware_performance_zigzag
from zigzag.hardware.architecture.memory_port import DataDirection

DRAM_BITS = 256  # in a cycle


def memory(size, operands, price, bandwidth, served):
    """A memory with a port for reads and one for writes."""
    read = [f"{operand}, {way}" for operand in operands for way in (("tl", "th") if operand == "O" else ("tl",))]
    write = [f"{operand}, {way}" for operand in operands for way in (("fh", "fl") if operand == "O" else ("fh",))]
    ports = [
        {"name": f"{kind[0]}_port_1", "type": kind, "bandwidth_min": 8, "bandwidth_max": bandwidth, "allocation": allocation}
        for kind, allocation in (("read", read), ("write", write))
    ]
    cost = price * bandwidth
    shared = {"area": 0.0, "latency": 1, "served_dimensions": served}
    return {"size": size, "r_cost": cost, "w_cost": cost, "operands": operands, "ports": ports, **shared}


def widths(case):
    """Bits that a buffer moves in a cycle: one operand for each row or column of the array."""
    return [case["size"] * 8, case["size"] * 8, case["size"] * case["partial_sum_bits"]]


def accelerator(case):
    """The array; prices in pJ per bit."""
    prices, everything = case["prices"], ["D1", "D2"]
    kilobyte = 8192
    # a second weight beside the one in use: the next fold loads while this one computes
    weights = memory(16, ["I2"], prices["register"], 8, [])
    buffers = {
        name: memory(int(case["buffer_kb"] * kilobyte), [operand], prices["buffer"], width, everything)
        for (name, operand), width in zip((("input", "I1"), ("weight", "I2"), ("output", "O")), widths(case), strict=True)
    }
    dram = memory(10**10, ["I1", "I2", "O"], prices["dram"], DRAM_BITS, everything)
    array = {"unit_energy": 0.04, "unit_area": 1.0, "dimensions": everything, "sizes": [case["size"]] * 2}
    return {"name": "systolic", "memories": {"register": weights, **buffers, "dram": dram}, "operational_array": array}


def workload(case):
    """One layer without padding; a dense one is a map of one pixel."""
    sizes = [1, case["channels_out"], case["channels_in"], case["out"], case["out"], case["kernel"], case["kernel"]]
    stride = case["stride"]
    return [
        {
            "id": 0,
            "operator_type": "Conv",
            "equation": "O[b][k][oy][ox]+=W[k][c][fy][fx]*I[b][c][iy][ix]",
            "dimension_relations": [f"ix={stride}*ox+1*fx", f"iy={stride}*oy+1*fy"],
            "loop_dims": ["B", "K", "C", "OY", "OX", "FY", "FX"],
            "loop_sizes": sizes,
            "operand_precision": {"W": 8, "I": 8, "O": case["partial_sum_bits"], "O_final": 8},
            "operand_source": {"I": 0, "W": 0},
        }
    ]


def mapping(case):
    """Outputs across the array, inputs down it."""
    spatial = {"D1": [f"K, {case['size']}"], "D2": [f"C, {case['size']}"]}
    return [{"name": "default", "spatial_mapping": spatial, "memory_operand_links": {"O": "O", "W": "I2", "I": "I1"}}]


def bits(evaluation, operand, level, directions, width):
    """Bits that an operand moves through a memory in some directions; levels count from the array."""
    found = next(accesses for name, accesses in evaluation.memory_word_access.items() if str(name) == operand)
    return width * sum(found[level].get(direction) for direction in directions)


def run(case, folder):
    """One layer: bits out of the input and the weight buffer, in and out of the output buffer, to and from DRAM; cycles."""
    for name, content in (("accelerator", accelerator(case)), ("layers", workload(case)), ("mapping", mapping(case))):
        # unsorted: memories count from the array
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    files = [str(folder / f"{name}.yaml") for name in ("layers", "accelerator", "mapping")]
    settings = {"dump_folder": str(folder / "out"), "lpf_limit": 6, "loma_show_progress_bar": False}
    *_, evaluations = get_hardware_performance_zigzag(*files, opt="energy", **settings)
    evaluation = evaluations[0][0]
    down, up = DataDirection.RD_OUT_TO_LOW, DataDirection.WR_IN_BY_LOW
    inputs, weights, outputs = widths(case)
    return {
        "input_reads": bits(evaluation, "I", 0, [down], inputs),
        "weight_reads": bits(evaluation, "W", 1, [down], weights),
        "output_moves": bits(evaluation, "O", 0, [down, up, DataDirection.RD_OUT_TO_HIGH], outputs),
        "dram": sum(bits(evaluation, *moved, DRAM_BITS) for moved in (("I", 1, [down]), ("W", 2, [down]), ("O", 1, [up]))),
        # without the first load and the last store
        "cycles": float(evaluation.latency_total0),
    }


if __name__ == "__main__":
    cases = json.loads(Path(sys.argv[1]).read_text())
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as place, contextlib.redirect_stdout(io.StringIO()):
        results = [run(case, Path(place)) for case in cases]
    Path(sys.argv[2]).write_text(json.dumps(results))
