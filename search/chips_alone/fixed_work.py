"""Chips for work that stays as it is: a config's hardware, parameters and bounds become a task of `search.chips_alone.descend`.

Without a network nothing answers, so objectives and bounds on answers are left out, and how the network is run (steps, bits, gates) is part
of the work and no choice.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from codesign.cost import Cost
from codesign.evaluation.evaluate import Evaluation
from codesign.hardware.base import AbstractHardware
from codesign.network.operation import CHOICES, RANGES, Operation
from codesign.parameters.categorical import Categorical
from codesign.parameters.space import Parameter, Space
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload
from search.chips_alone.descend import Judged, Task
from search.chips_alone.invariants import Violation, find_violations, general_claims
from search.errors import UserError
from search.objectives.base import AbstractObjective
from search.objectives.constraint import Constraint
from search.problem.problem import settled


@final
class FixedWork:
    """What is searched, for one workload.

    Args:
        hardware: template; parameters that are not searched keep their values.
        technology: prices.
        workload: what the chips run.
        parameters: what may change; those of a network's operation are left out.
        objectives: what is improved; those on answers are left out.
        limits: bounds; likewise.

    Raises:
        UserError: a choice of names, or nothing left to search or to improve; begins with the place in the config.
    """

    def __init__(
        self,
        hardware: AbstractHardware,
        technology: Technology,
        workload: Workload,
        parameters: Mapping[str, Parameter],
        objectives: Sequence[AbstractObjective],
        limits: Sequence[Constraint],
    ) -> None:
        self.hardware, self.technology, self.workload = hardware, technology, workload
        for name, parameter in parameters.items():
            if isinstance(parameter, Categorical) and name not in CHOICES:
                raise UserError(f"parameters.{name}: is a choice of names; chips alone are searched by numbers: name one in hardware.fixed")
        self.space = Space({name: p for name, p in parameters.items() if name not in RANGES and name not in CHOICES}, len(workload))
        self.objectives = tuple(objective for objective in objectives if not objective.answers)
        self.limits = tuple(limit for limit in limits if not limit.objective.answers)
        if not self.space.parameters:
            raise UserError("parameters: none is of the chip, and without a network nothing else can be searched")
        if not self.objectives:
            raise UserError("objectives: all are about answers; chips alone need a cost, such as energy, latency, area or edp")
        self._priced = eqx.filter_jit(jax.vmap(self._exact))

    @property
    def task(self) -> Task:
        """For `Descender`."""
        return Task(self.space, self.judge, len(self.objectives), len(self.limits))

    def cost(self, values: Mapping[str, Array], hardness: Array) -> Cost:
        """Of a chip at a point of the space."""
        return settled(self.hardware, values).cost(self.workload, self.technology, hardness)

    def judge(self, values: Mapping[str, Array], hardness: Array) -> Judged:
        """Relaxed objectives, and how far bounds are exceeded."""
        evaluation = self._evaluation(self.cost(values, hardness))
        excess = [limit.excess(limit.objective(evaluation)) for limit in self.limits]
        return jnp.stack([o.relaxed(evaluation) for o in self.objectives]), jnp.stack(excess) if excess else jnp.zeros(0)

    def priced(self, points: Mapping[str, Array]) -> dict[str, Float[np.ndarray, " points"]]:
        """Energy, latency, area and the objectives of legal points, by column name; each parameter is `[points, ...]`."""
        return {name: np.asarray(values, np.float64) for name, values in self._priced(points).items()}

    def violations(self, key: Array) -> list[Violation]:
        """What no chip can do and the relaxed model of these claims, at random points and where a search would go."""

        def log_cost(values: Mapping[str, Array], hardness: Array) -> Array:
            return self.judge(values, hardness)[0].sum()

        return find_violations(self.space, log_cost, lambda v, h: general_claims(self.cost(v, h)), key)

    def _exact(self, values: Mapping[str, Array]) -> dict[str, Array]:
        cost = self.cost(values, jnp.float32(1))
        evaluation = self._evaluation(cost)
        found = {"energy_pj": cost.energy, "latency_ns": cost.latency, "area_um2": cost.area}
        return found | {objective.column: objective(evaluation) for objective in self.objectives}

    def _evaluation(self, cost: Cost) -> Evaluation:
        """With answers that are no numbers: nothing here may read them."""
        nothing = jnp.float32(jnp.nan)
        return Evaluation(nothing, nothing, nothing, cost, self.workload, self._operation, self.hardware)

    @cached_property
    def _operation(self) -> Operation:
        return Operation.of(len(self.workload), longest=1)


def named_values(space: Space, points: Mapping[str, Any], at: int) -> dict[str, float]:
    """One point of many by column: `name`, or `name[layer]` of a parameter with one value for each layer."""
    found: dict[str, float] = {}
    for name in space.parameters:
        value = np.asarray(points[name])[at]
        found |= {name: float(value)} if value.ndim == 0 else {f"{name}[{i}]": float(v) for i, v in enumerate(value)}
    return found
