"""The Python reference: a page for each room, with what it and the rooms inside it offer."""

import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType
from typing import Final

TOPS: Final = ("codesign", "search")


def pages() -> dict[str, str]:
    """Markdown by path below `reference/`."""
    found = {f"api/{top}.md": _page(top, [importlib.import_module(top)]) for top in TOPS}
    for room in rooms():
        found[f"api/{room}.md"] = _page(room, faces(room))
    return {path: text for path, text in found.items() if ":::" in text}


def rooms() -> list[str]:
    """Rooms that have a face."""
    inside = [(top, found) for top in TOPS for found in pkgutil.iter_modules(importlib.import_module(top).__path__)]
    return sorted(room for room in (f"{top}.{found.name}" for top, found in inside if found.ispkg) if faces(room))


def faces(room: str) -> list[ModuleType]:
    """The room and the rooms inside it, where they offer something."""
    top = importlib.import_module(room)
    inside = [found.name for found in pkgutil.walk_packages(top.__path__, f"{room}.") if found.ispkg]
    return [module for module in map(importlib.import_module, [room, *inside]) if offered(module)]


def offered(face: ModuleType) -> list[str]:
    """Names that a face offers, without the rooms behind it."""
    public = (name for name in getattr(face, "__all__", ()) if not name.startswith("_"))
    return sorted(name for name in public if not isinstance(getattr(face, name), ModuleType))


def _page(room: str, found: Iterable[ModuleType]) -> str:
    parts = [f"# {room}"]
    for face in found:
        heading = [] if face.__name__ == room else [f"## {face.__name__}"]
        parts += [*heading, face.__doc__ or "", *(f"::: {face.__name__}.{name}" for name in offered(face))]
    return "\n\n".join(parts) + "\n"
