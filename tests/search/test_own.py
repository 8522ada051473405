"""Classes of one's own: found beside the config; nothing else is imported, and nothing is called to find out."""

import sys
from pathlib import Path

import pytest

from codesign.hardware.base import AbstractHardware
from search.errors import UserError
from search.objectives.base import AbstractObjective
from search.objectives.registry import find
from search.own import find_class
from search.problem import build, config
from tests.search.toy import TOY, digital

OBJECTIVE = """
from search.objectives import AbstractObjective

class Steps(AbstractObjective):
    name, unit = "steps", "1"

    def __call__(self, evaluation):
        return evaluation.workload.timesteps.max()

class Unnamed(AbstractObjective):
    def __call__(self, evaluation):
        return evaluation.loss

class Wide(Steps):
    name = "wide"

    def __call__(self, evaluation):
        return evaluation.workload.timesteps

def function():
    raise SystemExit
"""
EVIL = "from pathlib import Path\nPath(__file__).with_name('ran').touch()\n"
HARDWARE = """
import equinox as eqx
import jax.numpy as jnp
from codesign.hardware.registry import REGISTRY
from codesign.hardware.base import AbstractHardware

class Doubled(AbstractHardware):
    rows: object
    inside: object

    @classmethod
    def of(cls, rows=32.0):
        return cls(jnp.float32(rows), REGISTRY["systolic"].of())

    def cost(self, workload, technology, hardness=1.0):
        return eqx.tree_at(lambda chip: chip.rows, self.inside, self.rows).cost(workload, technology, hardness)

    def unsupported(self, layer):
        return None
"""


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with modules; what they leave in this process goes with the test."""
    for name, source in {"beside_objective": OBJECTIVE, "beside_evil": EVIL, "beside_chip": HARDWARE}.items():
        (tmp_path / f"{name}.py").write_text(source)
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("os:abort", "os is a module of Python itself"),
        ("antigravity:X", "antigravity is a module of Python itself"),
        ("beside_objective:function", "is no AbstractObjective"),
        ("beside_objective:AbstractObjekt", "beside_objective.py has no 'AbstractObjekt'"),
        ("beside_objective:Unnamed", "name must be a text"),
        ("beside_objective:AbstractObjective", "name must be a text|cannot be made"),
        ("beside_evil:Steps", "beside_evil.py has no 'Steps'"),
        ("nowhere_at_all:Steps", "no module 'nowhere_at_all' beside the config or installed"),
        ("jax.numpy:ndarray", "is no AbstractObjective"),
        ("a b:c", "is not of the form package.module:Class"),
        ("../x:Y", "is not of the form package.module:Class"),
    ],
)
def test_only_objectives_are_found(beside: Path, name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        find(name, beside)
    # what does not even have the name was read and not run
    assert not (beside / "ran").exists()


def test_a_module_of_the_same_name_elsewhere_is_another(beside: Path) -> None:
    assert find("beside_objective:Steps", beside).unit == "1"
    other = beside / "other"
    other.mkdir()
    (other / "beside_objective.py").write_text(OBJECTIVE.replace('"steps", "1"', '"steps", "nat"'))
    assert find("beside_objective:Steps", other).unit == "nat"
    assert find("beside_objective:Steps", beside).unit == "1"


def test_a_module_that_was_written_again_is_read_again(beside: Path) -> None:
    # as a notebook does, in the process that has imported it
    assert find("beside_objective:Steps", beside).unit == "1"
    same = type(find("beside_objective:Steps", beside))
    assert type(find("beside_objective:Steps", beside)) is same
    (beside / "beside_objective.py").write_text(OBJECTIVE.replace('"steps", "1"', '"steps", "nat"'))
    assert find("beside_objective:Steps", beside).unit == "nat"


def test_hardware_of_ones_own_is_searched(beside: Path) -> None:
    text = digital(TOY).replace("kind: systolic", "kind: 'beside_chip:Doubled'")
    kept = [line for line in text.splitlines() if not line.startswith(("  columns", "  weight_bits"))]
    (beside / "study.yaml").write_text("\n".join(kept))
    problem = build.check(config.read(beside / "study.yaml"))
    assert type(problem.hardware).__name__ == "Doubled"
    assert list(problem.space.parameters) == ["rows", "timesteps"]
    with pytest.raises(UserError, match="is no AbstractHardware"):
        find_class("beside_objective:Steps", beside, AbstractHardware)  # type: ignore[type-abstract]
    assert find_class("beside_objective:Steps", beside, AbstractObjective)  # type: ignore[type-abstract]


def test_an_objective_that_is_no_number_is_told_before_anything_runs(beside: Path) -> None:
    (beside / "study.yaml").write_text(digital(TOY).replace("[error, energy]", "[error, energy, 'beside_objective:Wide']"))
    with pytest.raises(UserError, match=r"study\.yaml:\d+: objectives\.2: wide must be one number, got shape \(2,\)"):
        build.check(config.read(beside / "study.yaml"))
