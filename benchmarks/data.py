"""How long data take: binning a million events, and loading each data set that is there.

Run with `python -m benchmarks.data`; set CODESIGN_DATA for the data sets that are files.
"""

import time
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table

from codesign.data import registry
from codesign.data.reading.event_files import decode_atis
from codesign.data.reading.events import Events, bin_events, check_events
from codesign.data.sets.synthetic import Saccades

EVENTS = 1_000_000


def seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """Best of some repeats."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def million(size: int) -> tuple[Events, np.ndarray]:
    """Random events of a square sensor, and the same as 40-bit records."""
    rng = np.random.default_rng(0)
    times = np.sort(rng.integers(0, 300_000, EVENTS))
    x, y, polarity = (rng.integers(0, limit, EVENTS) for limit in (size, size, 2))
    records = np.stack([x, y, polarity << 7 | times >> 16, times >> 8 & 255, times & 255], axis=1).astype(np.uint8)
    return Events(x, y, polarity, times), records


def binning() -> list[tuple[str, float]]:
    rows = []
    for size in (34, 128):
        events, records = million(size)
        rows.append((f"decode 1e6 events, {size}x{size}", seconds(lambda r=records: decode_atis(r))))
        rows.append((f"check 1e6 events, {size}x{size}", seconds(lambda e=events, s=size: check_events(e, s, s, "events"))))
        for steps in (10, 100):

            def work(e: Events = events, s: int = size, t: int = steps) -> np.ndarray:
                return bin_events(e, timesteps=t, height=s, width=s, window_us=300_000)

            rows.append((f"bin 1e6 events, {size}x{size}, T={steps}", seconds(work)))
    images = np.random.default_rng(0).random((1000, 28, 28)).astype(np.float32)
    rows.append(("saccades over 1000 images, 28x28, T=12", seconds(lambda: Saccades(scale=1)(images), 2)))
    return rows


def loading() -> list[tuple[str, float]]:
    rows = []
    for name in registry.available():
        try:
            rows.append((f"load {name}", seconds(lambda n=name: registry.load(n), 1)))
        except registry.DataError as error:
            print(f"load {name}: left out ({str(error)[:60]}...)")
    return rows


def main() -> None:
    table = Table(title="events and data sets")
    table.add_column("what")
    table.add_column("ms", justify="right")
    for label, taken in [*binning(), *loading()]:
        table.add_row(label, f"{taken * 1e3:.1f}")
    Console().print(table)
