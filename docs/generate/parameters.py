"""Every parameter of every chip, as `codesign list parameters` tells it."""

from collections.abc import Iterable
from typing import Final

from codesign.hardware.registry import REGISTRY
from docs.generate.markdown import code, table
from search.commands.configs.parameters import Row, fitting, of_chip, of_operation

_ABOUT: Final = """\
What can stand under `parameters` (searched) and `hardware.fixed` (not) in a config, and after `--set` of `codesign cost`.
The same is printed by `codesign list parameters crossbar`. Values outside the legal ones are refused by `codesign check`.
"""
_OPERATION: Final = (
    "On every chip: under `parameters`; where it is not searched, numbers under `network.operation` and names under `network.options`."
)
_HEAD: Final = ("parameter", "unit", "legal values", "default", "per layer", "technologies", "what it is")


def page() -> str:
    """Markdown."""
    parts = ["# Parameters of chips", _ABOUT]
    for name, family in REGISTRY.items():
        parts += [f"## `{name}`", (family.__doc__ or "").partition("\n")[0], _table(of_chip(family, fitting(family)))]
    parts += ["## How a network is run", _OPERATION, _table(of_operation())]
    return "\n\n".join(parts) + "\n"


def _table(rows: Iterable[Row]) -> str:
    return table(_HEAD, [(code(row.name), *row[1:]) for row in rows])
