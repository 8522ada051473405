"""Exact IR drop against badcrossbar, in the same process: time of the currents, of their gradient, and agreement.

The peer computes one batch of currents; so do we, from conductances to currents (`matrix`: block elimination, then one product;
`fields`: conjugate gradients for every input). `gradient` is the derivative of a sum of squares with respect to conductances,
inputs and both wire resistances, forward pass included.
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

from codesign.analog.wires import effective_conductance
from codesign.analog.wires_fields import device_voltages

BATCH, R_ON, R_OFF, WIRE = 64, 20e3, 200e3, 2.0
INSTALL = "pip install badcrossbar (without its plotting: pip install --no-deps badcrossbar pathvalidate sortedcontainers)"


def _peer() -> ModuleType | None:
    try:
        import badcrossbar  # type: ignore[import-not-found]
    except ImportError:
        return None
    logging.disable(logging.INFO)
    return badcrossbar


def _times(call: Callable[[], object], repeats: int) -> np.ndarray:
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        jax.block_until_ready(call())
        times.append(1e3 * (time.perf_counter() - start))
    return np.asarray(times)


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
    peer, expected, peer_ms = _peer(), None, float("nan")
    if peer is not None:

        def solve() -> np.ndarray:
            return peer.compute(V.T, 1 / G, WIRE, node_voltages=False, all_currents=False).currents.output

        expected = np.asarray(solve())
        peer_ms = float(np.min(_times(solve, peer_repeats)))
        table.add_row(f"{size} x {size}", "badcrossbar", f"{peer_ms:.1f}", "", "", "", "")
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
            f"{forward_ms.min():.2f} ({np.median(forward_ms):.2f})",
            f"{gradient_ms.min():.2f} ({np.median(gradient_ms):.2f})",
            f"{gradient_ms.min() / forward_ms.min():.1f}x",
            "" if expected is None else f"{peer_ms / forward_ms.min():.0f}x",
            error,
        )


def main() -> None:
    """Print the table; without badcrossbar the ratios stay empty and a line says how to install it."""
    table = Table(title=f"Crossbar with wires, batch {BATCH}, {R_ON:g} to {R_OFF:g} ohm, {WIRE:g} ohm segments, float32")
    for column in ("array", "solver", "forward ms: best (median)", "gradient ms", "gradient/forward", "faster than peer", "error"):
        table.add_column(column, justify="right")
    _rows(table, 64, 40, 5)
    _rows(table, 128, 15, 3)
    console = Console(width=128)
    console.print(table)
    if _peer() is None:
        console.print(f"badcrossbar is not installed: {INSTALL}")
