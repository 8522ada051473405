"""What the page of a study costs: its size, and the processor seconds to make it, for a few designs and for ten thousand.

Run with `python -m benchmarks page [FOLDER]` (half a minute). Without a folder, results are made up: rows as wide as those of the
quickstart. Bars: 1.5 MB for a study, 3 MB for 10,000 designs, a few seconds.
"""

import sys
import tempfile
import time
from pathlib import Path

from rich.table import Table

from search.commands.outcome import wide_console
from search.results.groups import groups_of
from search.results.page.study import render
from search.study.store.tables import reading
from tests.search.results import made

CASES = {"24 designs": (24, 1), "10,000 designs": (10_000, 1), "10,000 designs of 100 units": (100, 100)}
BARS = {24: 1.5, 10_000: 3.0}  # MB


def main() -> None:
    table = Table("study", "size [MB]", "bar [MB]", "processor [s]")
    if sys.argv[1:]:
        folder = Path(sys.argv[1])
        table.add_row(folder.name, *measured(folder, 0))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            for number, (name, (count, units)) in enumerate(CASES.items()):
                labels = tuple({"seed": seed} for seed in range(units)) if units > 1 else ({},)
                folder = made.finished(Path(temporary) / str(number), count, labels)
                table.add_row(name, *measured(folder, count * units))
    wide_console().print(table)


def measured(folder: Path, designs: int) -> tuple[str, str, str]:
    begun = time.process_time()
    with reading(folder) as tables:
        page = render(tables, groups_of(tables), folder.name)
    spent = time.process_time() - begun
    return f"{len(page.encode()) / 1e6:.2f}", str(BARS.get(designs, "")), f"{spent:.1f}"
