"""Evaluations in pieces: memory by the budget and by the number of samples, what estimates leave out, and processor time against the whole.

Memory is what XLA's analysis says of one compiled call beside its arguments and results; nothing is run for it. Times are of hardened
designs on one simulated chip: the quickstart's perceptron on as many samples as its test split has, VGG9 (64-64-128-128-256-256, 256)
on a batch. `python -m benchmarks pieces memory` prints memory alone.
"""

import functools
import sys
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from rich.console import Console
from rich.table import Table

from codesign.evaluation.evaluate import Batch, Design, evaluate
from codesign.evaluation.verify import verify
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.network.builders.models import convnet, mlp, resnet, vgg
from codesign.network.network import SpikingNetwork
from codesign.network.operation import Operation
from codesign.technology import catalogue
from search.problem.size import smallest_budget, steps_within

ROUNDS: Final = 5
PRICES: Final = catalogue.load("rram_45nm")


class Case(NamedTuple):
    """A network on a crossbar."""

    network: SpikingNetwork
    shape: tuple[int, ...]
    steps: int

    @property
    def design(self) -> Design:
        """Of a legal chip."""
        layers = len(self.network.geometries)
        chip = Crossbar.of(rows=64, columns=64, adc_bits=6, cell_bits=1, programming_sigma=[0.05] * layers)
        return Design(nnx.split(self.network)[1], Operation.of(layers, longest=self.steps), chip)

    def batch(self, samples: int) -> Batch:
        """Random samples."""
        inputs = np.random.default_rng(0).uniform(size=(samples, *self.shape))
        return Batch(jnp.asarray(inputs, jnp.float32), jnp.zeros(samples, jnp.int32))

    def compiled(self, samples: int, at_once: int | None, chips: int = 0) -> Any:
        """Measured on chips, or scored."""
        graph, key = nnx.split(self.network)[0], jax.random.key(0)

        def run(design: Design, batch: Batch) -> Any:
            if chips:
                return verify(graph, design, batch, PRICES, jax.random.split(key, chips), at_once=at_once)
            return evaluate(graph, design, batch, PRICES, key, exact=True, at_once=at_once)

        shapes = Batch(
            jax.ShapeDtypeStruct((samples, *self.shape), jnp.float32),  # type: ignore[arg-type]
            jax.ShapeDtypeStruct((samples,), jnp.int32),  # type: ignore[arg-type]
        )
        return jax.jit(run).lower(self.design, shapes).compile()

    def megabytes(self, samples: int, at_once: int | None, chips: int = 0) -> float:
        """Peak beside arguments and results."""
        return 1e-6 * float(self.compiled(samples, at_once, chips).memory_analysis().temp_size_in_bytes)

    def fitting(self, megabytes: float) -> int:
        """Samples at once, as `Problem.at_once` has them."""
        return 2 ** (max(1, steps_within(int(1e6 * megabytes), self.network) // self.steps).bit_length() - 1)


def cases() -> dict[str, Case]:
    """Networks by name."""
    return {
        "perceptron": Case(mlp((8, 8, 1), 10, [128, 64], rngs=nnx.Rngs(0)), (8, 8, 1), 8),
        "convnet": Case(convnet((8, 8, 1), 10, [16, 32], rngs=nnx.Rngs(0)), (8, 8, 1), 8),
        "ResNet-8": Case(resnet((32, 32, 3), 10, 8, rngs=nnx.Rngs(0)), (32, 32, 3), 4),
        "VGG9": Case(vgg((32, 32, 3), 10, rngs=nnx.Rngs(0)), (32, 32, 3), 4),
    }


def _memory(console: Console) -> None:
    found, vgg9 = cases(), cases()["VGG9"]
    table = Table("call", "samples", "budget [MB]", "samples at once", "peak [MB]", title="Memory of VGG9")
    for name, samples, chips in (("score", 256, 0), ("verify", 2000, 4), ("verify", 8000, 4)):
        for budget in (None, 500, 2000):
            at_once = None if budget is None else vgg9.fitting(budget)
            table.add_row(name, str(samples), str(budget), str(at_once), f"{vgg9.megabytes(samples, at_once, chips):.0f}")
    console.print(table)
    table = Table("network", "estimate [MB]", "peak [MB]", title="128 samples at once")
    for name, case in found.items():
        estimate = 1e-6 * smallest_budget(case.network, 128 * case.steps)
        table.add_row(name, f"{estimate:.1f}", f"{case.megabytes(128, None):.1f}")
    console.print(table)


def _in_turn(calls: list[Callable[[], Any]]) -> list[float]:
    """Best processor time of each call [ms]."""
    best = [float("inf")] * len(calls)
    for _ in range(ROUNDS):
        for i, call in enumerate(calls):
            began = time.process_time()
            jax.block_until_ready(call())
            best[i] = min(best[i], 1e3 * (time.process_time() - began))
    return best


def _times(console: Console) -> None:
    table = Table("network", "samples", "samples at once", "whole [ms]", "pieces over whole", title="Processor time of one chip")
    for name, samples, sizes in (("perceptron", 360, (180, 90, 32)), ("VGG9", 128, (64, 32, 8))):
        case = cases()[name]
        given = (case.design, case.batch(samples))
        runs = [case.compiled(samples, size) for size in (None, *sizes)]
        whole, *pieces = _in_turn([functools.partial(run, *given) for run in runs])
        for size, piece in zip(sizes, pieces, strict=True):
            table.add_row(name, str(samples), str(size), f"{whole:.1f}", f"{piece / whole:.2f}")
    console.print(table)


def main() -> None:
    """Print memory, then times."""
    console = Console(width=128)
    _memory(console)
    if sys.argv[1:] != ["memory"]:
        _times(console)
