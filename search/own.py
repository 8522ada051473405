"""Classes of your own, named in configs as `module:Class`: found without running anything but the import of a module that has them.

Naming a module runs its import, as it does in Python. So a module is imported only where its source, read as text, binds the name, and
never one of Python's own; what the name then stands for must be a subclass of what was asked for, and is not called to find out.
"""

import ast
import importlib
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeVar

from search.errors import UserError

T = TypeVar("T")
_NAME: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)
_LONGEST: Final = 200
_LARGEST_SOURCE: Final = 2**22
_CONTENTS: Final[dict[str, list[bytes]]] = {}
"""Source of each module beside a config, as it was when it was found first."""


def find_class(name: str, folder: Path | None, base: type[T]) -> type[T]:
    """The class `module:Class`.

    Args:
        name: as in a config.
        folder: where modules of your own lie, that of the config; they come before installed ones.
        base: what it has to be a subclass of.

    Raises:
        UserError: no such module or class, or one that is no `base`.
    """
    if len(name) > _LONGEST or not _NAME.fullmatch(name):
        raise UserError(f"{name[:_LONGEST]!r} is not of the form package.module:Class")
    module_name, _, attribute = name.partition(":")
    top = module_name.partition(".")[0]
    if top in sys.stdlib_module_names:
        raise UserError(f"{name!r}: {top} is a module of Python itself and has no {base.__name__}")
    source = _source(module_name, folder)
    if source is None:
        raise UserError(f"{name!r} cannot be imported: no module {module_name!r} beside the config or installed")
    if not {attribute, "__getattr__", "*"} & set(_bound(source)):
        raise UserError(f"{name!r} cannot be imported: {source.name} has no {attribute!r}")
    found = getattr(_imported(name, module_name, top, folder), attribute, None)
    if not (isinstance(found, type) and issubclass(found, base)):
        raise UserError(f"{name!r} is no {base.__name__}: only subclasses of it can be named")
    return found


def _beside(folder: Path | None, top: str) -> Path | None:
    """The file of a module, or of a package's beginning, in the folder."""
    candidates = () if folder is None else (folder / f"{top}.py", folder / top / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def _source(module: str, folder: Path | None) -> Path | None:
    """The source file of a module, without importing it or what holds it."""
    top, *inner = module.split(".")
    path = _beside(folder, top)
    if path is None:
        try:
            spec = importlib.util.find_spec(top)
        except (ImportError, ValueError):
            spec = None
        if spec is None or spec.origin is None:
            return None
        path = Path(spec.origin)
    for part in inner:
        places = (path.parent / f"{part}.py", path.parent / part / "__init__.py")
        path = next((place for place in places if place.is_file()), None) if path.name == "__init__.py" else None
        if path is None:
            return None
    return path if path.suffix == ".py" and path.is_file() else None


def _bound(source: Path) -> Iterator[str]:
    """Names that the source binds at its top level."""
    try:
        # a module is read whole by Python too: the bound is for what is no module
        with source.open("rb") as file:
            tree = ast.parse(file.read(_LARGEST_SOURCE))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UserError(f"{source.name} cannot be imported: {str(error).splitlines()[0]}") from None
    yield from _names(tree.body)


def _names(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.ImportFrom | ast.Import):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name))
        # what is bound under a condition, or tried
        for part in ("body", "orelse", "finalbody"):
            if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield from _names(getattr(node, part, []))


def _imported(name: str, module: str, top: str, folder: Path | None) -> object:
    beside = _beside(folder, top)
    if beside is not None:
        _forget_other(top, beside)
        # at the end, so that nothing beside a config stands in for what an installed package imports
        if (place := str(beside.parents[beside.name == "__init__.py"].resolve())) not in sys.path:
            sys.path.append(place)
    try:
        return _loaded(top, beside) if beside is not None and module == top else importlib.import_module(module)
    # a module of the user's own may fail in any way, and that is the line to show
    except Exception as error:
        raise UserError(f"{name!r} cannot be imported: {type(error).__name__}: {' '.join(str(error).split())}") from error


def _forget_other(top: str, beside: Path) -> None:
    """A module of the same name from elsewhere is another one: that of the config before, in one process; so is one changed since then."""
    loaded, content = sys.modules.get(top), _content(beside)
    elsewhere = loaded is not None and Path(getattr(loaded, "__file__", None) or "").resolve() != beside.resolve()
    # in a notebook, a module is written again in the process that has it
    if elsewhere or (loaded is not None and _CONTENTS.get(top, content) != content):
        for other in [each for each in sys.modules if each == top or each.startswith(f"{top}.")]:
            del sys.modules[other]
    _CONTENTS[top] = content


def _content(beside: Path) -> list[bytes]:
    """Of the files of a module or of a package."""
    files = sorted(beside.parent.rglob("*.py")) if beside.name == "__init__.py" else [beside]
    return [file.read_bytes() for file in files]


def _loaded(top: str, path: Path) -> object:
    """The module of a file, whatever else has its name on the path."""
    if top in sys.modules:
        return sys.modules[top]
    spec = importlib.util.spec_from_file_location(top, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no module")
    module = importlib.util.module_from_spec(spec)
    # before it runs, as Python does: it may import itself, and what it defines is found again by its name
    sys.modules[top] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[top]
        raise
    return module
