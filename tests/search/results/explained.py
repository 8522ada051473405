"""Whether everything that a study writes is explained."""

import re
from collections.abc import Iterable, Mapping, Sequence

from search.results.columns import COLUMNS
from search.results.view import View


def unexplained(table: str, columns: Iterable[str], view: View, varied: Iterable[str] = ()) -> list[str]:
    """Columns of a file that `codesign list columns` says nothing of."""
    everything = (*view.objectives, *(limit.objective for limit in view.limits))
    standing = {
        "OBJECTIVE": [o.column for o in everything],
        "NAME": [o.name for o in everything],
        "PARAMETER": list(view.parameters),
        "KEY": list(varied),
    }
    patterns = [_pattern(column.name, standing) for column in COLUMNS[table]]
    return [name for name in columns if not any(pattern.fullmatch(name) for pattern in patterns)]


def _pattern(name: str, standing: Mapping[str, Sequence[str]]) -> re.Pattern[str]:
    text = re.escape(name).replace("LAYER", r"[^\]]+")
    for capitals, names in standing.items():
        # no names: nothing matches
        text = text.replace(capitals, f"(?:{'|'.join(map(re.escape, names)) or '(?!)'})")
    return re.compile(text)
