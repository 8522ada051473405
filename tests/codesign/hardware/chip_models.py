"""Our families set up as published chips; `tests/codesign/hardware/chip_document.py` writes the comparison.

No constant is fitted to a chip: prices are the sourced constants of the technology files at the chip's node, sizes come from the
chip's row in `chips.csv`, and whatever the row leaves open is set by `RULES`, the same for all chips.
"""

from typing import Final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from codesign.cost import Cost
from codesign.hardware import Crossbar, ManyCore, Systolic
from codesign.hardware.base import AbstractHardware
from codesign.technology.catalogue import compose, load
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload, conv, dense
from tests.codesign.hardware.chip_rules import Chip, Estimate
from tests.golden_files import reference


def run(chip: AbstractHardware, workload: Workload, technology: Technology) -> Cost:
    """Exact cost."""
    return jax.jit(lambda c, w: c.cost(w, technology))(chip, workload)


def per(cost: Cost, count: float, layer: int | None = None) -> Estimate:
    """Energy of the whole network, or of one layer, over a count of operations."""
    energy = np.asarray(cost.energy_pj, float)
    energy = energy.sum(0) if layer is None else energy[layer]
    return Estimate(float(energy.sum() / count), dict(zip(cost.components, (energy / energy.sum()).tolist(), strict=True)))


def waiting(node: int) -> Technology:
    """Prices of an event-driven chip, which mostly waits and holds everything."""
    return compose(process=f"cmos_{node}nm", memory="lstp", offchip="none")


def clocked(node: int) -> Technology:
    """Prices of a clocked accelerator."""
    return compose(process=f"cmos_{node}nm", memory="lop", offchip="lpddr4")


def analog(node: int, device: str) -> Technology:
    """Prices of a crossbar, which holds everything."""
    return compose(process=f"cmos_{node}nm", memory="lop", offchip="none", device=device)


def core(
    node: int,
    neurons: int = 1024,
    synapses: int = 128 * 1024,
    supply_v: float | None = None,
    weight_bits: int = 8,
    state_bits: int = 16,
    rate: float = 0.1,
) -> Estimate:
    """Energy per synaptic operation of one many-core core whose synapse memory is full."""
    technology = waiting(node)
    chip = ManyCore.of(
        neurons_per_core=neurons,
        synapse_memory_kb=synapses * weight_bits / 8192,
        supply_v=technology.supply_v if supply_v is None else supply_v,
    )
    layer = dense("core", synapses // neurons, neurons)
    workload = Workload.of([layer], input_rate=rate, output_rate=rate, timesteps=1, weight_bits=weight_bits, state_bits=state_bits)
    return per(run(chip, workload, technology), rate * layer.macs)


def loihi_mnist() -> Estimate:
    """400-400-10 under SANA-FE's measured events."""
    workload = Workload.of(
        [dense("hidden", 400, 400), dense("output", 400, 10)], input_rate=0.1, output_rate=0.1, timesteps=4, weight_bits=8, state_bits=16
    )
    return per(run(ManyCore.of(), workload, load("loihi_14nm")), 1)


def convolution(chip: AbstractHardware, technology: Technology, names: str, operations: int = 2, **properties: float) -> Estimate:
    """Energy per operation of the rules' convolution, `operations` to a multiply-accumulate: the middle one of those named."""
    layers, middle = [conv(name, 256, 256, 28) for name in names], len(names) // 2
    settings = {"timesteps": 1, "weight_bits": 8, "activation_bits": 8, "state_bits": 16} | properties
    workload = Workload.of(layers, input_rate=1, output_rate=1, spiking=0, **settings)
    return per(run(chip, workload, technology), operations * layers[middle].macs, middle)


def tpu() -> Estimate:
    """256 x 256, 24 MiB for activations and 4 MiB for accumulators (Jouppi 2017)."""
    sizes = {"rows": 256, "columns": 256, "input_buffer_kb": 24 * 1024, "output_buffer_kb": 4 * 1024}
    return convolution(Systolic.of(clock_mhz=700, supply_v=0.9, **sizes), clocked(28), "abc")


def unpu() -> Estimate:
    """As many units as 7.37 TOPS at 200 MHz need, 1-bit weights."""
    chip = Systolic.of(rows=128, columns=144, clock_mhz=200, supply_v=1.1)
    return convolution(chip, clocked(65), "abc", weight_bits=1, activation_bits=16)


def hermes(phases: int) -> Estimate:
    """A differential pair a weight, a converter a column, inputs as pulse widths; so many reads a product (Le Gallo 2023).

    An 8-bit input is a pulse of up to 128 ns (1 ns per step of each sign); what is left of the 133 ns of a product is the conversion's.
    """
    prices = analog(14, "pcm")
    prices = eqx.tree_at(lambda t: t.values["read_time_ns"], prices, jnp.asarray(128.0))
    sizes = {"rows": 256, "columns": 512, "cell_bits": 4, "adc_bits": 8, "columns_per_adc": 1, "driver_bits": 8}
    chip = Crossbar.of(clock_mhz=1000 / (133 - 128), **sizes)
    return convolution(chip, prices, "a", timesteps=phases, weight_bits=5)


def at_supply(technology: Technology, supply_v: float) -> Technology:
    """The same parts at another supply."""
    scaled = tuple(quantity.at(technology.node_nm, supply_v) for quantity in technology.quantities)
    return Technology.of(technology.name, technology.node_nm, supply_v, scaled, technology.parts)


def jia(supply_v: float, clock_mhz: float) -> Estimate:
    """A bit of a weight a cell and a converter a column, at operands of one bit (Jia 2020)."""
    chip = Crossbar.of(rows=2304, columns=256, cell_bits=1, adc_bits=8, columns_per_adc=1, clock_mhz=clock_mhz, encoding="offset")
    return convolution(chip, at_supply(analog(65, "sram_8t"), supply_v), "a", weight_bits=1, activation_bits=1)


def isaac_class(clock_mhz: float, operations: int) -> Estimate:
    """128 x 128 arrays of 2-bit cells, one 8-bit converter each, 16-bit operands sent bit by bit."""
    sizes = {"rows": 128, "columns": 128, "cell_bits": 2, "adc_bits": 8, "columns_per_adc": 128}
    chip = Crossbar.of(clock_mhz=clock_mhz, encoding="offset", **sizes)
    return convolution(chip, analog(32, "rram"), "a", operations, weight_bits=16, activation_bits=16)


CHIPS: Final = (
    Chip(
        "TrueNorth",
        "Merolla",
        "energy_per_sop_pj",
        0,
        "ManyCore",
        lambda: core(28, neurons=256, synapses=256 * 256, supply_v=0.75, weight_bits=1),
        "28 nm, 0.75 V, 256 neurons and 64 k binary synapses per core",
        "16-bit potential, 10 % of inputs active, cores that work all the time",
        "The chip's figure is its 65 mW over its operations while it waits for a tick of 1 ms; the model's core does not wait. The other "
        "published figure, 2.5 pJ (the row's note), is that of an operation.",
        0.40,
        "20 Hz and 128 of 256 synapses at 1 ms steps (recalled) became 10 % without waiting; 20-bit potential became 16; IF became LIF",
        "operating point: power over operations at rates and steps that are not in the row",
    ),
    Chip(
        "ODIN",
        "Frenkel",
        "energy_per_sop_pj",
        0,
        "ManyCore",
        lambda: core(28, neurons=256, synapses=64 * 1024, supply_v=0.55, state_bits=128),
        "28 nm, 0.55 V, 256 neurons; 64 kB for 64 k synapses = 8 bit, 4 kB for 256 neurons = 128 bit",
        "10 % of inputs active",
        "Reading and writing the wide neuron state. The chip also writes synapses back when it learns.",
        0.79,
        "memory cell (was a constant from this chip's own idle floor)",
    ),
    Chip(
        "Tianjic",
        "649",
        "energy_per_sop_pj",
        0,
        "ManyCore",
        lambda: core(28, neurons=256, synapses=64 * 1024),
        "28 nm, 40 k neurons and 10 M synapses over 156 cores = 256 neurons and 64 k synapses each",
        "8-bit synapses, 16-bit potential, nominal 0.9 V, 10 % of inputs active",
        "The chip accumulates a row in registers before it touches a potential; the model reads and writes the potential for every event.",
        2.17,
        "24-bit potential became 16; memory cell",
    ),
    Chip(
        "SpiNNaker 2",
        "152k",
        "energy_per_sop_pj",
        0,
        "ManyCore",
        lambda: core(22, neurons=1000, synapses=128 * 1024),
        "22 nm, 152 k neurons and 19 MB over 152 cores = 1000 neurons and 128 kB each",
        "8-bit synapses, 16-bit potential, nominal 0.8 V, 10 % of inputs active",
        "Instructions are fetched and decoded; the model's core has a fixed function, hence a lower bound.",
        0.36,
        "32-bit potential became 16; memory cell",
        "family: programmed cores",
    ),
    Chip(
        "ReckOn",
        "e-prop",
        "energy_per_sop_pj",
        0,
        "ManyCore",
        lambda: core(28, neurons=256, synapses=128 * 1024, supply_v=0.5),
        "28 nm, 0.5 V, 256 neurons, 64 k + 64 k synapses",
        "8-bit synapses, 16-bit potential, 10 % of inputs active, inference only",
        "The row does not say whether the figure includes the eligibility traces of on-chip learning, nor at which clock it was taken.",
        0.28,
        "both halves of the synapses counted (was 64 k); memory cell",
    ),
    Chip(
        "Loihi",
        "400-400-10, inference",
        "energy_per_inference",
        0,
        "ManyCore",
        loihi_mnist,
        "14 nm, SANA-FE's calibrated event energies, network 400-400-10",
        "10 % of inputs active and of neurons firing in each of 4 steps",
        "Proportional to steps times activity, which the row does not give. The published network gates its phases with extra neurons.",
        0.76,
        "every inked pixel once in 10 steps (26 %, 20 %, 10 %) became 10 % in 4 steps",
    ),
    Chip(
        "TPU v1",
        "sustained",
        "tops_per_w",
        0,
        "Systolic",
        tpu,
        "28 nm, 256 x 256, 8 bit, 700 MHz, 28 MiB on chip",
        "24 MiB for activations and 4 MiB for accumulators (Jouppi 2017), nominal 0.9 V; other buffers and bandwidth the family's",
        "One memory stands for each buffer's banks.",
        0.93,
        "layer (was 8192 positions of 2048 x 2048), DRAM 34 GB/s and ungated zeros became the defaults; memory cell",
    ),
    Chip(
        "UNPU",
        "16b x 1b",
        "tops_per_w",
        0,
        "Systolic",
        unpu,
        "65 nm, 200 MHz, 7.37 TOPS at 1-bit weights = 128 x 144 units",
        "nominal 1.1 V, family's dataflow and buffers",
        "The row gives neither the supply nor what the peak includes. The chip looks sums of several inputs up in shared tables; the model "
        "spends an adder on each.",
        28.43,
        "output-stationary dataflow and a 256 kB input buffer became the defaults",
        "sizes and family: no array in the row; sums are looked up in shared tables",
    ),
    Chip(
        "IBM 64-core PCM (HERMES project)",
        "63.1",
        "tops_per_w",
        2,
        "Crossbar",
        lambda: hermes(1),
        "14 nm PCM, 256 x 256 weights per core, 8-bit input and output, 63.1 TOPS over 64 cores = 133 ns per product",
        "differential pairs of 4-bit cells, a converter per column, one 8-bit pulse of 128 ns per input (Le Gallo 2023)",
        "Converters of the chip are current-controlled oscillators, the model's are those of the survey.",
        1.39,
        "layer; inferences per programming, arrays of a tile and bus became the defaults; PCM's read pulse is a circuit's",
    ),
    Chip(
        "IBM 64-core PCM (HERMES project)",
        "63.1",
        "tops_per_w",
        0,
        "Crossbar",
        lambda: hermes(4),
        "as above, four-phase reads",
        "as above, four reads of all rows per product",
        "Phases may drive inputs of one sign only, which is not in the row.",
        0.73,
        "half of the rows per phase became all; as above",
    ),
    Chip(
        "Jia 2020 (CIMU)",
        "Bit-Scalable",
        "tops_per_w",
        0,
        "Crossbar",
        lambda: jia(1.2, 100),
        "65 nm SRAM in charge, 1.2 V, 2304 x 256 cells, 8-bit converters, operands of 1 bit, cycle of 10 ns",
        "a cell a weight, a converter a column (Jia 2020)",
        "Errors that cancel: the chip's cells with drivers (20.4 pJ a column) switch wires and XNOR gates too, its converters (3.56 pJ) "
        "are better than the survey's; its figure leaves out what brings operands and takes results, which the model counts.",
        None,
    ),
    Chip(
        "Jia 2020 (CIMU)",
        "Bit-Scalable",
        "tops_per_w",
        2,
        "Crossbar",
        lambda: jia(0.85, 40),
        "as above at 0.85 V, cycle of 25 ns",
        "as above",
        "The survey's converters do not know the supply, nor does the leakage of the model's memory.",
        None,
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
        lambda: core(22),
        "22 nm",
        "1024 neurons and 128 kB per core, 8-bit synapses, 16-bit potential, nominal 0.8 V",
        "Post-synthesis, sizes not in the row.",
        1.18,
        "1000 neurons and 256 kB became the defaults; memory cell",
        "no silicon",
    ),
    Chip(
        "ISAAC",
        "SAR ADC",
        "tops_per_w",
        0,
        "Crossbar",
        lambda: isaac_class(1200, operations=2),
        "32 nm, 128 x 128, 2-bit cells, 16-bit operands, 8-bit converter, 1.2 GHz",
        "one converter per array, offset columns, inputs bit by bit (Shafiee 2016); a MAC is two operations",
        "A simulator's figure.",
        1.08,
        "layer; 1.28 GS/s became the row's 1.2 GHz",
        "no silicon",
    ),
    Chip(
        "PUMA",
        "half of PUMA",
        "tops_per_w",
        0,
        "Crossbar",
        lambda: isaac_class(1000, operations=1),
        "as ISAAC at 1 GHz",
        "a MAC is one operation, as the row says",
        "A simulator's figure.",
        1.35,
        "layer",
        "no silicon",
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
    "Valavi 2019": "neither supply nor rows of an array in the row; binary outputs come from comparators, which no family of ours has",
    "IMAGINE": "bits of a weight are joined in charge before one conversion: no family of ours; the macro's supply is not in the row",
}


def table() -> pd.DataFrame:
    """The published chips."""
    return pd.read_csv(reference(".") / "chips.csv", dtype=str).fillna("")
