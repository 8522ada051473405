"""What looking at a study costs: size of its page, processor seconds to make it and to read its designs, for few and for ten thousand.

Run with `python -m benchmarks store page [FOLDER]` (half a minute). Without a folder, results are made up: rows as wide as those of the
quickstart. Bars: 1.5 MB for a study, 3 MB for 10,000 designs, a few seconds; 2 s to read them.
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

import search
from search.commands.outcome import wide_console
from search.results.groups import groups_of
from search.results.page.study import render
from search.study.store.tables import reading
from tests.search.results import made

CASES = {"24 designs": (24, 1), "10,000 designs": (10_000, 1), "10,000 designs of 100 units": (100, 100)}
BARS = {24: 1.5, 10_000: 3.0}  # MB


def main(arguments: Sequence[str]) -> None:
    table = Table("study", "size [MB]", "bar [MB]", "processor [s]", "read as tables [s]", "bar [s]")
    if arguments:
        folder = Path(arguments[0])
        table.add_row(folder.name, *measured(folder, 0))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            for number, (name, (count, units)) in enumerate(CASES.items()):
                labels = tuple({"seed": seed} for seed in range(units)) if units > 1 else ({},)
                folder = made.finished(Path(temporary) / str(number), count, labels)
                table.add_row(name, *measured(folder, count * units))
    wide_console().print(table)


def measured(folder: Path, designs: int) -> tuple[str, ...]:
    begun = time.process_time()
    with reading(folder) as tables:
        page = render(tables, groups_of(tables), folder.name)
    spent = time.process_time() - begun
    begun = time.process_time()
    _ = search.load(folder).designs
    loaded = time.process_time() - begun
    return f"{len(page.encode()) / 1e6:.2f}", str(BARS.get(designs, "")), f"{spent:.1f}", f"{loaded:.1f}", "2"
