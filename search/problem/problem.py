"""A problem: data, network, chip, what may change, and what counts."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Key
from numpy.typing import NDArray

from codesign.analog.device.ageing import AbstractAgeing, AgedCompensated
from codesign.data.dataset import Dataset
from codesign.evaluation.evaluate import Batch, Design, Evaluation, evaluate
from codesign.evaluation.verify import over_chips
from codesign.hardware.base import AbstractHardware
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.network.builders.models import SpikingNetwork
from codesign.network.operation import Operation, inert_entries
from codesign.parameters.categorical import Categorical
from codesign.parameters.power_of_two import PowerOfTwo
from codesign.parameters.space import Parameter, Space
from codesign.technology.technology import Technology
from search.objectives.constraint import Constraint
from search.objectives.registry import AbstractObjective, find
from search.problem.legal import check_built, check_chip, check_parameters, check_some_searched, check_visits, limits_of, operation_of
from search.problem.size import outline, steps_within
from search.sealed import leaf_name

# measured on VGG9 (docs/benchmarks.md): 21 MB a sample in a fine-tune step and 45 in a smooth one, beside 0.4 GB; an evaluation's
# estimate has 8
KEPT: Final = 8  # evaluations whose memory a gradient takes


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
        objectives: what is improved.
        constraints: bounds, by name of an objective.
        limits: the same with their objectives, which need not be among `objectives`.
        steps_at_once: samples x time steps that run together, as memory allows; None for all.
        initial: weights that every search starts from; None for those of `build`.
        paid: what these take [training samples x time steps], which counts as spent by every search.
        held: names of weights that no search changes, such as `body.blocks.0.synapses.kernel`.
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
    limits: tuple[Constraint, ...] = ()
    steps_at_once: int | None = None
    initial: nnx.State | None = None
    paid: float = 0.0
    held: frozenset[str] = frozenset()

    def begin(self, key: Key[Array, ""]) -> nnx.State:
        """The weights that a search starts from: those that were trained before it, or new ones from a key."""
        return self.build(key) if self.initial is None else self.initial

    @property
    def at_once(self) -> int | None:
        """Samples that run together, a power of two; None for all."""
        if self.steps_at_once is None:
            return None
        # what is free changes a little from run to run, and a resumed study has to find the same program
        return 2 ** (max(1, self.steps_at_once // self.operation.longest).bit_length() - 1)

    def sharing(self, members: int) -> "Problem":
        """The same for one of several members that run side by side, which share the memory."""
        return self if self.steps_at_once is None else dataclasses.replace(self, steps_at_once=self.steps_at_once // members)

    @property
    def granularity(self) -> int:
        """A divisor of every number of rows that may occur."""
        engines = zip(getattr(self.hardware, "names", ()), getattr(self.hardware, "engines", ()), strict=True)
        # how a digital engine cuts a sum changes nothing
        found = [_divisor(self.space, f"{name}.rows", engine) for name, engine in engines if isinstance(engine, Crossbar)]
        if hasattr(self.hardware, "rows"):
            found.append(_divisor(self.space, "rows", self.hardware))
        return math.gcd(*found) if found else 16

    def place(self, network: nnx.State, values: Mapping[str, Array]) -> Design:
        """The design at a point of the space: each value goes to the chip or to the operation, whichever has a field of its name."""
        operation: dict[str, Array] = {}
        hardware: dict[str, Array] = {}
        for name, value in values.items():
            if name in _fields(self.operation):
                held, given = getattr(self.operation, name), self._one_hot(name, value)
                # one number for all layers of a field that has one each
                operation[name] = given if held is None else jnp.broadcast_to(given, jnp.broadcast_shapes(given.shape, held.shape))
            else:
                hardware[name] = self._one_hot(name, value)
        run: Any = dataclasses.replace(self.operation, **operation)  # type: ignore[arg-type]
        return Design(self._learning(network), run, settled(self.hardware, hardware))

    def _learning(self, network: nnx.State) -> nnx.State:
        """The weights, without gradients of those that are held."""
        if not self.held:
            return network

        def leaf(path: Any, weights: Array) -> Array:
            return jax.lax.stop_gradient(weights) if leaf_name(path) in self.held else weights

        return jax.tree_util.tree_map_with_path(leaf, network)

    def _one_hot(self, name: str, value: Array) -> Array:
        """Shares of a categorical parameter's options, also from the number of one."""
        parameter = self.space.parameters.get(name)
        if not isinstance(parameter, Categorical) or value.ndim == len(self.space.shape(name)):
            return value
        return jax.nn.one_hot(value.astype(jnp.int32), len(parameter.options), dtype=jnp.float32)

    @property
    def trained(self) -> "Problem":
        """The same where gradients are taken: minibatches that do not fit go in pieces too, whose gradients add up."""
        return self.sharing(KEPT)

    @property
    def chips(self) -> int:
        """Simulated chips that one evaluation needs."""
        return max(objective.chips for objective in self.everything)

    @property
    def everything(self) -> tuple[AbstractObjective, ...]:
        """The objectives, and those that are only bounded."""
        names = {objective.name for objective in self.objectives}
        return (*self.objectives, *(limit.objective for limit in self.limits if limit.objective.name not in names))

    def evaluate(self, design: Design, batch: Batch, key: Key[Array, ""], *, exact: bool, hardness: Any = 1.0) -> Evaluation:
        """One design on one batch, on one simulated chip or as many as the objectives need."""
        if self.chips == 1:
            return self._on_chip(design, batch, key, exact, hardness)
        return self.evaluate_on_chips(design, batch, jax.random.split(key, self.chips), exact=exact, hardness=hardness)

    def evaluate_on_chips(
        self, design: Design, batch: Batch, keys: Key[Array, " chips"], *, exact: bool, hardness: Any = 1.0
    ) -> Evaluation:
        """One design on one batch, mean over given simulated chips."""
        many = jax.lax.map(lambda chip: self._on_chip(design, batch, chip, exact, hardness), keys)
        return over_chips(many, design, self.technology, 1.0 if exact else hardness)

    def _on_chip(self, design: Design, batch: Batch, key: Key[Array, ""], exact: bool, hardness: Any) -> Evaluation:
        def at(ageing: AbstractAgeing | None, chip: Key[Array, ""]) -> Evaluation:
            setting = (self.graph, design, batch, self.technology, chip)
            return evaluate(*setting, exact=exact, hardness=hardness, granularity=self.granularity, ageing=ageing, at_once=self.at_once)

        fresh = at(None, key)
        age_s = next((objective.age_s for objective in self.everything if objective.age_s is not None), None)
        if age_s is None:
            return fresh
        # the same chip later: its devices are those of the fresh one
        aged = at(AgedCompensated(jnp.asarray(age_s, jnp.float32)), jax.random.clone(key))
        return dataclasses.replace(fresh, aged_loss=aged.loss, aged_accuracy=aged.accuracy)

    def values(self, evaluation: Evaluation) -> Float[Array, " objectives"]:
        """The objectives as they are reported."""
        return jnp.stack([objective(evaluation) for objective in self.objectives])

    def relaxed(self, evaluation: Evaluation) -> Float[Array, " objectives"]:
        """The objectives' relaxed forms, which are minimised."""
        return jnp.stack([objective.relaxed(evaluation) for objective in self.objectives])

    def excess(self, evaluation: Evaluation) -> Float[Array, " constraints"]:
        """How far each constraint is exceeded; at most 0 where it holds."""
        return jnp.stack([limit.excess(limit.objective(evaluation)) for limit in self.limits]) if self.limits else jnp.zeros(0)

    def steered(self, evaluation: Evaluation, measured: Float[Array, " constraints"]) -> Float[Array, " constraints"]:
        """The same with useful gradients; see `Constraint.steered`."""
        found = [limit.steered(evaluation, measured[i]) for i, limit in enumerate(self.limits)]
        return jnp.stack(found) if found else jnp.zeros(0)

    def minimised(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Reported objectives `[.., objectives]` with the sign that makes less better."""
        return np.asarray(values, np.float64) * np.array([objective.sign for objective in self.objectives])

    def comparable(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Reported objectives `[.., objectives]`, less being better, logarithms of those whose ratios count."""
        values = np.asarray(values, np.float64)
        # the floor is for what can be 0, such as spikes
        parts = [
            o.sign * (np.log(np.maximum(values[..., i], 1e-30)) if o.logarithmic else values[..., i]) for i, o in enumerate(self.objectives)
        ]
        return np.stack(parts, axis=-1)


def _divisor(space: Space, name: str, chip: Any) -> int:
    """Of the rows that one chip, or engine of a chip, may have."""
    rows = space.parameters.get(name)
    if rows is None:
        # of one layer, or of all
        return math.gcd(*(int(value) for value in np.ravel(chip.rows)))
    # the lowest power of two divides all others
    return int(rows.low) if isinstance(rows, PowerOfTwo) else 1


def _fields(module: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(module) if not field.metadata.get("static", False)]


def settled(hardware: Any, values: Mapping[str, Any]) -> Any:
    """A chip with some parameters replaced; `engine.parameter` is that of one engine of a hybrid chip."""
    own = {name: value for name, value in values.items() if "." not in name}
    engines = list(getattr(hardware, "engines", ()))
    for index, prefix in enumerate(getattr(hardware, "names", ())):
        inner = {name.partition(".")[2]: value for name, value in values.items() if name.partition(".")[0] == prefix and "." in name}
        engines[index] = settled(engines[index], inner)
    return dataclasses.replace(hardware, **own, **({"engines": tuple(engines)} if engines else {}))


def designable(hardware: AbstractHardware, operation: Operation) -> list[str]:
    """Names of all design parameters a space may contain."""
    engines = zip(getattr(hardware, "names", ()), getattr(hardware, "engines", ()), strict=True)
    inner = [f"{prefix}.{name}" for prefix, engine in engines for name in _parameters(engine)]
    return [*_parameters(hardware), *inner, *_fields(operation)]


def _parameters(hardware: AbstractHardware) -> list[str]:
    """Fields that hold numbers, or may: strategies and engines are no parameters."""
    held = {name: getattr(hardware, name) for name in _fields(hardware)}
    # what a chip need not have it has once a search chooses it; nothing can be chosen among no options
    return [
        name for name, found in held.items() if (name in hardware.ranges if found is None else isinstance(found, jax.Array) and found.size)
    ]


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
    others: Mapping[str, AbstractObjective] | None = None,
    memory_bytes: int | None = None,
) -> Problem:
    """A problem from its parts.

    Args:
        dataset: the data.
        build_network: `rngs -> SpikingNetwork`.
        hardware: chip template.
        technology: prices.
        parameters: what may change, by name of a hardware or operation field.
        objectives: what is improved.
        constraints: bounds by name of any objective.
        longest: time steps that are simulated; the upper bound of `timesteps`.
        operation: fixed values of operation fields.
        others: objectives that are only bounded, by what `constraints` call them, where their names alone do not find them.
        memory_bytes: that evaluations may take, which then go through a split in pieces; None for as much as whole splits take.

    Raises:
        UserError: a parameter or constraint that nothing has (with the nearest name), a parameter that changes nothing under these prices,
            a value below its lowest, objectives of different ages, or a layer that the chip cannot run.
    """
    # for its structure alone: weights are drawn by `build`, and shapes take no memory
    shapes = outline(build_network)
    graph, _ = nnx.split(shapes)
    geometries = shapes.geometries
    layers = len(geometries)
    template = operation_of(layers, longest, operation or {}, parameters)
    check_parameters(parameters, hardware, template, designable(hardware, template), technology)
    check_built({**{name: "network.operation" for name in operation or {}}, **dict.fromkeys(parameters, "parameters")}, shapes)
    check_some_searched(parameters, geometries)
    limits = limits_of(constraints, objectives, others)
    # a chip that cannot be built is no result, whether the user thought of it or not; what it has to hold follows the network's bits too
    if hardware.limiting and "excess" not in constraints:
        limits = (*limits, Constraint(find("excess"), 0.0))
    # what a closed chip has to hold is not known yet
    fixed = not hardware.limiting & parameters.keys() and (technology.parts is None or technology.parts.offchip != "none")
    check_chip(hardware, geometries, technology, fixed=fixed)
    check_visits(hardware, shapes)

    def build(seed: Array | int) -> nnx.State:
        return nnx.split(build_network(nnx.Rngs(jax.random.key(seed) if isinstance(seed, int) else seed)))[1]

    at_once = None if memory_bytes is None else steps_within(memory_bytes, shapes)
    space = Space(dict(parameters), layers, inert_entries(geometries))
    return Problem(dataset, graph, build, template, hardware, technology, space, objectives, dict(constraints), limits, at_once)


def as_values(space: Space, point: Mapping[str, Any]) -> dict[str, Array]:
    """A hardened point as float32 arrays."""
    return {name: jnp.asarray(np.asarray(point[name]), jnp.float32) for name in space.parameters}
