"""A problem: data, network, chip, what may change, and what counts."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Key

from codesign.data.dataset import Dataset, Split
from codesign.evaluate import Batch, Design, Evaluation, evaluate
from codesign.hardware.base import AbstractHardware
from codesign.network.models import SpikingNetwork
from codesign.network.operation import Operation
from codesign.parameter import Parameter, PowerOfTwo, Space
from codesign.technology import Technology
from search.errors import UserError, nearest
from search.objective import AbstractObjective


def as_batch(split: Split) -> Batch:
    """A split as device arrays."""
    return Batch(jnp.asarray(split.inputs, jnp.float32), jnp.asarray(split.labels, jnp.int32))


@dataclasses.dataclass(frozen=True)
class Problem:
    """What is searched.

    Attributes:
        dataset: three splits; the search sees train and validation only.
        graph: static structure of the network.
        build: initial weights from a seed.
        operation, hardware: templates; parameters that are not searched keep their values.
        technology: prices.
        space: what may change.
        objectives: what is minimised; the first is the accuracy side.
        constraints: upper bounds of objectives, by name.
    """

    dataset: Dataset
    graph: "nnx.GraphDef[SpikingNetwork]"
    build: Any
    operation: Operation
    hardware: AbstractHardware
    technology: Technology
    space: Space
    objectives: tuple[AbstractObjective, ...]
    constraints: Mapping[str, float]

    @property
    def granularity(self) -> int:
        """A divisor of every number of rows that may occur."""
        rows = self.space.parameters.get("rows")
        if rows is None:
            return int(getattr(self.hardware, "rows", jnp.asarray(16.0)))
        return int(rows.low) if isinstance(rows, PowerOfTwo) else 1

    def place(self, network: nnx.State, values: Mapping[str, Array]) -> Design:
        """The design at a point of the space: each value goes to the chip or to the operation, whichever has a field of its name."""
        operation = {name: value for name, value in values.items() if name in _fields(self.operation)}
        hardware = {name: value for name, value in values.items() if name not in operation}
        run: Any = dataclasses.replace(self.operation, **operation)  # type: ignore[arg-type]
        return Design(network, run, dataclasses.replace(self.hardware, **hardware))

    def evaluate(self, design: Design, batch: Batch, key: Key[Array, ""], *, exact: bool, hardness: Any = 1.0) -> Evaluation:
        """One design on one batch and one simulated chip."""
        return evaluate(self.graph, design, batch, self.technology, key, exact=exact, hardness=hardness, granularity=self.granularity)

    def scalarise(self, evaluation: Evaluation, preference: Float[Array, " objectives"]) -> Float[Array, ""]:
        """Preference-weighted sum of the objectives' relaxed forms."""
        terms = [objective.relaxed(evaluation) for objective in self.objectives]
        return jnp.sum(preference * jnp.stack(terms))


def _fields(module: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(module) if not field.metadata.get("static", False)]


def designable(hardware: AbstractHardware, operation: Operation) -> list[str]:
    """Names of all design parameters a space may contain."""
    return [*_fields(hardware), *_fields(operation)]


def make_problem(
    dataset: Dataset,
    build_network: Any,
    hardware: AbstractHardware,
    technology: Technology,
    parameters: Mapping[str, Parameter],
    objectives: tuple[AbstractObjective, ...],
    constraints: Mapping[str, float],
    *,
    longest: int,
    operation: Mapping[str, float] | None = None,
) -> Problem:
    """A problem from its parts.

    Args:
        dataset: the data.
        build_network: `rngs -> SpikingNetwork`.
        hardware: chip template.
        technology: prices.
        parameters: what may change, by name of a hardware or operation field.
        objectives: what is minimised.
        constraints: upper bounds by objective name.
        longest: time steps that are simulated; the upper bound of `timesteps`.
        operation: fixed values of operation fields.

    Raises:
        UserError: a parameter or constraint that nothing has (with the nearest name), or a layer the chip cannot run.
    """
    network = build_network(nnx.Rngs(0))
    graph, _ = nnx.split(network)
    layers = len(network.geometries)
    template = Operation.of(layers, longest=longest, **(operation or {}))
    known = designable(hardware, template)
    for name in parameters:
        if name not in known:
            raise UserError(
                f"parameters.{name}: neither {type(hardware).__name__} nor the network's operation has it{nearest(name, known)}"
            )
    names = [objective.name for objective in objectives]
    for name in constraints:
        if name not in names:
            raise UserError(f"constraints.{name}: not among the objectives{nearest(name, names)}")
    for geometry in network.geometries:
        reason = hardware.unsupported(geometry)
        if reason is not None:
            raise UserError(f"{type(hardware).__name__} cannot run layer {geometry.name!r} ({geometry.kind}): {reason}")

    def build(seed: Array | int) -> nnx.State:
        return nnx.split(build_network(nnx.Rngs(jax.random.key(seed) if isinstance(seed, int) else seed)))[1]

    return Problem(dataset, graph, build, template, hardware, technology, Space(dict(parameters), layers), objectives, dict(constraints))


def as_values(space: Space, point: Mapping[str, Any]) -> dict[str, Array]:
    """A hardened point as float32 arrays."""
    return {name: jnp.asarray(np.asarray(point[name]), jnp.float32) for name in space.parameters}
