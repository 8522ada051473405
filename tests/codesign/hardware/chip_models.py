"""Our families set up as published chips; `tests/codesign/hardware/chip_document.py` writes the comparison.

No constant is fitted to a chip: prices are the sourced constants of the technology files at the chip's node, sizes come from the
chip's row in `chips.csv`, and whatever the row leaves open is stated as an assumption.
"""

import re
from collections.abc import Callable
from typing import Final, NamedTuple

import jax
import numpy as np
import pandas as pd

from codesign.cost import Cost
from codesign.hardware import Crossbar, ManyCore, Systolic
from codesign.hardware.base import AbstractHardware
from codesign.technology.catalogue import load
from codesign.workloads.workload import LayerWork, Neuron, Workload, conv, dense
from tests.golden_files import reference

PREFIX: Final = {"m": 1e9, "u": 1e6, "n": 1e3}


class Chip(NamedTuple):
    """One row of `chips.csv` and our model of it.

    Attributes:
        name, match: the row: the `chip` column, and a text found somewhere in the row.
        column, index: the measured quantity and which number in it.
        family: of ours.
        model_pj: energy of one operation or inference [pJ].
        setting: what the row says about the chip.
        assumption: what it leaves open.
        explanation: of the ratio.
        enough: whether the row gives enough to expect a ratio within 3.
    """

    name: str
    match: str
    column: str
    index: int
    family: str
    model_pj: Callable[[], float]
    setting: str
    assumption: str
    explanation: str
    enough: bool = True

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


def run(chip: AbstractHardware, workload: Workload, technology: str) -> Cost:
    """Exact cost."""
    prices = load(technology)
    return jax.jit(lambda c, w: c.cost(w, prices))(chip, workload)


def core_pj(
    technology: str,
    *,
    neurons: int,
    synapse_kb: float,
    supply_v: float,
    weight_bits: float,
    state_bits: float,
    rate: float = 0.1,
    density: float = 1.0,
    step_us: float | None = None,
    neuron: Neuron = "lif",
) -> float:
    """Energy per synaptic operation of one many-core core whose neurons all connect to each other [pJ].

    `density` is the share of the stored synapses that count as operations; `step_us` slows the clock until a step takes that long.
    """
    layer = LayerWork("core", "recurrent", neurons, neurons, neuron=neuron)
    workload = Workload.of([layer], input_rate=rate, output_rate=rate, timesteps=1, weight_bits=weight_bits, state_bits=state_bits)

    def cost(clock_mhz: float) -> Cost:
        chip = ManyCore.of(neurons_per_core=neurons, synapse_memory_kb=synapse_kb, supply_v=supply_v, clock_mhz=clock_mhz)
        return run(chip, workload, technology)

    clock = 200.0
    if step_us is not None:
        clock *= float(cost(clock).latency) / 1000 / step_us
    return float(cost(clock).energy) / (rate * layer.macs * density)


def true_north() -> float:
    """Operating point of Merolla 2014: 20 Hz at 1 ms steps, 128 of 256 synapses active per neuron."""
    return core_pj(
        "digital_28nm",
        neurons=256,
        synapse_kb=8,
        supply_v=0.75,
        weight_bits=1,
        state_bits=20,
        rate=0.02,
        density=0.5,
        step_us=1000,
        neuron="if",
    )


def loihi_mnist() -> float:
    """400-400-10: every inked pixel of the 20 x 20 image fires once within 10 steps."""
    steps = 10
    rates = np.asarray([0.26, 0.2, 0.1]) / steps
    workload = Workload.of(
        [dense("hidden", 400, 400), dense("output", 400, 10)], input_rate=rates[:2], output_rate=rates[1:], timesteps=steps
    )
    return float(run(ManyCore.of(), workload, "loihi_14nm").energy)


def middle_of_three(chip: Systolic, layer: Callable[[str], LayerWork], technology: str, **properties: float) -> float:
    """Energy per operation (two per multiply-accumulate) of a layer whose input and output stay on the chip [pJ]."""
    workload = Workload.of([layer(name) for name in "abc"], input_rate=1, output_rate=1, timesteps=1, spiking=0, **properties)
    return float(np.sum(run(chip, workload, technology).energy_pj[1])) / (2 * workload.layers[1].macs)


def tpu() -> float:
    """Peak: 8192 positions against a 2048 x 2048 matrix."""
    chip = Systolic.of(
        rows=256,
        columns=256,
        clock_mhz=700,
        supply_v=0.9,
        input_buffer_kb=24 * 1024,
        weight_buffer_kb=256,
        output_buffer_kb=4 * 1024,
        offchip_gbit_per_s=272,
        zeros="ungated",
    )
    return middle_of_three(
        chip, lambda name: LayerWork(name, "conv", 2048, 2048, 64, 128, 64, 128), "digital_28nm", weight_bits=8, activation_bits=8
    )


def unpu() -> float:
    """Peak at 1-bit weights: as many units as 7.37 TOPS at 200 MHz need."""
    chip = Systolic.of(rows=128, columns=144, clock_mhz=200, supply_v=1.1, dataflow="output_stationary", input_buffer_kb=256)
    return middle_of_three(chip, lambda name: conv(name, 256, 256, 28), "digital_65nm", weight_bits=1, activation_bits=16)


def hermes(phases: int) -> float:
    """One core busy all the time; in four-phase reads each phase drives one input sign, half of the rows on average."""
    chip = Crossbar.of(
        rows=256,
        columns=512,
        cell_bits=4,
        adc_bits=8,
        columns_per_adc=1,
        driver_bits=8,
        clock_mhz=1000 / 133,
        refresh_s=86400,
        arrays_per_tile=1,
        bus_bits=2048,
    )
    layer = LayerWork("core", "conv", 256, 256, 32, 32, 32, 32)
    workload = Workload.of([layer], input_rate=1 if phases == 1 else 0.5, timesteps=phases, spiking=0, weight_bits=5, activation_bits=8)
    return float(run(chip, workload, "pcm_14nm").energy) / (2 * layer.macs)


def isaac_class(clock_mhz: float) -> float:
    """128 x 128 arrays of 2-bit cells, one 8-bit converter each, 16-bit operands sent bit by bit; per multiply-accumulate."""
    chip = Crossbar.of(rows=128, columns=128, cell_bits=2, adc_bits=8, columns_per_adc=128, clock_mhz=clock_mhz, encoding="offset")
    layer = LayerWork("layer", "conv", 2048, 512, 32, 32, 32, 32)
    workload = Workload.of([layer], input_rate=1, timesteps=1, spiking=0, weight_bits=16, activation_bits=16)
    return float(run(chip, workload, "rram_32nm").energy) / layer.macs


CHIPS: Final = (
    Chip(
        "TrueNorth",
        "Merolla",
        "energy_per_sop_pj",
        0,
        "ManyCore",
        true_north,
        "28 nm, 0.75 V, 256 neurons and 64 k binary synapses (8 kB) per core",
        "20 Hz, 128 active synapses per neuron, 1 ms steps (Merolla's operating point, recalled); 20-bit potential",
        "Mostly leakage over the millisecond (about 80 %): at 20 Hz the memory waits. The model has no clock tree, no axon buffers and no "
        "neuron parameters, the chip's 26 pJ is its total power over its operations.",
    ),
    Chip(
        "ODIN",
        "Frenkel",
        "energy_per_sop_pj",
        0,
        "ManyCore",
        lambda: core_pj("digital_28nm", neurons=256, synapse_kb=64, supply_v=0.55, weight_bits=8, state_bits=128),
        "28 nm, 0.55 V, 256 neurons; 64 kB for 64 k synapses = 8 bit, 4 kB for 256 neurons = 128 bit",
        "10 % of inputs active (the energy per operation hardly depends on it)",
        "Reading and writing the 128-bit neuron state is 84 % of it. The chip also reads and writes back the synapse for learning. The "
        "constant for slow memory leakage comes from this chip's idle floor; it is 2 % of this number.",
    ),
    Chip(
        "Tianjic",
        "649",
        "energy_per_sop_pj",
        0,
        "ManyCore",
        lambda: core_pj("digital_28nm", neurons=256, synapse_kb=64, supply_v=0.9, weight_bits=8, state_bits=24),
        "28 nm, 40 k neurons and 10 M synapses over 156 cores = 256 neurons and 64 k synapses each",
        "8-bit synapses, 24-bit potential, nominal 0.9 V, 10 % of inputs active",
        "The chip accumulates a row in registers before it touches a potential; the model reads and writes the potential for every event.",
    ),
    Chip(
        "SpiNNaker 2",
        "152k",
        "energy_per_sop_pj",
        0,
        "ManyCore",
        lambda: core_pj("digital_22nm", neurons=1000, synapse_kb=128, supply_v=0.8, weight_bits=8, state_bits=32),
        "22 nm, 152 k neurons and 19 MB over 152 cores = 1000 neurons and 128 kB each",
        "8-bit synapses, 32-bit potential, nominal 0.8 V, 10 % of inputs active",
        "Programmed cores: fetching and decoding instructions is the missing two thirds. The model is a core that does nothing but its "
        "arithmetic and its memory accesses, hence a lower bound here.",
        enough=False,
    ),
    Chip(
        "ReckOn",
        "e-prop",
        "energy_per_sop_pj",
        0,
        "ManyCore",
        lambda: core_pj("digital_28nm", neurons=256, synapse_kb=64, supply_v=0.5, weight_bits=8, state_bits=16),
        "28 nm, 0.5 V, 256 neurons, 64 k + 64 k synapses",
        "8-bit synapses, 16-bit potential, 10 % of inputs active, inference only",
        "Outside 3x. The row does not say whether the figure includes the eligibility traces of on-chip learning, which double memory "
        "traffic, nor at which clock it was taken; clock power at 0.5 V is not in the model.",
        enough=False,
    ),
    Chip(
        "Loihi",
        "400-400-10, inference",
        "energy_per_inference",
        0,
        "ManyCore",
        loihi_mnist,
        "14 nm, SANA-FE's calibrated event energies, network 400-400-10",
        "26 % inked pixels in the 20 x 20 crop, each fires once; 20 % of hidden and 10 % of output neurons fire once; 10 steps "
        "(1 step: 0.67)",
        "Synaptic events of the first layer are 80 %. The published network gates its phases with extra neurons, which are not in the row.",
    ),
    Chip(
        "TPU v1",
        "sustained",
        "tops_per_w",
        0,
        "Systolic",
        tpu,
        "28 nm, 256 x 256, 8 bit, 700 MHz, 28 MiB on chip (24 activations, 4 accumulators)",
        "nominal 0.9 V, 34 GB/s DRAM, no gating; activations stay on the chip; 91 % of the array busy",
        "Accumulators 34 %, arithmetic 19 %, leakage 17 %, input buffer 16 %.",
    ),
    Chip(
        "UNPU",
        "16b x 1b",
        "tops_per_w",
        0,
        "Systolic",
        unpu,
        "65 nm, 200 MHz, 7.37 TOPS at 1-bit weights = 128 x 144 units",
        "nominal 1.1 V, zero gating, output stationary, 256 kB input buffer",
        "Outside 3x. The row gives neither the supply (at 0.63 V a ratio of 15 is left) nor what the peak includes (DRAM and leakage are a "
        "quarter of the model). The chip looks sums of several inputs up in shared tables; the model spends an adder on each.",
        enough=False,
    ),
    Chip(
        "IBM 64-core PCM (HERMES project)",
        "63.1",
        "tops_per_w",
        2,
        "Crossbar",
        lambda: hermes(1),
        "14 nm PCM, 256 x 256 weights per core, 8-bit input and output, 63.1 TOPS over 64 cores = 133 ns per product",
        "differential cells, a converter per column, inputs as one 8-bit pulse, 4-bit cells; one core of 64, no digital post-processing",
        "Drivers 52 %, cells 45 %. The model prices a multi-level driver by its unit drivers, the chip modulates pulse width.",
    ),
    Chip(
        "IBM 64-core PCM (HERMES project)",
        "63.1",
        "tops_per_w",
        0,
        "Crossbar",
        lambda: hermes(4),
        "as above, four-phase reads",
        "as above; four reads per product, each with half of the rows driven",
        "As above, four times the conversions.",
    ),
)

# not silicon, or evidence not stated: for orientation, not counted
CONTEXT: Final = (
    Chip(
        "SENECA",
        "post-synthesis",
        "energy_per_sop_pj",
        0,
        "ManyCore",
        lambda: core_pj("digital_22nm", neurons=1000, synapse_kb=256, supply_v=0.8, weight_bits=8, state_bits=16),
        "22 nm",
        "1000 neurons and 256 kB per core, 8-bit synapses, 16-bit potential, nominal 0.8 V",
        "Post-synthesis, sizes not in the row.",
        enough=False,
    ),
    Chip(
        "ISAAC",
        "SAR ADC",
        "tops_per_w",
        0,
        "Crossbar",
        lambda: isaac_class(1280) / 2,
        "32 nm, 128 x 128, 2-bit cells, 16-bit operands, one 8-bit converter per array",
        "1.28 GS/s, offset columns, inputs bit by bit; a MAC is two operations",
        "A simulator's figure. The converter is 57 %, the cells 26 %.",
        enough=False,
    ),
    Chip(
        "PUMA",
        "half of PUMA",
        "tops_per_w",
        0,
        "Crossbar",
        lambda: isaac_class(1000),
        "as ISAAC at 1 GHz",
        "a MAC is one operation, as the row says",
        "A simulator's figure.",
        enough=False,
    ),
)

NOT_MODELLED: Final = {
    "TrueNorth MNIST (0.27 and 108 uJ)": "neither spikes per image nor the number of cores; both are mostly core power times 1 ms",
    "Loihi MNIST 1920-10, 94.7 % CNN, learning": "spikes per image, map sizes, or the learning rule's events are not in the row",
    "ODIN MNIST (0.015 uJ)": "spikes per image; at its own 12.7 pJ the figure means 1181 operations",
    "SpiNNaker 1": "sources disagree by five orders of magnitude; the row says not to use it",
    "Chen 2018, Park 2019": "node recalled; weight bits, sparsity and spikes per image not in the row; Park's figure includes training",
    "SPOON, Buhler 2017, Xylo Audio 2, Skydiver, Kraken": "network sizes or node not in the row, an FPGA, or a whole board",
    "SNE": "evidence not stated, memory sizes not in the row",
    "Neurogrid, BrainScaleS-2, DYNAP-SE2, ROLLS, TEXEL": "analog neurons: no family of ours",
    "MorphIC, Tianjic as ANN, Simba, Eyeriss v1, EIE, NeuRRAM": "the energy, or what would be needed to model it, is recalled",
    "uBrain, NeuronFlow, DarwinWafer": "no node",
    "Bankman 2018": "switched-capacitor binary CNN: no family of ours",
    "Eyeriss v2": "evidence, network width and sparsity not in the row; a rigid array also maps depthwise layers poorly",
    "NorthPole": "power without a rate",
}


def table() -> pd.DataFrame:
    """The published chips."""
    return pd.read_csv(reference(".") / "chips.csv", dtype=str).fillna("")
