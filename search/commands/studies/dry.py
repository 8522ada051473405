"""`--dry-run`: what a study would do, and about what it takes."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from codesign.units import duration
from search.commands.outcome import wide_console
from search.problem import sweep as sweeps
from search.problem.config import resolved


def dry_run(config: Path, overrides: Sequence[str], workers: int) -> None:
    """Print units, about how long they take and how much memory they need at least; nothing is compiled or written.

    Args:
        config: a study or a sweep.
        overrides: `key=value` each.
        workers: units at a time.

    Raises:
        UserError: a config that cannot be built.
    """
    cells = sweeps.read(config, overrides)
    from search.problem import build
    from search.problem.effort import Effort, effort
    from search.problem.size import spell

    known: dict[str, Effort] = {}
    table = Table(title=f"{len(cells)} unit{'s' if len(cells) > 1 else ''}")
    for head in ("unit", "time, about", "memory, at least", "weights", "activations", "data"):
        table.add_column(head, justify="left" if head == "unit" else "right")
    total = 0.0
    for cell in cells:
        file = cell.file
        # seeds change nothing of what a unit takes
        key = json.dumps(resolved(file.config) | {"seed": None, "name": None}, sort_keys=True)
        if key not in known:
            known[key] = effort(file, build.build(file), build.settings(file.config))
        found = known[key]
        total += found.seconds
        parts = [spell(value) for value in found.size]
        table.add_row(cell.text or file.config.name, duration(found.seconds), f"{found.gigabytes:.2g} GB", *parts)
    wide_console().print(table)
    side = f", {duration(total / workers)} with {workers} at a time" if workers > 1 else ""
    print(f"about {duration(total)} in all{side}; a guess from shapes, good to a factor of three")
