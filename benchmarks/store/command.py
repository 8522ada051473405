"""What the store costs: seconds per unit, per message and per table; and where its one writer would be too slow for many workers.

Run with `python -m benchmarks store` (about three minutes); `docs/scaling.md` holds the numbers. Seconds are of the processor unless said.
"""

import heapq
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from rich.table import Table

from benchmarks.store import page
from search.commands.outcome import wide_console
from search.study import driver
from search.study.engines.engine import Engine
from search.study.engines.inline import Inline
from search.study.engines.local import Local
from search.study.journal import Journal, Write
from search.study.screens.plain import PlainScreen
from search.study.store.store import Store
from search.study.unit import State, Unit
from search.study.work import Show

UNITS, EACH = 1000, 100  # of the store that is read; 100 designs each
LAYERS, COMPONENTS, COLUMNS = 4, 6, 60  # of a design: those of the reference problems
WORKERS, MANY = 1000, 100_000  # of the simulation: workers, units
# the quickstart as a unit: what its `study.db` and its folder of checkpoints hold
MEMBERS, CALLS, CHECKPOINTS, BYTES, DESIGNS, PARTS, DRAWN = 14, 32, 40, 150_000, 22, 48, 13_000


class EmptyWork:
    """A unit that does nothing but tell: rows of history, and one design."""

    def __call__(self, unit: Unit, journal: Journal, show: Show, safe_point: Callable[[], None]) -> None:
        """See `Work`."""
        for step in range(unit.config["rows"]):
            journal.add_history(step, "relax", [{"loss": 1.0}] * MEMBERS)
        journal.add_design("d00", {"design": "d00", "error": 0.5}, pd.DataFrame(), {})


def units(count: int, rows: int = 1) -> list[Unit]:
    return [Unit(f"{i:012x}", {"seed": i}, {"seed": i, "rows": rows}) for i in range(count)]


def main() -> None:
    if sys.argv[1:2] == ["page"]:
        page.main(sys.argv[2:])
        return
    if sys.argv[1:2] == ["read"]:
        read(Path(sys.argv[2]))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        console = wide_console()
        console.print(overhead(folder))
        fill(folder / "large")
        # in a process of its own: its peak of memory counts nothing else
        console.print(
            subprocess.run([sys.executable, "-m", "benchmarks", "store", "read", folder / "large"], check=True, stdout=-1, text=True).stdout
        )
        costs = writes(folder / "writes")
        console.print(shown("the driver's cost of one message", ["message", "of a unit", "processor [ms]", "wall [ms]"], costs))
        console.print(saturation(costs))


def overhead(folder: Path) -> Table:
    """Empty units through driver, engine and store."""
    engines: dict[str, Engine] = {"inline": Inline(), "local, 2 workers": Local(2)}
    try:
        import ray  # noqa: F401

        from search.study.engines.ray import Ray

        engines["ray, 2 workers"] = Ray(2)
    except ModuleNotFoundError:
        pass
    rows = []
    for name, engine in engines.items():
        for count, rows_each in ((2, 1), (1000, 1), (20, 500)):  # what starting costs, what a unit, and what a message
            asked = units(count, rows_each)
            began, processor = time.perf_counter(), time.process_time()
            with Store(folder / f"{name} {count}") as store:
                store.add_units(asked)
                driver.run(asked, store, engine, EmptyWork, PlainScreen(io.StringIO()), lambda: None)
            rows.append((name, count, rows_each, time.process_time() - processor, time.perf_counter() - began))
    return shown("empty units", ["engine", "units", "messages each", "the driver's processor [s]", "wall [s]"], rows)


def fill(folder: Path) -> None:
    """A store of many designs; breakdowns only of one unit in a hundred, as they are read one unit at a time."""
    random = np.random.default_rng(0)
    parts = pd.DataFrame([(f"layer{i}", f"part{j}") for i in range(LAYERS) for j in range(COMPONENTS)], columns=["layer", "component"])
    parts = parts.assign(energy_pj=1.5, latency_ns=2.5, area_um2=3.5)
    with Store(folder) as store:
        store.add_units(units(UNITS))
        for number, unit in enumerate(units(UNITS)):
            rows = []
            for i in range(EACH):
                design, values = f"d{i:02d}", random.random(COLUMNS)
                row = {"design": design, "searcher": "gradient", "feasible": True, "error": values[0], "energy_pj": values[1] * 1e6}
                rows.append(("designs", (design, json.dumps(row | {f"column{j}": v for j, v in enumerate(values[2:])}))))
                if number % 100 == 0:
                    rows += [("breakdown", (design, r["layer"], r["component"], json.dumps(r))) for r in parts.to_dict("records")]
            store.begin(unit)
            store.write(unit, Write(tuple(rows)))
            store.end(unit, State.DONE)


def read(folder: Path) -> None:
    """Open, take all designs, keep the front; this process does nothing else."""
    from search.objectives.pareto import non_dominated
    from search.study.provenance import peak_gb
    from search.study.store.tables import reading

    began, processor = time.perf_counter(), time.process_time()
    with reading(folder) as tables:
        states = tables.units()
        designs = tables.designs()
    front = designs[non_dominated(designs[["error", "energy_pj"]].to_numpy())]
    wall, processor = time.perf_counter() - began, time.process_time() - processor
    size = (folder / "study.db").stat().st_size / 1e6
    print(f"{len(designs)} designs of {len(states)} units, {len(designs.columns)} columns, {size:.0f} MB: {len(front)} on the front")
    print(f"open, read, filter: {processor:.2f} s of the processor, {wall:.2f} s wall, peak {peak_gb():.2f} GB")


def writes(folder: Path) -> list[tuple[str, int, float, float]]:
    """Of each kind of message: how many a unit sends, milliseconds of the processor and wall; the disk's share is the difference."""
    row = json.dumps({f"column{i}": 1 / (i + 3) for i in range(COLUMNS)})
    member = json.dumps({"loss": 1 / 3, "error": 1 / 3, "energy": 1 / 3, "relaxed_hypervolume": 1 / 3, "failed": False})
    part = json.dumps({"layer": "layer0", "component": "part0", "energy_pj": 1 / 3, "latency_ns": 1 / 3, "area_um2": 1 / 3})

    def design(i: int) -> Write:
        parts = [("breakdown", (f"d{i}", f"layer{j // COMPONENTS}", f"part{j % COMPONENTS}", part)) for j in range(PARTS)]
        return Write((("designs", (f"d{i}", row)), ("drawn", (f"d{i}", "1" * DRAWN)), *parts))

    kinds: dict[str, tuple[int, Callable[[int], Write]]] = {
        f"history, {MEMBERS} members": (CALLS, lambda i: Write(tuple(("history", (i, m, "relax", member)) for m in range(MEMBERS)))),
        "hardened member": (MEMBERS, lambda i: Write((("hardened", (i, row)),))),
        f"checkpoint, {BYTES // 1000} kB": (CHECKPOINTS, lambda i: Write(arrays=((f"design_{i % 40}", os.urandom(BYTES)),))),
        f"design, {PARTS} parts": (DESIGNS, design),
        "checkpoint, 1 MB": (0, lambda i: Write(arrays=(("population", os.urandom(1_000_000)),))),
    }
    count, unit, found = 200, units(1)[0], []
    with Store(folder) as store:
        store.add_units([unit])

        def timed(name: str, each: int, write: Callable[[int], None]) -> None:
            began, processor = time.perf_counter(), time.process_time()
            for i in range(count):
                write(i)
            found.append((name, each, 1e3 * (time.process_time() - processor) / count, 1e3 * (time.perf_counter() - began) / count))

        def whole(_: int) -> None:
            store.begin(unit)
            store.held(unit)
            store.end(unit, State.DONE)

        timed("begin and end", 1, whole)
        for name, (each, make) in kinds.items():
            messages = [make(i) for i in range(count)]
            timed(name, each, lambda i, messages=messages: store.write(unit, messages[i]))  # type: ignore[misc]
    return found


def saturation(costs: list[tuple[str, int, float, float]]) -> Table:
    """Many units on many workers that share one writer: a closed queue, simulated unit by unit."""
    each = sum(number * wall for _, number, _, wall in costs) / 1e3
    rows = []
    for seconds in (10, 30, 100, 300, 1000, 3000):
        took, ideal = simulated(seconds, each), MANY * seconds / WORKERS
        rows.append((seconds, MANY * each / took, took / 3600, ideal / took))
    title = (
        f"{MANY} units on {WORKERS} workers: the writer needs {1e3 * each:.0f} ms of a unit, and is full at {WORKERS * each:.0f} s per unit"
    )
    return shown(title, ["a unit's seconds", "writer busy", "hours", "of ideal speed"], rows)


def simulated(seconds: float, writer: float, pieces: int = 10) -> float:
    """Seconds until the last unit is written: workers wait for the writer after each piece of a unit, as queues between them are short."""
    random = np.random.default_rng(0)
    # units differ by some 30 %, so that workers do not stay in step
    lengths = (seconds / pieces) * np.maximum(random.normal(1, 0.3, MANY), 0.1)
    ready = [(float(lengths[i]), i, pieces) for i in range(WORKERS)]
    heapq.heapify(ready)
    free, following = 0.0, WORKERS
    while ready:
        moment, unit, left = heapq.heappop(ready)
        free = max(free, moment) + writer / pieces
        if left > 1:
            heapq.heappush(ready, (free + float(lengths[unit]), unit, left - 1))
        elif following < MANY:
            heapq.heappush(ready, (free + float(lengths[following]), following, pieces))
            following += 1
    return free


def shown(title: str, heads: list[str], rows: list[tuple[object, ...]]) -> Table:
    table = Table(title=title)
    for i, head in enumerate(heads):
        table.add_column(head, justify="right" if i else "left")
    for row in rows:
        table.add_row(*(f"{cell:.3g}" if isinstance(cell, float) else str(cell) for cell in row))
    return table
