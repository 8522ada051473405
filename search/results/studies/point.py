"""From a row of designs to the point that it was measured at."""

from collections.abc import Mapping
from typing import Any

from flax import nnx

from codesign.parameters.categorical import Categorical
from search.problem.problem import Problem


def point_of(problem: Problem, row: Mapping[str, Any]) -> dict[str, Any]:
    """The point of a row of `designs.csv`."""
    layers = [layer.name for layer in nnx.merge(problem.graph, problem.build(0)).geometries]

    def number(name: str, column: str) -> float:
        parameter, value = problem.space.parameters[name], row[column]
        # tables name options, points number them
        return float(parameter.options.index(value)) if isinstance(parameter, Categorical) else float(value)

    return {
        name: [number(name, f"{name}[{layer}]") for layer in layers] if parameter.per_layer else number(name, name)
        for name, parameter in problem.space.parameters.items()
    }
