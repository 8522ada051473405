"""The exact read of a crossbar against the plain product: processor time of both and of their gradients, and memory of VGG9.

Layers of VGG9 (64-64-128-128-256-256, 256) at batch 32 and 4 steps, and of the quickstart's perceptron at batch 128 and 8 steps, where
a fifth of the inputs are spikes. Read and plain product (`DigitalArray`: direct convolutions) take turns. Gradients are of inputs,
weights and full scale, forward pass included; the plain product's have no full scale.

Memory is what XLA's analysis says of one compiled call beside its arguments and results; nothing is run.
`python -m benchmarks exact_read memory` prints it alone.
"""

import sys
import time
from collections.abc import Callable
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import ArrayLike
from rich.console import Console
from rich.table import Table

from codesign.analog.arrays.array import AbstractArray, DigitalArray
from codesign.analog.arrays.physics import CrossbarPhysics, Held
from codesign.analog.arrays.searched import TiledCrossbar
from codesign.analog.device.catalogue import generic
from codesign.evaluation.evaluate import Batch, Design, evaluate
from codesign.evaluation.verify import verify
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.network.builders.models import vgg
from codesign.network.operation import Operation
from codesign.technology import catalogue
from codesign.workloads.workload import LayerWork, conv, dense

ROWS: Final = (16, 32, 64, 128, 256)
ROUNDS: Final = 5
VGG: Final = [
    conv(f"conv {a}-{b}, {size} x {size}", a, b, size) for a, b, size in ((3, 64, 32), (64, 64, 32), (64, 128, 16), (128, 128, 16))
]
VGG_END: Final = [conv("conv 128-256, 8 x 8", 128, 256, 8), conv("conv 256-256, 8 x 8", 256, 256, 8), dense("dense 4096-256", 4096, 256)]
PERCEPTRON: Final = [dense(f"dense {a}-{b}", a, b) for a, b in ((64, 128), (128, 64), (64, 10))]
FOLDED: Final = {"vgg9": 32 * 4, "perceptron": 128 * 8}


def _read(array: AbstractArray, layer: LayerWork) -> Callable[[Any, Any, Any], jax.Array]:
    def read(x: jax.Array, held: Any, full_scale: jax.Array) -> jax.Array:
        key = jax.random.key(0)
        return array.read(x, held, full_scale, key) if layer.kind == "dense" else array.read_map(x, held, full_scale, key, layer)

    return read


def _pair(read: Callable[..., jax.Array]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    gradient = jax.grad(lambda *given: jnp.sum(jnp.square(read(*given))), argnums=(0, 1, 2))
    return jax.jit(read), jax.jit(gradient)


def _in_turn(calls: list[Callable[[], Any]]) -> list[float]:
    """Best processor time of each call [ms]."""
    best = [float("inf")] * len(calls)
    for call in calls:
        jax.block_until_ready(call())
    for _ in range(ROUNDS):
        for i, call in enumerate(calls):
            began = time.process_time()
            jax.block_until_ready(call())
            best[i] = min(best[i], 1e3 * (time.process_time() - began))
    return best


def _layer(table: Table, layer: LayerWork, batch: int) -> None:
    draw = np.random.default_rng(0)
    shape = (batch, layer.channels_in) if layer.kind == "dense" else (batch, layer.height_in, layer.width_in, layer.channels_in)
    x = jnp.asarray(draw.uniform(size=shape) < 0.2, jnp.float32)
    w = jnp.asarray(np.clip(draw.normal(0, 0.4, (layer.fan_in, layer.channels_out)), -1, 1), jnp.float32)
    full_scale = jnp.float32(0.1)

    # rows are an argument: one compiled call serves all of them
    def tiled(x: jax.Array, held: jax.Array, full_scale: jax.Array, rows: ArrayLike) -> jax.Array:
        array = TiledCrossbar(CrossbarPhysics(jnp.asarray(rows), jnp.float32(64), generic()), jnp.float32(6))
        return _read(array, layer)(x, Held(held, None, None), full_scale)

    plain, exact = _pair(_read(DigitalArray(), layer)), _pair(tiled)
    for kind in (0, 1):
        calls = [lambda kind=kind: plain[kind](x, w, full_scale)]
        calls += [lambda kind=kind, rows=rows: exact[kind](x, w, full_scale, jnp.float32(rows)) for rows in ROWS]
        base, *times = _in_turn(calls)
        first = (layer.name, "forward") if kind == 0 else ("", "gradient")
        table.add_row(*first, f"{base:.2f}", *(f"{t / base:.1f}" for t in times))


def _times(console: Console) -> None:
    table = Table(title="Exact read over plain product, processor time (bars: 5 forwards, 8 in the gradient)")
    for head in ("layer", "", "plain [ms]", *(f"{rows} rows" for rows in ROWS)):
        table.add_column(head, justify="right")
    for layer in (*VGG, *VGG_END):
        _layer(table, layer, FOLDED["vgg9"])
    for layer in PERCEPTRON:
        _layer(table, layer, FOLDED["perceptron"])
    console.print(table)


def _memory() -> None:
    """XLA's account of VGG9's programs."""
    network = vgg((32, 32, 3), 10, rngs=nnx.Rngs(0))
    graph, state = nnx.split(network)
    layers, prices = len(network.geometries), catalogue.load("rram_45nm")
    chip = Crossbar.of(rows=64, columns=64, adc_bits=6, cell_bits=1, programming_sigma=[0.05] * layers)
    design = Design(state, Operation.of(layers, longest=4), chip)
    key = jax.random.key(0)

    def batch(samples: int) -> Any:
        floats, whole = jnp.float32, jnp.int32
        return Batch(jax.ShapeDtypeStruct((samples, 32, 32, 3), floats), jax.ShapeDtypeStruct((samples,), whole))

    def trained(design: Design, some: Batch, exact: bool) -> Any:
        def loss(weights: nnx.State) -> jax.Array:
            return evaluate(graph, Design(weights, design.operation, design.hardware), some, prices, key, exact=exact).smoothed_loss

        return jax.grad(loss)(design.network)

    programs: dict[str, tuple[Callable[..., Any], int]] = {
        "smooth step, batch 32": (lambda design, some: trained(design, some, False), 32),
        "fine-tune step, batch 32": (lambda design, some: trained(design, some, True), 32),
        "score, 256 samples": (lambda design, some: evaluate(graph, design, some, prices, key, exact=True), 256),
        "verify, 2000 samples": (lambda design, some: verify(graph, design, some, prices, jax.random.split(key, 4)), 2000),
    }
    for name, (program, samples) in programs.items():
        analysis = jax.jit(program).lower(design, batch(samples)).compile().memory_analysis()
        print(f"{name}: {1e-9 * analysis.temp_size_in_bytes:.2f} GB", flush=True)


def main() -> None:
    """Print times, then memory."""
    console = Console(width=128)
    if sys.argv[1:] != ["memory"]:
        _times(console)
    _memory()
