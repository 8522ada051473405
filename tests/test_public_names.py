"""Every public name says what it is: the API reference is written from these docstrings.

Public is what the face of a room or of a folder offers, and the public methods of the classes among it. Shapes are in the signatures;
where one has none, the text has to name the array.
"""

import ast
import dataclasses
import importlib
import inspect
import itertools
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import numpy as np

ROOT = Path(__file__).parent.parent
FACES = sorted(
    ".".join(file.parent.relative_to(ROOT).parts) for top in ("codesign", "search") for file in (ROOT / top).rglob("__init__.py")
)


@cache
def public() -> dict[str, Any]:
    """What faces offer, by full name."""
    found = {}
    for face in FACES:
        module = importlib.import_module(face)
        found |= {f"{face}.{name}": getattr(module, name) for name in getattr(module, "__all__", ())}
    return found


def is_ours(thing: Any) -> bool:
    return (getattr(thing, "__module__", None) or "").partition(".")[0] in ("codesign", "search")


def methods(owner: str, kind: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, member in vars(kind).items():
        function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
        if not name.startswith("_") and inspect.isfunction(function):
            yield f"{owner}.{name}", function


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, thing in public().items():
        if inspect.isclass(thing):
            yield from methods(name, thing)
        elif inspect.isfunction(thing) or (callable(thing) and hasattr(thing, "__wrapped__")):
            yield name, inspect.unwrap(thing)


def classes() -> Iterator[tuple[str, type]]:
    return ((name, thing) for name, thing in public().items() if inspect.isclass(thing) and is_ours(thing))


def says(text: str, name: str) -> bool:
    return re.search(rf"\b{name}\b", text) is not None


def test_faces_are_walked() -> None:
    assert len(public()) > 300
    assert {"codesign.hardware.Crossbar", "codesign.Cost", "search.objectives.objective"} <= public().keys()


def test_modules_classes_and_functions_have_a_docstring() -> None:
    bare = [name for name, thing in public().items() if isinstance(thing, ModuleType) and not thing.__doc__]
    # dataclasses and named tuples make one up from their signature
    bare += [name for name, kind in classes() if not vars(kind).get("__doc__") or kind.__doc__.startswith(f"{kind.__name__}(")]  # type: ignore[union-attr]
    bare += [name for name, function in functions() if not inspect.getdoc(function)]
    assert not bare, "\n".join(bare)


@cache
def documented_constants(path: Path) -> frozenset[str]:
    """Names with a text right below them, where tools that write references look for it."""
    body = ast.parse(path.read_text()).body
    named = {}
    for node, below in itertools.pairwise(body):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            named[ast.unparse(target)] = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
    return frozenset(name for name, has_text in named.items() if has_text)


def test_constants_say_what_they_are() -> None:
    silent = []
    for face in FACES:
        file = ROOT / face.replace(".", "/") / "__init__.py"
        stub = file.with_suffix(".pyi")
        for node in ast.parse((stub if stub.exists() else file).read_text()).body:
            if isinstance(node, ast.ImportFrom) and node.module:
                source = f"{face}.{node.module}" if node.level else node.module
                things = {alias.name: public().get(f"{face}.{alias.asname or alias.name}") for alias in node.names}
                path = ROOT / f"{source.replace('.', '/')}.py"
                named = {
                    name
                    for name, thing in things.items()
                    if not (inspect.isclass(thing) and is_ours(thing)) and not inspect.isfunction(thing)
                }
                if path.exists():
                    constants = {name for name in named if re.search(rf"^{name}\b[^=\n(]*=", path.read_text(), re.MULTILINE)}
                    silent += [f"{source}.{name}" for name in sorted(constants - documented_constants(path))]
    assert not silent, "\n".join(map(str, silent))


def test_data_classes_name_their_fields() -> None:
    missing = {}
    for name, kind in classes():
        fields = [field.name for field in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else getattr(kind, "_fields", ())
        own = [field for field in fields if field in vars(kind).get("__annotations__", {}) and not field.startswith("_")]
        if silent := [field for field in own if not says(kind.__doc__ or "", field)]:
            missing[name] = silent
    assert not missing, "\n".join(map(str, missing.items()))


def raised(function: Callable[..., Any]) -> list[str]:
    """Errors that a function raises itself; those of an interface (`NotImplementedError`) and of attributes are no news."""
    source = inspect.getsource(function)
    tree = ast.parse(f"if True:\n{source}" if source[0].isspace() else source)
    errors = [ast.unparse(node.exc) for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc is not None]
    return [error for error in errors if not error.startswith(("NotImplementedError", "AttributeError"))]


def test_functions_say_what_they_raise() -> None:
    silent = [
        (name, errors)
        for name, function in functions()
        if is_ours(function) and (errors := raised(function)) and not re.search(r"[Rr]aises|Error\b", inspect.getdoc(function) or "")
    ]
    assert not silent, "\n".join(map(str, silent))


def is_said_by_a_base(name: str, function: Callable[..., Any]) -> bool:
    """Whether the function is a method that an interface has described: who implements it need not repeat that."""
    owner = public().get(name.rpartition(".")[0])
    bases = owner.__mro__[1:] if inspect.isclass(owner) else ()
    return any(function.__name__ in vars(base) for base in bases if is_ours(base))


def test_arrays_without_a_shape_are_told_about() -> None:
    silent = []
    for name, function in functions():
        if is_said_by_a_base(name, function):
            continue
        for parameter in inspect.signature(function).parameters.values() if is_ours(function) else ():
            kind = parameter.annotation
            bare = kind in (np.ndarray, jax.Array) or getattr(kind, "__origin__", None) is np.ndarray
            if bare and not re.search(rf"\b{parameter.name}\b|`\[", inspect.getdoc(function) or ""):
                silent.append(f"{name}({parameter.name})")
    assert not silent, "\n".join(map(str, silent))
