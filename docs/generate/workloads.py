"""Fields of workload tables, from the classes that a table is read into."""

import dataclasses
import inspect
from collections.abc import Iterable
from typing import Final

from codesign.workloads.table import PROPERTIES, SHORT
from codesign.workloads.workload import LayerWork, Workload
from docs.generate.markdown import code, table
from search.commands.configs import catalogue
from search.commands.configs.parameters import attributes

_ABOUT: Final = """\
# Workload tables

What a network asks of a chip, a row for each layer, as CSV or YAML; `codesign cost --workload table.csv` prices it without training
([how](../howto/price.md)). Names of columns are those of the Python classes `LayerWork` and `Workload`. Cells left empty have the default.
"""


def page() -> str:
    """Markdown."""
    shape, of = attributes(LayerWork), inspect.signature(Workload.of).parameters
    about = attributes(Workload)
    parts = [_ABOUT, "## Shape of a layer", _shape(shape), "Short forms:", table(("column", "what it is"), _coded(SHORT.items()))]
    parts += ["## How the network runs on it", "A column that is given has a value in every row."]
    parts.append(table(("column", "default", "what it is"), [(code(name), f"{of[name].default}", about[name]) for name in PROPERTIES]))
    parts += ["## Networks that come with it", table(("name", "from"), _coded(catalogue.entries("workloads")))]
    return "\n\n".join(parts) + "\n"


def _shape(about: dict[str, str]) -> str:
    rows = []
    for field in dataclasses.fields(LayerWork):
        default = "needed" if field.default is dataclasses.MISSING else str(field.default)
        rows.append((code(field.name), default, about[field.name]))
    return table(("column", "default", "what it is"), rows)


def _coded(items: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(code(name), text) for name, text in items]
