"""The house is as drawn: floors, rooms, faces; what may know what; and what a user can reach.

The floors are CONTRIBUTING's table: one list for people and for this test.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOPS = ("codesign", "search")

# (who, whom): who never imports whom, whatever the floors say
APART = [
    ("codesign", "search"),
    ("codesign.hardware", "codesign.network"),
    ("codesign.published", "codesign.network"),
    ("codesign.analog", "codesign.network"),
    ("codesign.network", "codesign.hardware"),
    ("search.results", "search.joint"),
    ("search.results", "search.blackbox"),
    ("search.study", "search.results"),
]

# not reachable from the command line, a config or the top of the Python API yet: later work empties this list
NOT_REACHABLE_YET = {
    "codesign.published.spikesim.nice",
}


@cache
def modules() -> dict[str, Path]:
    """Every module by name; a package by its own name."""
    files = [file for top in TOPS for file in (ROOT / top).rglob("*.py")]
    return {".".join(f.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): f for f in files}


@cache
def packages() -> frozenset[str]:
    return frozenset(name for name, file in modules().items() if file.name == "__init__.py")


@cache
def face(package: str) -> dict[str, str]:
    """Names that a package offers, and the modules they come from."""
    file = modules()[package]
    stub = file.with_suffix(".pyi")
    found = {}
    for node in ast.parse((stub if stub.exists() else file).read_text()).body:
        if isinstance(node, ast.ImportFrom):
            source = ".".join(filter(None, (package, node.module))) if node.level else str(node.module)
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                found[alias.asname or alias.name] = inner if inner in modules() else source
    return {name: source for name, source in found.items() if source in modules()}


def behind(package: str, name: str) -> str:
    """The module that a name of a package comes from, through as many faces as it takes."""
    source = face(package).get(name, package)
    return behind(source, name) if source in packages() and source != package else source


@cache
def imports(module: str) -> frozenset[str]:
    """Modules of this repository that a module imports, faces looked through, also inside functions and as `module:name` in registries."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(modules()[module].read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in modules() else behind(node.module, alias.name) if node.module in packages() else node.module)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and ":" in node.value:
            found.add(node.value.partition(":")[0])
    return frozenset(found & modules().keys() - {module})


@cache
def floors() -> dict[str, int]:
    """Rooms and the floors they are on, as CONTRIBUTING says."""
    rows = re.findall(r"^\| \w+ \| ((?:`[\w.]+` ?)+)\|", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    return {room: floor for floor, row in enumerate(rows) for room in re.findall(r"`([\w.]+)`", row)}


def room(module: str) -> str:
    return ".".join(module.split(".")[:2])


def inside(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def circle(graph: dict[str, set[str]]) -> list[str]:
    """A way that leads back to where it began, or nothing."""
    state: dict[str, int] = {}

    def visit(node: str, trail: list[str]) -> list[str]:
        state[node] = 1
        for other in sorted(graph.get(node, ())):
            if state.get(other) == 1:
                return [*trail[trail.index(other) :], other]
            if other not in state and (found := visit(other, [*trail, other])):
                return found
        state[node] = 2
        return []

    return next((found for node in sorted(graph) if node not in state and (found := visit(node, [node]))), [])


def rooms() -> set[str]:
    return {room(name) for name in modules()} - set(TOPS)


def test_every_room_has_a_floor() -> None:
    assert rooms() == set(floors()), "CONTRIBUTING's table and the tree name different rooms"


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_are_whole_names_of_files(module: str) -> None:
    """What the other tests read: nothing relative, and nothing through a face, which would hide where it comes from."""
    for node in ast.walk(ast.parse(modules()[module].read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import of {node.module}"
            through = [a.name for a in node.names if node.module in packages() and f"{node.module}.{a.name}" not in modules()]
            assert module in packages() or not through, f"{module} imports {', '.join(through)} through the face {node.module}"
        elif isinstance(node, ast.Import):
            faces = {alias.name for alias in node.names} & packages() - set(TOPS)
            assert not faces, f"{module} imports {faces}, a face"


@pytest.mark.parametrize("module", sorted(set(modules()) - packages()))
def test_imports_go_downwards(module: str) -> None:
    for other in imports(module):
        here, there = room(module), room(other)
        assert here == there or other in TOPS or floors()[there] < floors()[here], f"{module} imports {other}, which is no floor below"
        for who, whom in APART:
            assert not (inside(module, who) and inside(other, whom)), f"{module} knows {other}"
        assert not inside(other, "search.commands") or inside(module, "search.commands"), f"{module} imports a command"


def test_no_circles_between_files() -> None:
    graph = {module: set(imports(module)) for module in modules().keys() - packages()}
    assert not circle(graph)


@pytest.mark.parametrize("package", sorted(packages()))
def test_no_circles_between_siblings(package: str) -> None:
    def sibling(module: str) -> str:
        return ".".join(module.split(".")[: package.count(".") + 2])

    within = [m for m in modules() if inside(m, package) and m not in packages()]
    graph: dict[str, set[str]] = {}
    for module in within:
        others = {sibling(other) for other in imports(module) if inside(other, package) and other != package}
        graph.setdefault(sibling(module), set()).update(others - {sibling(module)})
    assert not circle(graph)


def test_a_circle_is_noticed() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}}) == []


@pytest.mark.parametrize("package", sorted(packages()))
def test_a_folder_can_be_read_in_one_sitting(package: str) -> None:
    folder = modules()[package].parent
    files = list(folder.glob("*.py"))
    rooms_inside = list(folder.glob("*/__init__.py"))
    assert len(files) <= 13, f"{folder.relative_to(ROOT)} has {len(files)} files"
    assert len(files) + len(rooms_inside) >= 3, f"{folder.relative_to(ROOT)} holds too little to be a folder"


def test_a_folder_of_benchmarks_can_be_too() -> None:
    for folder in (ROOT / "benchmarks", *(face.parent for face in (ROOT / "benchmarks").rglob("__init__.py"))):
        assert len(list(folder.glob("*.py"))) <= 13, folder.relative_to(ROOT)


def statements(package: str) -> Iterable[ast.stmt]:
    return ast.parse(modules()[package].read_text()).body


@pytest.mark.parametrize("package", sorted(packages()))
def test_a_face_says_what_lives_there_and_holds_no_logic(package: str) -> None:
    docstring, *body = statements(package)
    text = ast.get_docstring(ast.parse(modules()[package].read_text())) or ""
    assert isinstance(docstring, ast.Expr), "no docstring"
    assert len(re.findall(r"\.(\s|$)", text)) >= 2, "two sentences: what lives there, and what may not"
    plain = (ast.Import, ast.ImportFrom, ast.Assign)
    clever = (ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp, ast.Lambda, ast.IfExp)
    assert all(isinstance(node, plain) or ast.unparse(node).startswith("moved.install(") for node in body)
    assert not [part for node in body for part in ast.walk(node) if isinstance(part, clever)]


@pytest.mark.parametrize("package", sorted(packages()))
def test_a_face_offers_what_is_there_and_hides_no_room(package: str) -> None:
    own = {name.rpartition(".")[2] for name in modules() if name.rpartition(".")[0] == package}
    for name, source in face(package).items():
        assert inside(source, package), f"{package} offers {name} of another room, {source}"
        assert name not in own or source == f"{package}.{name}", f"{package}.{name} is a module and something else"
        if source not in packages() and source.rpartition(".")[2] != name:
            assert re.search(rf"^(class|def) {name}\b|^{name}\b", modules()[source].read_text(), re.MULTILINE), f"{source} has no {name}"


@pytest.mark.parametrize("package", [name for name in sorted(packages()) if (modules()[name].with_suffix(".pyi")).exists()])
def test_faces_that_load_rooms_when_asked_offer_what_they_name(package: str) -> None:
    import importlib

    module = importlib.import_module(package)
    assert set(module.__all__) == set(face(package))
    assert all(getattr(module, name) is not None for name in module.__all__)


def reachable() -> set[str]:
    """Modules behind the command line, behind the checks that users start themselves, and behind what is no room at the top of the API."""
    faces = (*TOPS, "codesign.testing")
    waiting = ["search.commands.cli", *(behind(top, name) for top in faces for name in face(top)), "codesign.moved"]
    found: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module not in found and module not in packages():
            found.add(module)
            waiting += imports(module)
    return found


def test_everything_can_be_reached() -> None:
    hidden = modules().keys() - packages() - reachable()
    assert not hidden - NOT_REACHABLE_YET, "nothing that a user starts leads here"
    assert not NOT_REACHABLE_YET - hidden, "reachable now: take it off the list"


def test_tests_mirror_the_tree() -> None:
    for top in TOPS:
        here = ROOT / "tests" / top
        folders = {".".join(file.parent.relative_to(here.parent).parts) for file in here.rglob("test_*.py")}
        assert folders <= packages() | rooms(), f"folders of tests/{top} that are no room of {top}"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"], ["run", "missing.yaml"]])
def test_help_and_mistakes_do_not_import_jax(arguments: list[str]) -> None:
    code = f"import sys; sys.argv = ['codesign', *{arguments!r}]\nfrom search.commands.cli import main\n"
    code += "try: main()\nexcept SystemExit: pass\n"
    code += "assert not {'jax', 'flax', 'equinox', 'pandas', 'matplotlib'} & set(sys.modules), sorted(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT)
