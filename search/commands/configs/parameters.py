"""`codesign list parameters`: what a search may move, with unit, legal range, default and the technologies it applies to."""

import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from codesign.hardware.base import AbstractHardware
from codesign.hardware.registry import RANGES, REGISTRY
from codesign.network.operation import CHOICES, Operation
from codesign.network.operation import RANGES as OPERATION
from codesign.parameters.legal import LegalRange
from codesign.technology import catalogue
from codesign.workloads.workload import dense
from search.errors import UserError, nearest
from search.own import find_class
from search.problem.legal import WHOLE, check_chip

_HEAD: Final = ("name", "unit", "legal values", "default", "per layer", "technologies", "what it is")


class Row(NamedTuple):
    """A parameter, as it is listed."""

    name: str
    unit: str
    legal: str
    default: str
    per_layer: str
    technologies: str
    text: str


def table(kind: str | None) -> list[str]:
    """Lines about the parameters of a chip, and of how a network is run on it.

    Args:
        kind: a family, or `module:Class` of your own.

    Raises:
        UserError: no such family; the message gives the nearest.
    """
    family = _family(kind)
    technologies = fitting(family)
    rows = [Row(*_HEAD), *of_chip(family, technologies), *of_operation()]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD) - 1)]
    lines = ["  ".join([*(f"{cell:{width}s}" for cell, width in zip(row, widths, strict=False)), row.text]).rstrip() for row in rows]
    return [*lines, "", f"technologies of {kind}: {', '.join(technologies) or 'those of its engines, joined'}"]


def fitting(family: Any) -> list[str]:
    """Technologies that price all that a family has; none for a hybrid, whose engines decide."""
    return [] if family is REGISTRY["hybrid"] else [name for name in catalogue.available() if _fits(family, name)]


def of_chip(family: Any, technologies: Sequence[str]) -> list[Row]:
    """Parameters of a chip, with those of the technologies that each applies to."""
    if family is not REGISTRY["hybrid"]:
        return list(_of_family(family, technologies))
    about = attributes(family)
    return [
        Row("assignment", "", "names of the engines", "", "always", "all", "the engine of each layer"),
        # which engines there are, and with them which technologies, is the config's
        *(_row(name, legal, "those of its engines", about) for name, legal in RANGES["hybrid"].items()),
        Row("ENGINE.NAME", "", "", "", "", "", "any parameter of an engine: codesign list parameters systolic (or manycore)"),
    ]


def of_operation() -> list[Row]:
    """Parameters of how a network is run on a chip, whichever it is."""
    about = attributes(Operation)
    choices = [
        # without the form in which an operation holds it
        Row(name, "", ", ".join(options), "", "no" if name in WHOLE else "yes", "all", about[name].partition(":")[0])
        for name, options in CHOICES.items()
    ]
    return [*(_row(name, legal, "all", about) for name, legal in OPERATION.items()), *choices]


def descriptions() -> dict[str, str]:
    """What each parameter of any family, and of a run, is: by name."""
    found = attributes(Operation)
    for name, family in REGISTRY.items():
        about = attributes(family)
        found |= {parameter: about[parameter] for parameter in RANGES[name] if parameter in about}
    return {name: text for name, text in found.items() if name in OPERATION or any(name in ranges for ranges in RANGES.values())}


def _family(kind: str | None) -> type[AbstractHardware]:
    if kind is None:
        raise UserError(f"list parameters: of which chip? ({', '.join(REGISTRY)})")
    if ":" in kind:
        return find_class(kind, Path.cwd(), AbstractHardware)  # type: ignore[type-abstract]
    if kind not in REGISTRY:
        raise UserError(f"unknown hardware {kind!r}{nearest(kind, list(REGISTRY))}")
    return REGISTRY[kind]


def _of_family(family: Any, names: Sequence[str]) -> Iterable[Row]:
    about = attributes(family)
    chip = family.of()
    inert = {name: set(chip.inert_parameters(catalogue.load(name))) for name in names}
    for name, legal in chip.ranges.items():
        yield _row(name, legal, _where(names, [each for each in names if name not in inert[each]]), about)
    for name, options in family.named.items():
        where = _where(names, [each for each in names if name not in inert[each]])
        text = about.get(name, "").partition(":")[0]  # without the form in which the chip holds it
        per_layer = "yes" if options.per_layer else "no"
        yield Row(name, "", ", ".join(options.names) or f"a published {name}", _default(family, name), per_layer, where, text)


def _row(name: str, legal: LegalRange, technologies: str, about: Mapping[str, str]) -> Row:
    legal_values = f"{'whole, ' if legal.whole else ''}{legal.low:.7g} to {legal.high:.7g}"
    unit = "" if legal.unit == "1" else legal.unit
    return Row(name, unit, legal_values, f"{legal.default:g}", "yes" if legal.per_layer else "no", technologies, about.get(name, ""))


def _default(family: Any, option: str) -> str:
    """What a chip has that names no option; nothing where that is the technology's."""
    default = inspect.signature(family.of).parameters[option].default
    return default if isinstance(default, str) else ""


def _fits(family: Any, technology: str) -> bool:
    """Whether a technology prices all that a chip has."""
    try:
        check_chip(family.of(), (dense("layer", 64, 10),), catalogue.load(technology), fixed=False)
    except UserError:
        return False
    return True


def _where(names: Sequence[str], applies: Sequence[str]) -> str:
    without = [name for name in names if name not in applies]
    # the shorter way to say it
    return (
        "all" if not without else f"not {', '.join(without)}" if len(without) <= len(applies) else ", ".join(applies) or "none: fixed only"
    )


def attributes(owner: Any) -> dict[str, str]:
    """The first sentence about each attribute, from the docstring of a class."""
    _, _, text = (owner.__doc__ or "").partition("Attributes:\n")
    entries = re.split(r"\n {4,8}(?=\w[\w, ]*:)", "\n" + text.split("\n\n")[0].rstrip())
    found: dict[str, str] = {}
    for entry in entries:
        names, _, what = entry.strip().partition(":")
        said = re.sub(r" *\[[^\]]*\]", "", " ".join(what.split()))
        found |= {name.strip(): re.split(r"(?<=\w)[.;] ", said)[0].rstrip(".") for name in names.split(",")}
    return found
