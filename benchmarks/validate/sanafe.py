"""Energy and time of a many-core chip beside SANA-FE's model of Loihi, on the spikes that SANA-FE counted."""

from typing import Any

import jax

from benchmarks.validate.comparison import Bar, Row, Tool, within
from codesign.cost import Cost
from codesign.hardware.manycore.events import Events
from codesign.hardware.manycore.manycore import ManyCore
from codesign.technology.catalogue import load
from codesign.technology.technology import Technology
from codesign.workloads.workload import LayerWork, Workload, conv, dense
from tests import golden_files

ENERGY, TIME = within(0.02), within(0.15)
FIELDS = ("case", "steps", "in_spikes", "layer_spikes", "synaptic_events", "energy_j", "sim_time_s")
DEFAULT_CORE = {"neurons_per_core": 1024, "synapse_memory_kb": 128}
# the networks of the stored cases (README of the table)
MLP = (dense("l0", 784, 128), dense("l1", 128, 10))
CONV = (conv("l0", 2, 8, 16, padding=0), conv("l1", 8, 16, 14, stride=2, padding=0), dense("l2", 576, 10))
STORED = {"mlp": MLP, "conv": CONV, "conv_rows": CONV}
OUTSIDE_BARS = "wide"


def cases(seed: int) -> list[dict[str, Any]]:
    """The networks of the stored cases under other spikes, a deeper one, and one whose layers lie on many cores."""
    mlp = [_dense(784, 128, 1, 10, 0.1), _dense(128, 10, 1, 10, 0.1)]
    found = [_case("mlp", 784, 0.2, mlp, seed), _case("mlp sparse", 784, 0.05, mlp, seed + 1)]
    for split in ("channels", "rows"):
        layers = [_conv(2, 8, 16, 1, 2, split, 10), _conv(8, 16, 14, 2, 1, split, 8), _dense(576, 10, 1, 5, 0.1)]
        found.append(_case("conv" if split == "channels" else "conv_rows", 512, 0.2, layers, seed))
    wide = [_dense(784, 1024, 8, 40, 0), _dense(1024, 1024, 8, 30, 0), _dense(1024, 10, 1, 30, 0.1)]
    found.append({**_case(OUTSIDE_BARS, 784, 0.2, wide, seed), "steps": 10, "core": {"neurons_per_core": 128, "synapse_memory_kb": 600}})
    return found


def _case(name: str, inputs: int, rate: float, layers: list[dict[str, Any]], seed: int) -> dict[str, Any]:
    return {"name": name, "seed": seed, "steps": 30, "inputs": inputs, "input_rate": rate, "layers": layers, "core": DEFAULT_CORE}


def _dense(inputs: int, outputs: int, cores: int, threshold: float, weight_mean: float) -> dict[str, Any]:
    shape = {"kind": "dense", "inputs": inputs, "outputs": outputs, "channels_out": outputs, "split": "channels"}
    return {**shape, "cores": cores, "threshold": threshold, "weight_mean": weight_mean}


def _conv(channels_in: int, channels_out: int, size: int, stride: int, cores: int, split: str, threshold: float) -> dict[str, Any]:
    out = (size - 3) // stride + 1
    shape = {"kind": "conv", "channels_in": channels_in, "channels_out": channels_out, "size": size, "kernel": 3, "stride": stride}
    placed = {"inputs": channels_in * size**2, "outputs": channels_out * out**2, "cores": cores, "split": split}
    return {**shape, **placed, "threshold": threshold, "weight_mean": 0.1}


@jax.jit
def _run(chip: ManyCore, workload: Workload, technology: Technology) -> tuple[Cost, Events]:
    return chip.cost(workload, technology), chip.events(workload)


def ours(layers: tuple[LayerWork, ...], theirs: dict[str, Any], steps: int, core: dict[str, float]) -> dict[str, float]:
    """Energy without leakage [uJ], time of a step [us] and synaptic events, for the spikes that SANA-FE counted."""
    fired = list(theirs["layer_spikes"].values())
    # a stored case may leave out the last layer, whose spikes leave the chip
    spikes = [theirs["in_spikes"], *fired, *[0] * (len(layers) - len(fired))]
    workload = Workload.of(
        layers,
        input_rate=[count / steps / layer.neurons_in for count, layer in zip(spikes, layers, strict=False)],
        output_rate=[count / steps / layer.neurons_out for count, layer in zip(spikes[1:], layers, strict=True)],
        timesteps=steps,
        weight_bits=8,
    )
    cost, events = _run(ManyCore.of(**core), workload, load("loihi_14nm"))
    dynamic = {name: float(value) for name, value in cost.by_component().items() if name != "leakage"}
    return {
        "energy [uJ]": sum(dynamic.values()) / 1e6,
        # an inference has a step more for each further layer
        "step [us]": float(cost.latency) / (steps + len(layers) - 1) / 1e3,
        "synaptic events": float(events.synaptic.sum()) * steps,
    }


def compare(name: str, layers: tuple[LayerWork, ...], theirs: dict[str, Any], steps: int, core: dict[str, float]) -> list[Row]:
    """Rows of one case."""
    counted = {
        "energy [uJ]": theirs["energy_j"]["total"] * 1e6,
        "step [us]": theirs["sim_time_s"] * 1e6 / steps,
        "synaptic events": theirs["synaptic_events"],
    }
    bars: dict[str, Bar] = {"energy [uJ]": ENERGY} | ({} if name == OUTSIDE_BARS else {"step [us]": TIME})
    own = ours(layers, theirs, steps, core)
    return [Row(name, quantity, own[quantity], counted[quantity], bars.get(quantity)) for quantity in own]


def rows(found: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> list[Row]:
    """Rows of the generated cases."""
    return [
        row
        for case, counts in zip(found, theirs, strict=True)
        for row in compare(case["name"], _layers(case), counts, case["steps"], case["core"])
    ]


def _layers(case: dict[str, Any]) -> tuple[LayerWork, ...]:
    def layer(index: int, entry: dict[str, Any]) -> LayerWork:
        if entry["kind"] == "dense":
            return dense(f"l{index}", entry["inputs"], entry["outputs"])
        channels = entry["channels_in"], entry["channels_out"]
        return conv(f"l{index}", *channels, entry["size"], entry["kernel"], entry["stride"], 0)

    return tuple(layer(index, entry) for index, entry in enumerate(case["layers"]))


def golden_rows() -> list[Row]:
    """Rows of the stored cases whose network is known."""
    return [
        row
        for theirs in golden_files.records("external", FIELDS)
        if theirs["case"] in STORED
        for row in compare(theirs["case"], STORED[theirs["case"]], theirs, theirs["steps"], DEFAULT_CORE)
    ]


TOOL = Tool(
    name="sanafe",
    title="SANA-FE",
    requirements=("sanafe==2.2.9",),
    setting=(
        "`ManyCore` under `loihi_14nm` beside SANA-FE 2.2.9 with its description of Loihi, 8-bit synapses. SANA-FE simulates neurons and "
        "their spikes; the spikes that it counts in each layer are the activity that our model is given. Energy is without leakage, "
        "which SANA-FE does not have."
    ),
    cases=cases,
    rows=rows,
    golden_rows=golden_rows,
    reasons=(
        "A core works on neurons and on messages at once in both: a step is as long as the longer of the two halves of the slowest core.",
        "We spread synaptic events evenly over a layer's neurons; borders of a convolution without padding have fewer.",
        "`conv` cuts a layer by channels and `conv_rows` by rows, and our placement has one rule (near-square pieces): the numbers of "
        "messages differ by a fifth, in opposite directions. Cut by rows, SANA-FE's cores wait for each other: the sender's few buffers "
        "fill with messages for the first core.",
        "`wide` sends every spike to eight cores. SANA-FE estimates a message's time in the network from all that are on the way from the "
        "same sender, so that few receivers work at once; we have no contention. No bar for its time.",
    ),
)
