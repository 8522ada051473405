"""Exact IR drop against badcrossbar, in the same process: time of the currents, of their gradient, and agreement.

The peer computes one batch of currents; so do we, from conductances to currents (`matrix`: block elimination, then one product;
`fields`: conjugate gradients for every input). `gradient` is the derivative of a sum of squares with respect to conductances,
inputs and both wire resistances, forward pass included.

`searched` is the arrays that a search moves (`codesign.analog.arrays.physics`), differential pairs of bell-shaped and of evenly spread
weights: their error against the exact solver, beside that of no wires, and the processor time of the wires and of their
gradient over that of the plain product with a batch of inputs.

The peer's sparse solver calls a threaded BLAS that spins where cores are short, so both wall and processor time are printed; set
OPENBLAS_NUM_THREADS=1 for the peer at its best.
"""

import logging
import time
from collections.abc import Callable
from types import ModuleType

import jax
import jax.numpy as jnp
import numpy as np
from rich.console import Console
from rich.table import Table

from codesign.analog.arrays.physics import CrossbarPhysics
from codesign.analog.device.catalogue import generic
from codesign.analog.wires.fields import device_voltages
from codesign.analog.wires.resistance import wire_resistance
from codesign.analog.wires.wires import effective_conductance

# NeuroSim's memory, and spikes of a layer: samples times time steps
MEMORY_OHM, READINGS = (100e3, 1.7e6), 256
BATCH, R_ON, R_OFF, WIRE = 64, 20e3, 200e3, 2.0
INSTALL = "pip install badcrossbar (without its plotting: pip install --no-deps badcrossbar pathvalidate sortedcontainers)"


def _peer() -> ModuleType | None:
    try:
        import badcrossbar  # type: ignore[import-not-found]
    except ImportError:
        return None
    logging.disable(logging.INFO)
    return badcrossbar


def _times(call: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Best wall time and best processor time of all threads, in ms."""
    jax.block_until_ready(call())
    times = []
    for _ in range(repeats):
        wall, processor = time.perf_counter(), time.process_time()
        jax.block_until_ready(call())
        times.append((time.perf_counter() - wall, time.process_time() - processor))
    best = 1e3 * np.min(times, axis=0)
    return float(best[0]), float(best[1])


def _ratios(above: tuple[float, float], below: tuple[float, float]) -> str:
    return f"{above[0] / below[0]:.3g} ({above[1] / below[1]:.3g})"


def _matrix(G: jax.Array, V: jax.Array, r: jax.Array) -> jax.Array:
    return V @ effective_conductance(G, r[0], r[1], "exact")


def _line_mean_field(G: jax.Array, V: jax.Array, r: jax.Array) -> jax.Array:
    return V @ effective_conductance(G, r[0], r[1], "line mean-field")


def _pade(G: jax.Array, V: jax.Array, r: jax.Array) -> jax.Array:
    return V @ effective_conductance(G, r[0], r[1], "pade")


def _fields(G: jax.Array, V: jax.Array, r: jax.Array) -> jax.Array:
    return jnp.sum(G * device_voltages(G, V, r[0], r[1]), axis=1)


OURS = {"matrix": _matrix, "fields": _fields, "line mean-field": _line_mean_field, "pade": _pade}


def _rows(table: Table, size: int, repeats: int, peer_repeats: int) -> None:
    rng = np.random.default_rng(0)
    G = 1 / rng.uniform(R_ON, R_OFF, (size, size))
    V = rng.uniform(0, 0.1, (BATCH, size))
    peer, expected, peer_ms = _peer(), None, (float("nan"), float("nan"))
    if peer is not None:

        def solve() -> np.ndarray:
            return peer.compute(V.T, 1 / G, WIRE, node_voltages=False, all_currents=False).currents.output

        expected = np.asarray(solve())
        peer_ms = _times(solve, peer_repeats)
        table.add_row(f"{size} x {size}", "badcrossbar", f"{peer_ms[0]:.0f} ({peer_ms[1]:.0f})", "", "", "", "")
    arguments = (jnp.asarray(G, jnp.float32), jnp.asarray(V, jnp.float32), jnp.full(2, WIRE, jnp.float32))
    for name, function in OURS.items():
        forward = jax.jit(function)
        gradient = jax.jit(jax.grad(lambda *a, f=function: jnp.sum((1e6 * f(*a)) ** 2), argnums=(0, 1, 2)))
        forward_ms = _times(lambda f=forward: f(*arguments), repeats)
        gradient_ms = _times(lambda f=gradient: f(*arguments), repeats)
        error = "" if expected is None else f"{np.abs(forward(*arguments) - expected).max() / np.abs(expected).max():.1e}"
        table.add_row(
            f"{size} x {size}",
            name,
            f"{forward_ms[0]:.2f} ({forward_ms[1]:.2f})",
            f"{gradient_ms[0]:.2f} ({gradient_ms[1]:.2f})",
            _ratios(gradient_ms, forward_ms),
            "" if expected is None else _ratios(peer_ms, forward_ms),
            error,
        )


def _weights(kind: str, size: int) -> jax.Array:
    rng = np.random.default_rng(0)
    bell, wide = np.clip(rng.normal(0, 0.4, (size, size)), -1, 1), rng.uniform(-1, 1, (size, size))
    return jnp.asarray(bell if kind == "bell" else wide, jnp.float32)


def _searched(table: Table, node_nm: int, size: int, kind: str) -> None:
    """Errors, and processor time in plain products."""
    w, (r_word, r_bit) = _weights(kind, size), wire_resistance(node_nm, "1T1R")
    x = jnp.asarray(np.random.default_rng(1).uniform(size=(READINGS, size)) < 0.3, jnp.float32)
    one, low, span = jnp.float32(1), 1 / MEMORY_OHM[1], 1 / MEMORY_OHM[0] - 1 / MEMORY_OHM[1]
    physics = CrossbarPhysics(jnp.float32(size), jnp.float32(size), generic(0.0, *MEMORY_OHM), r_word, r_bit)

    def effective(w: jax.Array) -> jax.Array:
        return physics.program(w, one, jax.random.key(0)).weights

    plus, minus = (effective_conductance(low + span * jnp.maximum(sign * w, 0), r_word, r_bit, "exact") for sign in (1, -1))
    exact = x @ ((plus - minus) / span)

    def error(held: jax.Array) -> str:
        return f"{jnp.sqrt(jnp.mean((x @ held - exact) ** 2) / jnp.mean(exact**2)):.2%}"

    def wires(G: jax.Array) -> jax.Array:
        return G * physics.attenuation(G)

    planes = low + span * jnp.stack([jnp.maximum(w, 0), jnp.maximum(-w, 0)])
    gradient = jax.jit(jax.grad(lambda G: jnp.sum((1e6 * wires(G)) ** 2)))
    product, solve = jax.jit(jnp.matmul), jax.jit(wires)
    plain_ms, wires_ms, gradient_ms = (
        _times(call, 50)[1] for call in (lambda: product(x, w), lambda: solve(planes), lambda: gradient(planes))
    )
    errors = error(w), error(jax.jit(effective)(w))
    table.add_row(f"{node_nm} nm", f"{size} x {size}", kind, *errors, f"{wires_ms / plain_ms:.1f}", f"{gradient_ms / plain_ms:.1f}")


def _print_searched(console: Console) -> None:
    table = Table(title=f"Searched crossbar, differential pairs, against the exact solver; product with {READINGS} inputs")
    for column in ("node", "array", "weights", "error without wires", "error", "wires / product", "their gradient / product"):
        table.add_column(column, justify="right")
    for node_nm in (45, 22):
        for size in (64, 128, 256):
            for kind in ("bell", "wide"):
                _searched(table, node_nm, size, kind)
    console.print(table)


def main() -> None:
    """Print the table; without badcrossbar the ratios stay empty and a line says how to install it."""
    table = Table(
        title=f"Crossbar with wires, batch {BATCH}, {R_ON:g} to {R_OFF:g} ohm, {WIRE:g} ohm segments, float32; wall (processor) time"
    )
    for column in ("array", "solver", "forward ms", "gradient ms", "gradient/forward", "peer/forward", "error"):
        table.add_column(column, justify="right")
    _rows(table, 64, 40, 5)
    _rows(table, 128, 15, 3)
    console = Console(width=128)
    console.print(table)
    _print_searched(console)
    if _peer() is None:
        console.print(f"badcrossbar is not installed: {INSTALL}")
