"""Discrete hardware parameters by gradients, no network trained: the bars with their numbers.

Run with `python -m benchmarks hardware_search [PART]`, PART one of systolic, mapping, front, invariants; without it all, each in a
process of its own, so that every time includes imports and compilation. For the time bar's one core: `taskset -c 0 python -m ...`.
"""

import dataclasses
import subprocess
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
from rich.console import Console
from rich.table import Table

from codesign.hardware.systolic.array import Systolic
from codesign.parameters.continuous import Continuous
from codesign.parameters.integer import Integer
from codesign.parameters.space import Space
from codesign.technology import catalogue
from codesign.workloads import presets
from search.chips_alone.descend import BROKEN, Descender, Task, directions
from search.chips_alone.mappings import MappingSearch, bert
from search.objectives.pareto import hypervolume, non_dominated

BUDGET_UM2 = 4e6
SYSTOLIC = Space(
    {
        "rows": Integer(8, 256, log=True),
        "columns": Integer(8, 256, log=True),
        "input_buffer_kb": Integer(8, 1024, log=True),
        "weight_buffer_kb": Integer(8, 1024, log=True),
        "output_buffer_kb": Integer(8, 1024, log=True),
    },
    1,
)


def resnet18() -> Task:
    """Energy-delay product of ResNet18 (8 bit) on a weight-stationary array at 45 nm, in 4 mm2."""
    workload = presets.preset("resnet18", spiking=0, timesteps=1, weight_bits=8, activation_bits=8)
    prices, chip = catalogue.load("digital_45nm"), Systolic.of()

    def judge(values, hardness):
        cost = dataclasses.replace(chip, **values).cost(workload, prices, hardness)
        return cost.log_edp[None], jnp.log(cost.area / BUDGET_UM2)[None]

    return Task(SYSTOLIC, judge, 1, 1)


def exhaustive(search: Descender) -> tuple[float, int]:
    """The best feasible point of a grid over all five parameters, polished from the 64 best; and the points of the grid."""
    side = np.unique([*range(8, 257, 8), *(2**i * m for i in range(3, 9) for m in (1, 1.125) if 2**i * m <= 256)]).astype(int)
    buffer = np.unique(np.geomspace(8, 1024, 22).round().astype(int))
    axes = [side, side, buffer, buffer, buffer]
    tail = np.stack(np.meshgrid(*axes[1:], indexing="ij"), -1).reshape(-1, 4)

    @jax.jit
    def slab(rows):
        def one(rest):
            values = dict(zip(SYSTOLIC.parameters, (rows, *rest), strict=True))
            f, g = search.task.judge(values, jnp.float32(1))
            return jnp.where(g[0] <= 0, f[0], jnp.inf)

        merit = jax.lax.map(one, jnp.asarray(tail, jnp.float32), batch_size=4096)
        best, at = jax.lax.top_k(-merit, 64)
        return -best, at

    found = [(float(m), (int(rows), *tail[i])) for rows in side for m, i in zip(*slab(jnp.float32(rows)), strict=True)]
    found.sort(key=lambda pair: pair[0])
    points = np.asarray([[value - 8 for value in point] for _, point in found[:64]], np.int32)
    polished = search.joint.polish(jnp.asarray(points)[:, None], jnp.ones((len(points), 1)))
    return float(jnp.min(polished.merit)), len(side) * len(tail)


def systolic() -> None:
    began, before = time.monotonic(), time.process_time()
    search = Descender(resnet18())
    runs = [jax.block_until_ready(search.run(jax.random.key(0)))]
    wall, processor = time.monotonic() - began, time.process_time() - before
    runs += [search.run(jax.random.key(seed)) for seed in range(1, 20)]
    jax.block_until_ready(runs)
    again = time.monotonic()
    jax.block_until_ready(search.run(jax.random.key(9)))
    again = time.monotonic() - again
    starts = jnp.stack([jax.random.randint(jax.random.key(i), (256,), 0, int(n)) for i, n in enumerate(search.grid.lengths)], 1)
    random = search.joint.polish(starts[:, None].astype(jnp.int32), jnp.ones((256, 1)))
    known, points = exhaustive(search)
    known = min(known, *(float(jnp.min(run.polished.merit)) for run in runs), float(jnp.min(random.merit)))
    table = Table(title=f"ResNet18, systolic array, 5 integers, 4 mm2 (best known: exhaustive over {points} points, then polish)")
    for head in ("method", "feasible", "median / best", "best of 16 / best (median, worst)"):
        table.add_column(head, justify="right")
    spread = {
        "relaxed": np.concatenate([run.relaxed[:, 0] for run in runs]),
        "rounded": np.concatenate([run.rounded.merit for run in runs]),
        "rounded and polished": np.concatenate([run.polished.merit for run in runs]),
        "random + polish": np.asarray(random.merit),
    }
    for name, merit in spread.items():
        feasible = merit < BROKEN
        ratio = np.exp(np.where(feasible, np.minimum(merit, 1e2) - known, np.inf))
        groups = ratio.reshape(-1, 16).min(axis=1)
        table.add_row(name, f"{feasible.mean():.1%}", f"{np.median(ratio):.4f}", f"{np.median(groups):.4f}, {groups.max():.4f}")
    Console().print(table)
    spent = np.mean([float(run.evaluations.mean()) for run in runs])
    print(f"{search.settings.starts} starts with compilation {wall:.1f} s ({processor:.1f} s of processor time), again {again:.2f} s")
    print(f"{spent:.0f} exact evaluations a start; bars: 1.05, 1.01, 10 s on one core")


def mapping() -> None:
    began = time.monotonic()
    search = MappingSearch(bert())
    runs = [jax.block_until_ready(search.run(jax.random.key(0)))]
    wall = time.monotonic() - began
    runs += [search.run(jax.random.key(seed)) for seed in range(1, 5)]
    random = search.polish_random(jax.random.key(0))
    table = Table(title="BERT on Gemmini by Timeloop's closed form, 5 layers, machine and mappings (bar: 2.04e9; DOSA's settings 5.12e9)")
    for head in ("EDP [uJ cycle]", "best", "median", "worst"):
        table.add_column(head, justify="right")
    spread = {
        "relaxed": np.concatenate([run.relaxed_edp for run in runs]),
        "rounded": np.concatenate([run.rounded_edp for run in runs]),
        "rounded and polished": np.concatenate([run.edp for run in runs]),
        "random, rounded": np.asarray(random.rounded_edp),
        "random + polish": np.asarray(random.edp),
    }
    for name, edp in spread.items():
        table.add_row(name, *(f"{statistic(edp):.3e}" for statistic in (np.min, np.median, np.max)))
    Console().print(table)
    exact = all(bool(np.all(np.prod(np.asarray(run.mapped.factors, float), axis=2) == search.problem.network.dims)) for run in runs)
    print(f"5 seeds x 64 starts; factors multiply exactly to the dimensions: {exact}; one run with compilation {wall:.1f} s")


def front() -> None:
    """Fonseca and Fleming's concave front, whose optimum is x_1 = x_2."""
    space, centre = Space({"x": Continuous(-2, 2, steps=4000), "y": Continuous(-2, 2, steps=4000)}, 1), 1 / np.sqrt(2)

    def judge(values, hardness):
        x = jnp.stack([values["x"], values["y"]])
        return 1 - jnp.exp(-jnp.stack([jnp.sum((x - centre) ** 2), jnp.sum((x + centre) ** 2)])), jnp.zeros(0)

    t = np.linspace(-centre, centre, 20001)
    best = hypervolume(1 - np.exp(-np.stack([2 * (t - centre) ** 2, 2 * (t + centre) ** 2], 1)), np.ones(2))
    search = Descender(Task(space, judge, 2))
    shares = []
    for seed in range(5):
        found = np.asarray(search.run(jax.random.key(seed), directions(500)).polished.objectives, float)
        shares.append(hypervolume(found[non_dominated(found)], np.ones(2)) / best)
    print(f"concave toy front: {min(shares):.4f} to {max(shares):.4f} of the known hypervolume over 5 seeds (bar 0.99)")


def invariants() -> None:
    from codesign.published.timeloop import model as timeloop
    from search.chips_alone.invariants import find_violations, mapping_claims

    space = Space({name: Continuous(1, 128, log=True) for name in ("k", "lanes", "c")}, 1)
    dims, machine = jnp.asarray([1, 1, 64, 1, 128, 128, 1], jnp.float32), timeloop.Machine(128.0, 32.0, 256.0)
    for name in ("left free", "masked"):

        def mapped(values, name=name):
            lanes = values["lanes"] if name == "left free" else jnp.minimum(values["lanes"], 128 / values["k"])
            inner = jnp.ones((3, 7)).at[timeloop.ACCUMULATOR, timeloop.K].set(values["k"])
            inner = inner.at[timeloop.ACCUMULATOR, timeloop.C].set(values["c"])
            spatial = jnp.ones((4, 7)).at[timeloop.SCRATCHPAD, timeloop.K].set(lanes)
            return timeloop.Mapping(timeloop.dram_factors(dims, inner, spatial), spatial, jnp.tile(jnp.arange(7), (4, 1)))

        def log_edp(values, hardness, mapped=mapped):
            cycles, energy = timeloop.evaluate(mapped(values), timeloop.Window(), machine, hardness)
            return jnp.log(jnp.maximum(cycles * energy, 1e-9))

        def claims(values, hardness, mapped=mapped):
            return mapping_claims(mapped(values), dims, machine, hardness)

        found = find_violations(space, log_edp, claims, jax.random.key(0))
        print(f"factors {name}: {len(found)} claims broken" + "".join(f"\n  {violation}" for violation in found))


PARTS = {"systolic": systolic, "mapping": mapping, "front": front, "invariants": invariants}


def main() -> None:
    if len(sys.argv) > 1:
        PARTS[sys.argv[1]]()
        return
    for name in PARTS:
        subprocess.run([sys.executable, "-m", "benchmarks", "hardware_search", name], check=True)
