"""Speed of the cost models on one core: designs per second, gradients against values, compile times, and plain Python beside them.

The bars: VGG9 with its full, exact breakdown, at least 500,000 designs per second on one core, a gradient in at most 3 times that time,
and compilation in under 2 s, for every family.
"""

import os

# before JAX starts: one thread, one core
os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import math
import time
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import numpy as np
from rich.console import Console
from rich.table import Table

from codesign.cost import Cost
from codesign.hardware import REGISTRY
from codesign.hardware.base import AbstractHardware
from codesign.hardware.crossbar.crossbar import DEFAULTS as CROSSBAR
from codesign.hardware.manycore.manycore import DEFAULTS as MANYCORE
from codesign.hardware.systolic.array import DEFAULTS as SYSTOLIC
from codesign.technology.catalogue import load
from codesign.workloads.presets import preset
from codesign.workloads.workload import Workload

DESIGNS = 4096
REPEATS = 20
ROUNDS = 5
BARS = (500_000, 3)
"""Least designs per second, and most of a gradient's time over a breakdown's; both exact."""
FAMILIES = {"crossbar": "rram_45nm", "systolic": "digital_45nm", "manycore": "loihi_14nm"}
DEFAULTS = {"crossbar": CROSSBAR, "systolic": SYSTOLIC, "manycore": MANYCORE}
RANGES = {
    "crossbar": {
        "rows": (32, 512),
        "columns": (32, 512),
        "adc_bits": (3, 9),
        "columns_per_adc": (1, 16),
        "cell_bits": (1, 4),
        "programming_sigma": (0.005, 0.05),
        "clock_mhz": (50, 1000),
    },
    "systolic": {
        "rows": (8, 128),
        "columns": (8, 128),
        "scratchpad_kb": (0.0625, 1),
        "input_buffer_kb": (16, 256),
        "weight_buffer_kb": (16, 256),
        "output_buffer_kb": (16, 256),
        "clock_mhz": (100, 800),
        "supply_v": (0.6, 0.9),
    },
    "manycore": {
        "neurons_per_core": (128, 4096),
        "synapse_memory_kb": (32, 512),
        "message_bits": (16, 64),
        "clock_mhz": (50, 400),
        "supply_v": (0.6, 0.9),
    },
}

Parameters = dict[str, np.ndarray]


def designs(family: str, count: int, seed: int) -> Parameters:
    """Parameters of random relaxed chips; those without a range have their default."""
    draw = np.random.default_rng(seed)
    fixed = {name: np.full(count, value, np.float32) for name, value in DEFAULTS[family].items()}
    return {**fixed, **{name: draw.uniform(low, high, count).astype(np.float32) for name, (low, high) in RANGES[family].items()}}


def best_seconds(call: Callable[[Any], Any], argument: Any) -> float:
    """Shortest of several runs, after one to warm up."""
    jax.block_until_ready(call(argument))
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        jax.block_until_ready(call(argument))
        times.append(time.perf_counter() - start)
    return min(times)


def compiled(function: Callable[..., Any], *arguments: Any) -> tuple[Any, float, float]:
    """An executable, and the wall and processor seconds that tracing, lowering and compiling took."""
    wall, processor = time.perf_counter(), time.process_time()
    executable = jax.jit(function).lower(*arguments).compile()
    return executable, time.perf_counter() - wall, time.process_time() - processor


def spikesim_python(
    layers: list[tuple[int, int, int, int]], size: int, pes: int, steps: int, clock_mhz: float
) -> tuple[float, float, float]:
    """SpikeSim's energy [pJ], area [um2] and latency [ns] for one RRAM design, kernel 3: the tool's equations in plain Python.

    Args:
        layers: channels in, channels out, size in, pooled size out of each convolution.
        size: rows and columns of a crossbar.
        pes: crossbars per tile.
        steps: time steps.
        clock_mhz: clock.
    """
    m, energy, arrays, buffers = size / 8, 0.0, 0, 0.0
    per_cycle = 19.64 * 8 + 4.64 + 1.274 * 4 + 397 + 0.2 * m + 16 * 1.15e-6 * m + m * 9 * 1.76423 + 2.03084 * m**2 + 0.094245 * m**2
    latency = 0.0
    for index, (channels_in, channels_out, size_in, size_out) in enumerate(layers):
        count = math.ceil(channels_in / size) * math.ceil(channels_out / size)
        arrays += count
        energy += steps * count * size_out**2 * per_cycle
        elements = channels_out * size_out**2
        latency += steps * (elements if index == len(layers) - 1 else int(0.75 * elements)) * 26 * 1000 / clock_mhz
        buffers += 0.7391 * 22 * (channels_in * size_in**2 + (elements if index < 5 else 0))
    tile = 13411.41498 * m + 484.643999 + 0.7391 * 8192 + pes * (9 * 26.2144 + m * (693.633 + 45.9)) + 433660
    return energy, math.ceil(arrays / pes) * tile + buffers, latency


def python_seconds(work: Workload) -> float:
    """Seconds per design of the plain evaluation, the best of several loops over random designs."""
    convolutions = [layer for layer in work if layer.kind == "conv"]
    layers = [(layer.channels_in, layer.channels_out, layer.height_in, layer.height_out) for layer in convolutions]
    draw = np.random.default_rng(0)
    points = [(int(x), int(p), int(t), float(f)) for x, p, t, f in draw.integers([16, 2, 1, 100], [512, 16, 10, 500], (2000, 4))]
    times = []
    for _ in range(5):
        start = time.perf_counter()
        for size, pes, steps, clock in points:
            spikesim_python(layers, size, pes, steps, clock)
        times.append((time.perf_counter() - start) / len(points))
    return min(times)


def main() -> None:
    work, console = preset("vgg9"), Console()
    plain = python_seconds(work)
    title = f"VGG9 ({len(work)} layers), {DESIGNS} designs at a time, one core"
    speed = Table(title=title, caption=f"bars, where exact: {BARS[0]:,} designs/s, and a gradient in {BARS[1]} breakdowns")
    for column in ("family", "hardness", "µs", "designs/s", "over Python", "gradient µs", "ratio"):
        speed.add_column(column, justify="left" if column == "family" else "right")
    for family in FAMILIES:
        for hardness in (1.0, 0.6):
            breakdown, gradient = _seconds(family, work, hardness)
            # SpikeSim is a crossbar's model
            over = f"{plain / breakdown:.1f}" if family == "crossbar" else ""
            slope = (f"{gradient * 1e6:.2f}", f"{gradient / breakdown:.1f}")
            speed.add_row(family, f"{hardness:g}", f"{breakdown * 1e6:.2f}", f"{1 / breakdown:,.0f}", over, *slope)
    # the published equations in plain Python, totals only
    speed.add_row("SpikeSim", "", f"{plain * 1e6:.2f}", f"{1 / plain:,.0f}", "1.0", "", "")
    console.print(speed)
    console.print(_compile_table(work))


def _seconds(family: str, work: Workload, hardness: float) -> tuple[float, float]:
    """Seconds per design of a breakdown, and of the gradient of the logarithm of energy times delay."""
    prices = load(FAMILIES[family])

    def cost(parameters: Parameters) -> Cost:
        return REGISTRY[family].of(**parameters).cost(work, prices, hardness)  # type: ignore[no-any-return]

    batch = designs(family, DESIGNS, 0)
    functions = (cost, jax.grad(lambda parameters: cost(parameters).log_edp))
    calls = [compiled(jax.vmap(function), batch)[0] for function in functions]
    # one after the other, repeatedly: other programs on the machine slow both alike
    rounds = [[best_seconds(call, batch) / DESIGNS for call in calls] for _ in range(ROUNDS)]
    breakdown, gradient = (min(times) for times in zip(*rounds, strict=True))
    return breakdown, gradient


def _compile_table(work: Workload) -> Table:
    table = Table(title="Seconds to trace, lower and compile for VGG9; the bar is 2 for a cost")
    for column in ("family", "cost wall", "cost cpu", "gradient wall", "gradient cpu"):
        table.add_column(column, justify="left" if column == "family" else "right")
    for name, prices_name in FAMILIES.items():
        prices = load(prices_name)
        arrays, static = eqx.partition(REGISTRY[name].of(), eqx.is_array)  # type: ignore[attr-defined]

        def cost(leaves: AbstractHardware, hardness: float = 0.6, prices: Any = prices, static: Any = static) -> Cost:
            return eqx.combine(leaves, static).cost(work, prices, hardness)

        _, wall, processor = compiled(cost, arrays)
        _, gradient_wall, gradient_processor = compiled(jax.grad(lambda leaves, cost=cost: cost(leaves).log_edp), arrays)
        table.add_row(name, f"{wall:.2f}", f"{processor:.2f}", f"{gradient_wall:.2f}", f"{gradient_processor:.2f}")
    return table


if __name__ == "__main__":
    main()
