"""What can be named in configs and commands, with a line about each."""

from collections.abc import Iterable
from typing import Any, Final

SLOTS: Final = ("process", "memory", "device", "offchip", "events")


def entries(kind: str) -> list[tuple[str, str]]:
    """(name, description) pairs of a kind: datasets, hardware, technologies, objectives, searchers, networks, workloads or columns."""
    return sorted(_KINDS[kind]())


def _described(registry: dict[str, Any]) -> Iterable[tuple[str, str]]:
    return ((name, (thing.__doc__ or "").strip().split("\n")[0]) for name, thing in registry.items())


def families() -> list[str]:
    """Names of hardware that a search can design."""
    from codesign.hardware.registry import REGISTRY

    return sorted(REGISTRY)


def parts() -> dict[str, list[str]]:
    """Names of a technology's parts, by slot."""
    from codesign.technology import catalogue

    return {slot: catalogue.available(slot) for slot in SLOTS}


# imports are in the functions: one list does not wait for what the others need
def _datasets() -> Iterable[tuple[str, str]]:
    from codesign.data import registry

    return registry.descriptions().items()


def _hardware() -> Iterable[tuple[str, str]]:
    from codesign.hardware.registry import REGISTRY
    from codesign.published.registry import REGISTRY as PUBLISHED

    return [*_described(REGISTRY), *((name, f"published: {text}") for name, text in _described(PUBLISHED))]


def _technologies() -> Iterable[tuple[str, str]]:
    from codesign.technology import catalogue

    names = [(name, str(catalogue.parts_of(name))) for name in catalogue.available()]
    return [*names, *((slot, f"part: {', '.join(found)}") for slot, found in parts().items())]


def _objectives() -> Iterable[tuple[str, str]]:
    from search.objectives import registry as objective

    return ((name, f"[{found.unit}] {(found.__doc__ or '').strip()}") for name in objective.available() for found in [objective.find(name)])


def _searchers() -> Iterable[tuple[str, str]]:
    from search.blackbox.registry import REGISTRY

    return ((name, description) for name, (_, description) in REGISTRY.items())


def _networks() -> Iterable[tuple[str, str]]:
    from codesign.network.builders.models import REGISTRY

    return _described(REGISTRY)


def _workloads() -> Iterable[tuple[str, str]]:
    from codesign.workloads import presets

    return ((name, found.source) for name, found in presets.PRESETS.items())


def _columns() -> Iterable[tuple[str, str]]:
    from search.results.columns import COLUMNS

    for table, columns in COLUMNS.items():
        yield from ((f"{table} {name}", f"[{unit}] {text}" if unit else text) for name, unit, text in columns)


_KINDS = {
    "datasets": _datasets,
    "hardware": _hardware,
    "technologies": _technologies,
    "objectives": _objectives,
    "searchers": _searchers,
    "networks": _networks,
    "workloads": _workloads,
    "columns": _columns,
}
