"""Import direction: the drawing in the design is what the code does."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# rooms in rising order; a module may import from lower ranks, and from its own room
RANKS = {
    "codesign": 0,
    "codesign.units": 0,
    "codesign.numerics": 0,
    "codesign.parameters.parameter": 1,
    "codesign.workloads.workload": 1,
    "codesign.workloads.table": 2,
    "codesign.workloads.presets": 2,
    "codesign.workloads.twin": 2,
    "codesign.products.unfold": 2,
    "codesign.products.convolve": 2,
    "codesign.technology.technology": 1,
    "codesign.technology.scaling": 1,
    "codesign.cost": 1,
    "codesign.hardware": 3,
    "codesign.published": 3,
    "codesign.analog": 3,
    "codesign.data": 4,
    "codesign.network": 4,
    "codesign.nir.run": 5,
    "codesign.evaluation.arithmetic": 6,
    "codesign.evaluation.verify": 6,
    "codesign.evaluation.recalibrate": 6,
    "codesign.testing": 6,
    "codesign.evaluation.conversion": 6,
    "codesign.evaluation.evaluate": 6,
    "search": 7,
}
SIBLINGS = {"codesign.hardware", "codesign.published", "codesign.analog"}


def modules() -> dict[str, Path]:
    files = [*ROOT.glob("codesign/**/*.py"), *ROOT.glob("search/**/*.py")]
    return {".".join(f.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): f for f in files}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    known = modules()
    return {name for name in found if name in known}


def room(module: str) -> str:
    if module.startswith("codesign.nir.run"):
        return "codesign.nir.run"
    return max((name for name in RANKS if module == name or module.startswith(name + ".")), key=len)


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_go_downwards(module: str) -> None:
    here = room(module)
    for other in imports(modules()[module]):
        there = room(other)
        assert RANKS[there] <= RANKS[here], f"{module} imports {other}"
        if {here, there} <= SIBLINGS and other != "codesign.hardware.base":  # the interface both families and models have
            assert here == there, f"{module} imports its sibling {other}"
        if here == "codesign.network":
            assert there != "codesign.hardware", f"{module} knows {other}"
        assert not (here == "codesign" and there != "codesign"), f"{module} imports {other}"


def test_no_import_cycles() -> None:
    graph = {module: imports(path) - {module} for module, path in modules().items()}
    # a package named beside its own modules is no cycle: `from codesign.hardware import x` inside codesign.hardware
    state: dict[str, int] = {}

    def visit(module: str, trail: tuple[str, ...]) -> None:
        state[module] = 1
        for other in graph[module]:
            if module.startswith(other + "."):
                continue
            assert state.get(other) != 1, " -> ".join((*trail, module, other))
            if other not in state:
                visit(other, (*trail, module))
        state[module] = 2

    for module in graph:
        if module not in state:
            visit(module, ())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"], ["run", "missing.yaml"]])
def test_help_and_mistakes_do_not_import_jax(arguments: list[str]) -> None:
    code = (
        f"import sys; sys.argv = ['codesign', *{arguments!r}]\nfrom search.commands.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    )
    code += "assert not {'jax', 'flax', 'equinox', 'pandas', 'matplotlib'} & set(sys.modules), sorted(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT)
