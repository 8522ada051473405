"""Every part of a technology, and every constant with its value, interval and source."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from codesign.technology.catalogue import available, parts_of
from codesign.technology.files import FOLDER, document, measured
from codesign.technology.quantity import Quantity
from codesign.technology.sram import CELL_USE
from docs.generate.markdown import code, names, table

_ABOUT: Final = """\
---
hide: [toc]
---

# Technologies

How prices are composed, scaled and drawn is told in [One price basis](../technology.md); how to set your own in
[Prices of your own](../howto/own-prices.md). Constants stand here as they were measured, at the node named; a technology at
another node has them scaled (`codesign.technology.load(name).quantity(constant)` tells how). Its interval holds a value with 80 %.
"""
_HEAD: Final = ("constant", "value", "unit", "80 % interval", "measured at", "evidence", "source")


def page() -> str:
    """Markdown."""
    parts = [_ABOUT, "## Short names", table(("name", "process", "memory", "device", "offchip", "events"), _short_names())]
    nodes = document(FOLDER / "cmos.toml")["nodes"]
    parts += ["## Processes", f"`cmos_NODEnm`, with supplies of {', '.join(f'{node} nm: {supply} V' for node, supply in nodes.items())}."]
    parts += [_constants(FOLDER / "cmos.toml"), "## On-chip memory", _MEMORY, table(("memory", "what for"), _cells())]
    for slot, heading in (("device", "Devices of analog arrays"), ("offchip", "Off-chip memory"), ("events", "Measured events")):
        parts.append(f"## {heading}")
        for path in sorted((FOLDER / slot).glob("*.toml")):
            parts += [f"### `{slot}: {path.stem}`", _constants(path)]
    return "\n\n".join(parts) + "\n"


_MEMORY: Final = """\
A table of CACTI 7.0 by capacity, node and cell (`codesign/technologies/sram_cacti7.csv`), interpolated. Uncertain is one
factor each on energy, leakage, area and cycle time."""


def _short_names() -> Iterable[tuple[str, ...]]:
    return ((code(name), *parts_of(name)) for name in available())


def _cells() -> list[tuple[str, str]]:
    return [(code(name), text) for name, text in CELL_USE.items()]


def _constants(path: Path) -> str:
    quantities = measured(path, document(path)["quantities"]).values()
    return table(_HEAD, map(_row, quantities)) if quantities else f"No constants: {names([path.stem])} takes part by what it leaves out."


def _row(quantity: Quantity) -> tuple[str, ...]:
    low, high = quantity.interval
    node = f"{quantity.node_nm:g} nm" if quantity.node_nm else ""
    # how it goes to another node, where it does
    scaled = "" if quantity.scaling == "none" else f", scales as {quantity.scaling}"
    numbers = f"{quantity.value:.5g}", quantity.unit, f"{low:.3g} to {high:.3g}", node + scaled
    return code(quantity.name), *numbers, quantity.evidence, quantity.source
