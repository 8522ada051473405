"""Many-core chips with and without a barrier on sparse networks: `python -m benchmarks synchronisation` prints the table of docs/chips.md.

Chen et al. (arXiv 2407.20947) report 1.86 times the speed and 1.55 times the energy efficiency, over five spiking networks. Times that
vary from step to step and core to core are simulated, drawn from gamma distributions.
"""

from typing import Final

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from codesign.hardware.manycore.events import links_of
from codesign.hardware.manycore.manycore import ManyCore
from codesign.technology.catalogue import compose, load
from codesign.technology.technology import Technology
from codesign.workloads.presets import preset
from codesign.workloads.workload import Workload

RATE: Final = 0.02  # sparse: spikes per neuron and step
STEPS: Final = 8
SPREAD: Final = 0.5  # standard deviation of a core's time over its mean
NETWORKS: Final = ("digits", "shd", "vgg9", "resnet18")
DRAWS: Final = 200


def technologies() -> dict[str, Technology]:
    """Measured events, and first principles with memories that leak little and much."""
    return {
        "loihi_14nm": load("loihi_14nm"),
        "28 nm, lstp": compose(process="cmos_28nm", memory="lstp", offchip="none"),
        "28 nm, lop": compose(process="cmos_28nm", memory="lop", offchip="none"),
    }


@eqx.filter_jit
def measured(chip: ManyCore, workload: Workload, technology: Technology) -> tuple[jnp.ndarray, ...]:
    """Time [ns], energy [pJ], area [um2], and how many links the busiest core has."""
    cost = chip.cost(workload, technology)
    return cost.latency, cost.energy, cost.area, jnp.max(links_of(chip.events(workload), workload).of_a_core)


def simulated(times: np.ndarray, cores: int, spread: float, rng: np.random.Generator) -> tuple[float, float]:
    """Time of an inference under barriers that take none, and where cores wait for all of the layers beside theirs alone.

    A layer works in its own steps only: outside of them it costs a barrier nothing, unlike in our model, where all layers work always.

    Args:
        times: mean time of a step, `[layers]`.
        cores: of each layer.
        spread: standard deviation of a core's time over its mean; each step and core draws its own.
        rng: for the draws.
    """
    barrier, free = [], []
    for _ in range(DRAWS):
        drawn = times[:, None] * rng.gamma(spread**-2, spread**2, (STEPS, len(times), cores))
        together = np.zeros((STEPS + len(times) - 1, len(times)))
        ends = np.zeros((STEPS + 2, len(times) + 2, cores))  # two steps that nobody waits for, a source and a sink
        for layer in range(len(times)):
            together[layer : layer + STEPS, layer] = drawn[:, layer].max(1)
        for step, layer in np.ndindex(STEPS, len(times)):
            neighbours = max(ends[step + 2, layer].max(), ends[step, layer + 2].max())
            ends[step + 2, layer + 1] = np.maximum(ends[step + 1, layer + 1], neighbours) + drawn[step, layer]
        barrier.append(together.max(1).sum())
        free.append(ends.max())
    return float(np.mean(barrier)), float(np.mean(free))


def main() -> None:
    """Print the tables."""
    print("| network | prices | time | energy | area | links of a core |\n|---|---|---|---|---|---|")
    for name in NETWORKS:
        workload = Workload.of(list(preset(name)), input_rate=RATE, output_rate=RATE, timesteps=STEPS)
        for label, technology in technologies().items():
            barrier, free = (measured(ManyCore.of(synchronisation=way), workload, technology) for way in ("barrier", "asynchronous"))
            ratios = [float(one / other) for one, other in zip(barrier, free, strict=True)]
            print(f"| {name} | {label} | {ratios[0]:.2f} | {ratios[1]:.2f} | {1 / ratios[2]:.3f} | {float(free[3]):.0f} |")
    rng = np.random.default_rng(0)
    print("\n| layers | cores of each | spread | barrier | neighbours | ratio |\n|---|---|---|---|---|---|")
    for label, times in (("8 alike", np.ones(8)), ("8, each half as long as the one before", 2.0 ** -np.arange(8))):
        for cores, spread in ((1, 0.01), (1, SPREAD), (16, SPREAD)):
            held, free_time = simulated(times, cores, spread, rng)
            print(f"| {label} | {cores} | {spread:g} | {held:.2f} | {free_time:.2f} | {held / free_time:.2f} |")


if __name__ == "__main__":
    main()
