"""`codesign mappings`: loop nests of a workload on Gemmini under Timeloop's closed form, and the smallest machine that runs them."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from rich.table import Table

from codesign.published.timeloop.gemmini import Gemmini
from codesign.published.timeloop.text import spelt
from codesign.units import show
from codesign.workloads.workload import Workload
from search.chips_alone.mappings import MappingSearch, Network, Result, Settings, as_mapping, smallest_machine
from search.commands.outcome import wide_console
from search.commands.prices.cost import load_technology, load_workload, price
from search.errors import UserError
from search.study.store.files import write_text


def mappings(workload: str, mesh: int, starts: int, steps: int, seed: int, output: Path) -> None:
    """Search, print a table, and write the best mappings; see `codesign mappings --help`.

    Raises:
        UserError: a mistake in the workload or an option.
    """
    for name, value, most in (("--mesh", mesh, 1024), ("--starts", starts, 4096), ("--steps", steps, 100_000)):
        if not 1 <= value <= most:
            raise UserError(f"{name}: must be from 1 to {most}, got {value}")
    work = load_workload(workload, {})
    if (attention := next((layer for layer in work if layer.kind == "attention"), None)) is not None:
        raise UserError(f"--workload: layer {attention.name!r}: Gemmini keeps weights still, and attention has none")
    network = Network.of(work, mesh)
    search = MappingSearch(network, Settings(starts=starts, steps=steps))
    descent_key, random_key = jax.random.split(jax.random.key(seed))
    found, drawn = search.run(descent_key), search.polish_random(random_key)
    best = found if _least(found) <= _least(drawn) else drawn
    mapped = jax.tree.map(lambda leaf: leaf[int(np.nanargmin(best.edp))], best.mapped)
    nests = jax.vmap(as_mapping)(*mapped)
    texts = [spelt(jax.tree.map(lambda leaf, i=i: leaf[i], nests)) for i in range(len(network.dims))]
    output.parent.mkdir(parents=True, exist_ok=True)
    names = ("mesh", "accumulator_kb", "scratchpad_kb")
    sizes = [jnp.asarray(size, jnp.float32) for size in smallest_machine(mapped, network)]
    again = " ".join(f"--set {name}={float(size):g}" for name, size in zip(names, sizes, strict=True))
    command = f"codesign cost --hardware timeloop --workload {workload} {again} --set mapping={output}"
    write_text(output, "\n".join([f"# {command}", *texts]) + "\n")
    wide_console().print(_table(work, texts))
    cost = price(Gemmini(sizes[0], sizes[1], sizes[2], mapping=nests), work, load_technology("digital_45nm"), 1.0)
    mesh_, accumulator, scratchpad = (float(size) for size in sizes)
    print(f"mesh {mesh_:g}, accumulator {accumulator:g} KiB, scratchpad {scratchpad:g} KiB")
    print(f"energy {show(float(cost.energy), 'pJ')}, latency {show(float(cost.latency), 'ns')}")
    print(f"energy x cycles [uJ]: {_least(found):.4g} by gradients, {_least(drawn):.4g} from random mappings, {starts} starts each")
    print(f"{output}: price them with\n  {command}")


def _least(result: Result) -> float:
    """Of all starts, uJ x cycles."""
    return float(np.nanmin(result.edp))


def _table(work: Workload, texts: list[str]) -> Table:
    table = Table(title="Loops of each layer, outermost first (X: lanes)")
    for head in ("layer", "DRAM - scratchpad - accumulator - registers"):
        table.add_column(head, overflow="fold")
    for layer, text in zip([layer for layer in work if layer.has_weights], texts, strict=True):
        table.add_row(layer.name, text.replace("[", "\\["))
    return table
