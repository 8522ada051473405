"""What divides every number of rows that may occur on a chip."""

import types

import pytest

from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.hardware.hybrid.chip import HybridChip
from codesign.hardware.systolic.array import Systolic
from codesign.parameters.integer import Integer
from codesign.parameters.power_of_two import PowerOfTwo
from codesign.parameters.space import Space
from search.problem.problem import Problem


@pytest.mark.parametrize(
    ("chip", "parameters", "expected"),
    [
        (Crossbar.of(rows=100), {}, 100),
        (Crossbar.of(rows=[48, 128, 80]), {}, 16),
        (Crossbar.of(rows=[48, 128]), {"rows": PowerOfTwo(8, 64, per_layer=True)}, 8),
        (Crossbar.of(), {"rows": Integer(8, 64)}, 1),
        (Systolic.of(rows=12), {}, 12),
        # how a digital engine cuts a sum changes nothing
        (HybridChip.of({"a": Crossbar.of(rows=96), "b": Systolic.of(rows=10)}, [0, 1, 0]), {"a.rows": PowerOfTwo(32, 64)}, 32),
        (HybridChip.of({"a": Crossbar.of(rows=96), "b": Crossbar.of(rows=80)}, [0, 1, 0]), {}, 16),
        (HybridChip.of({"a": Systolic.of(), "b": Systolic.of()}, [0, 1, 0]), {}, 16),
    ],
)
def test_rows_of_one_layer_or_of_each(chip: object, parameters: dict, expected: int) -> None:
    granularity = Problem.granularity.fget
    assert granularity(types.SimpleNamespace(space=Space(parameters, 3), hardware=chip)) == expected
