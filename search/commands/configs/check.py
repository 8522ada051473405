"""`codesign check`: whether what a config describes can be run, without running it."""

import json
from collections.abc import Sequence
from pathlib import Path

from search.errors import UserError
from search.problem import config as configs
from search.problem import sweep


def check(config: Path, overrides: Sequence[str]) -> str:
    """Build the problem of every study in a config; returns what they are.

    Raises:
        UserError: a mistake, told where it stands; for a sweep with the cell that has it.
    """
    cells = sweep.read(config, overrides)
    # after the file has been found and parsed: a mistake in its name is told before JAX is imported
    from search.problem import build

    problems = {}
    for cell in cells:
        # seeds and lengths of searches change nothing that can go wrong here
        content = configs.resolved(cell.file.config) | {"seed": None, "search": cell.file.config.search.batch_size, "name": None}
        key = json.dumps(content, sort_keys=True)
        if key in problems:
            continue
        try:
            problems[key] = build.check(cell.file).space
        except UserError as error:
            where = f" (in the cell {cell.text})" if cell.label else ""
            raise UserError(f"{error}{where}") from None
    if len(cells) > 1:
        return f"{config}: ok; {len(cells)} studies of {len(problems)} problems: {cells[0].text} to {cells[-1].text}"
    space = next(iter(problems.values()))
    searched = ", ".join(f"{name}[{space.layers}]" if p.per_layer else name for name, p in space.parameters.items())
    return f"{config}: ok; searches {len(space.searched())} values: {searched}"
