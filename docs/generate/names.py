"""Objectives, networks, searchers and data sets: what configs choose by name, as `codesign list` tells it."""

import dataclasses
import inspect
from typing import Final

from codesign.network.builders.models import REGISTRY
from codesign.network.layers.style import Style
from docs.generate.markdown import code, names, table
from search.commands.configs import catalogue
from search.commands.configs.parameters import attributes
from search.objectives import registry
from search.objectives.base import AbstractObjective
from search.results.page.glossary import TERMS

_ABOUT: Final = """\
# Objectives, networks, searchers

What a config chooses by name. `codesign list objectives` (or `networks`, `searchers`) prints the same.
"""
_OBJECTIVES: Final = """\
## Objectives

Any two or more under `objectives`, any under `constraints`, and [those of your own](../howto/own-objective.md). `descended` says
whether gradients of the relaxed model lead there; where not, only the exact stages of a search see it.
"""
_NETWORKS: Final = """\
## Networks

`network.kind`, with options beside `hidden` and `channels` under `network.options`; [Networks](../networks.md) tells what the parts are.
"""
_DATASETS: Final = """\
# Data sets

`data.name` of a config, or `codesign.data.load(name)`. [Data and encoders](../data.md) has sizes, where files are looked for, and
notes for honest numbers; for data of your own see [arrays](../howto/own-arrays.md) and [tables](../howto/own-table.md).
"""
_HEAD: Final = ("objective", "column", "unit", "", "descended", "chips", "what it is")


def page() -> str:
    """Markdown."""
    objectives = [_objective(registry.find(name)) for name in registry.available()]
    builders = [(code(name), names(_options(name)), text) for name, text in catalogue.entries("networks")]
    searchers = [(code(name), text) for name, text in catalogue.entries("searchers")]
    parts = [_ABOUT, _OBJECTIVES, table(_HEAD, objectives), _NETWORKS, table(("network", "options", "what it is"), builders)]
    parts += ["Options of every network:", table(("option", "default", "what it is"), _style())]
    parts += ["## Searchers", "`search.kind`; see [Searching](../search.md).", table(("searcher", "what it does"), searchers)]
    return "\n\n".join(parts) + "\n"


def datasets() -> str:
    """Markdown of the page of data sets."""
    return f"{_DATASETS}\n{table(('name', 'what it is'), [(code(name), text) for name, text in catalogue.entries('datasets')])}\n"


def words() -> str:
    """Markdown of the glossary, that of the report."""
    return f"# Words\n\n{table(('word', 'means'), TERMS.items())}\n"


def _objective(objective: AbstractObjective) -> tuple[str, ...]:
    text = " ".join((objective.__doc__ or "").split())
    numbers = objective.unit, objective.direction, "yes" if objective.differentiable else "no", f"{objective.chips}"
    return code(objective.name), code(objective.column), *numbers, text


def _options(builder: str) -> list[str]:
    """Arguments of a builder that a config gives."""
    given = inspect.signature(REGISTRY[builder]).parameters
    return [f"{name}={_plain(p.default)}" for name, p in given.items() if name not in ("sample_shape", "classes", "style", "rngs")]


def _plain(value: object) -> str:
    return str(list(value)) if isinstance(value, tuple) else str(value)


def _style() -> list[tuple[str, str, str]]:
    about = attributes(Style)
    return [(code(field.name), code(str(field.default)), about[field.name]) for field in dataclasses.fields(Style)]
