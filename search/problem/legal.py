"""What a search may not be asked for: parameters, bounds and chips that could not be run. Complaints begin with their place in a config."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from codesign.evaluation.devices import check_cells
from codesign.evaluation.evaluate import Batch
from codesign.hardware.base import AbstractHardware
from codesign.hardware.crossbar.cells.choice import cells_in
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.hardware.manycore.manycore import ManyCore
from codesign.hardware.manycore.updates import OnEvents
from codesign.hardware.registry import REGISTRY
from codesign.network.encoding import Direct, Encoded
from codesign.network.layers.layers import Synapses
from codesign.network.network import SpikingNetwork
from codesign.network.neurons.firing import Graded, Stochastic
from codesign.network.neurons.neurons import AbstractNeuron, IntegrateAndFire, LeakyNeuron
from codesign.network.operation import CHOICES, RANGES, Operation, inert_entries
from codesign.parameters.categorical import Categorical
from codesign.parameters.choice import Choice
from codesign.parameters.continuous import Continuous
from codesign.parameters.gate import Gate
from codesign.parameters.legal import LegalRange
from codesign.parameters.space import Parameter
from codesign.technology.technology import BasisError, Technology
from codesign.workloads.workload import LayerWork, Workload
from search.errors import UserError, nearest
from search.objectives.constraint import Constraint
from search.objectives.cost import LEGAL
from search.objectives.registry import AbstractObjective, find


def check_parameters(
    parameters: Mapping[str, Parameter], hardware: AbstractHardware, run: Operation, known: list[str], technology: Technology
) -> None:
    """Every parameter is one that the chip or the run has, that changes something, and whose values are all legal; cells hold their bits.

    Raises:
        UserError: names the first that is not.
    """
    _check_bits(hardware, technology)
    inert, ranges = hardware.inert_parameters(technology), {**hardware.ranges, **RANGES}
    for name, parameter in parameters.items():
        if name in inert:
            raise UserError(f"parameters.{name}: {inert[name]}")
        if name not in known:
            raise UserError(
                f"parameters.{name}: neither {type(hardware).__name__} nor the network's operation has it{nearest(name, known)}"
            )
        _check_choice(name, parameter, hardware, run)
        _check_range(name, parameter, ranges.get(name))
    for left, names in hardware.choices.items():
        if left in parameters or left == "assignment" or len(names) == 1:
            continue
        options = ", ".join(names)
        raise UserError(f"parameters.{left}: nothing chooses among {options} (name one of them, or search it as a categorical parameter)")


def _check_bits(hardware: AbstractHardware, technology: Technology) -> None:
    """Cells hold no more bits than their kind can."""
    most = cells_in(technology).most_bits
    for name, engine in zip(getattr(hardware, "names", ("",)), getattr(hardware, "engines", (hardware,)), strict=True):
        if isinstance(engine, Crossbar) and np.max(engine.cell_bits) > most:
            place = f"hardware.engines.{name}.fixed.cell_bits" if name else "hardware.fixed.cell_bits"
            device = technology.parts.device if technology.parts is not None else technology.name
            held = f"{np.max(engine.cell_bits):g} bits are more than a cell of {device} holds"
            raise UserError(f"{place}: {held}: say {most:g}, weights of more bits take more cells")


def check_some_searched(parameters: Mapping[str, Parameter], geometries: Sequence[LayerWork]) -> None:
    """Per-layer parameters are of some use to some layer.

    Raises:
        UserError: names the first that is not.
    """
    inert = inert_entries(geometries)
    for name, parameter in parameters.items():
        if parameter.per_layer and all((name, layer) in inert for layer in range(len(geometries))):
            raise UserError(f"parameters.{name}: changes nothing in any of the network's layers")


def operation_of(layers: int, longest: int, fixed: Mapping[str, float], parameters: Mapping[str, Parameter]) -> Operation:
    """How the network is run, where no search decides; what one chooses by name begins with equal shares of its options.

    Raises:
        UserError: an unknown field or option (with the nearest), or a value that is not legal.
    """
    searched = {name: parameters[name] for name in CHOICES if name in parameters}
    names: dict[str, Any] = {}
    for name, parameter in searched.items():
        if not isinstance(parameter, Categorical):
            raise UserError(f"parameters.{name}: must be {{kind: categorical, options: [{', '.join(CHOICES[name])}]}}")
        for option in parameter.options:
            if option not in CHOICES[name]:
                raise UserError(f"parameters.{name}: unknown option {option!r}{nearest(option, CHOICES[name])}")
        names[name] = parameter.options
    for name, value in fixed.items():
        if name not in RANGES:
            raise UserError(f"network.operation.{name}: unknown field{nearest(name, list(RANGES))}")
        if (complaint := RANGES[name].complaint([value])) is not None:
            raise UserError(f"network.operation.{name}: {complaint}")
    if (steps := fixed.get("timesteps", longest)) > longest:
        raise UserError(f"network.operation: timesteps must be from 1 to the {longest} simulated, got {steps:g}")
    return Operation.of(layers, longest=longest, **{**fixed, **names})


def _check_range(name: str, parameter: Parameter, legal: LegalRange | None) -> None:
    """Every value that a search can give is legal, and one for each layer only where layers can differ."""
    if isinstance(parameter, Categorical):
        return
    ends = [float(parameter.relax(end)) for end in (0.0, 1.0)]
    if legal is None:
        # a chip of the user's own may have none
        return
    if parameter.per_layer and not legal.per_layer:
        raise UserError(f"parameters.{name}: is one value for the whole chip or run, no layer has its own (leave out per_layer)")
    # a switch of what is no switch would be read as the numbers 0 and 1
    if isinstance(parameter, Gate) != (name == "gate"):
        what = "is a switch: {kind: gate}" if name == "gate" else f"is a number from {legal.low:g} to {legal.high:g}, no switch"
        raise UserError(f"parameters.{name}: {what}")
    options = parameter.options if isinstance(parameter, Choice) else ()
    # a continuous grid is not whole even where its ends are
    if legal.whole and isinstance(parameter, Continuous):
        low, high = math.ceil(ends[0]), math.floor(ends[1])
        raise UserError(f"parameters.{name}: has whole numbers only: {{kind: integer, low: {low}, high: {high}}}")
    if (complaint := legal.complaint([*ends, *options])) is not None:
        raise UserError(f"parameters.{name}: {complaint}")


def _check_choice(name: str, parameter: Parameter, hardware: AbstractHardware, run: Operation) -> None:
    """Categorical parameters, and only these, are for what a chip or a run chooses by name."""
    options = {**hardware.choices, **run.choices}.get(name)
    if options is None and isinstance(parameter, Categorical):
        known = ", ".join(hardware.choices) or "nothing"
        raise UserError(f"parameters.{name}: is a number, not a choice of names ({type(hardware).__name__} leaves {known} to choose)")
    layered = name == "assignment"  # every layer runs somewhere
    fits = isinstance(parameter, Categorical) and parameter.options == options and (parameter.per_layer or not layered)
    if options is not None and not fits:
        suffix, names = ", per_layer: true" if layered else "", ", ".join(options) if len(options) > 1 else "two names or more"
        raise UserError(f"parameters.{name}: must be {{kind: categorical, options: [{names}]{suffix}}}")
    if not isinstance(parameter, Categorical) or not parameter.per_layer:
        return
    if name in WHOLE:
        raise UserError(f"parameters.{name}: is one value for the whole network, no layer has its own (leave out per_layer)")
    if name not in CHOICES and not _may_differ(name, hardware):
        raise UserError(f"parameters.{name}: is one value for the whole chip or engine, no layer has its own (leave out per_layer)")


def check_built(named: Mapping[str, str], network: SpikingNetwork) -> None:
    """What a run decides about inputs and neurons is something that the network has.

    Args:
        named: what is decided, and where a config says so.
        network: as it is built.

    Raises:
        UserError: names what would have to be built otherwise.
    """
    if "input_code" in named and not isinstance(network.encoding, Direct | Encoded):
        kind = type(network.encoding).__name__.lower()
        raise UserError(
            f"parameters.input_code: these data have a time axis of their own and enter as {kind}, codes are for frames (leave it out)"
        )
    firings = [module.parts.firing for _, module in nnx.iter_graph(network) if isinstance(module, AbstractNeuron)]
    for name, firing, option in (("firing_temperature", Stochastic, "stochastic"), ("payload_bits", Graded, "graded")):
        if name in named and not any(isinstance(each, firing) for each in firings):
            own = type(firings[0]).__name__.lower() if firings else "no"
            raise UserError(f"{named[name]}.{name}: changes nothing, neurons have {own} firing (network.options: {{firing: {option}}})")


def _may_differ(name: str, hardware: AbstractHardware) -> bool:
    """Whether layers may choose each for themselves: the engine that they run on, and what the family says; of own families unknown."""
    engine, _, field = name.rpartition(".")
    owner = dict(zip(getattr(hardware, "names", ()), getattr(hardware, "engines", ()), strict=True))[engine] if engine else hardware
    return field not in owner.named or owner.named[field].per_layer


def check_visits(hardware: AbstractHardware, network: nnx.Module) -> None:
    """Neurons that are visited on events alone change with nothing else.

    Raises:
        UserError: names what would move them without an event.
    """
    engines = getattr(hardware, "engines", (hardware,))
    waiting = [engine for engine in engines if isinstance(engine, ManyCore) and any(isinstance(each, OnEvents) for each in engine.visits)]
    if not waiting:
        return
    where = "hardware.fixed.updates" if any(len(engine.visits) == 1 for engine in waiting) else "parameters.updates"
    for _, module in nnx.iter_graph(network):
        if isinstance(module, Synapses) and module.bias is not None:
            raise UserError(
                f"{where}: layer {module.geometry.name!r} adds a bias in every step, on_events would miss it "
                "(use every_step, or a network without a norm)"
            )
        if isinstance(module, AbstractNeuron) and not isinstance(module, IntegrateAndFire | LeakyNeuron):
            kind = type(module).__name__
            raise UserError(f"{where}: {kind} changes in every step, on_events would miss it (use every_step, or neurons if or lif)")
        if isinstance(module, AbstractNeuron) and isinstance(module.parts.firing, Stochastic):
            raise UserError(f"{where}: stochastic neurons may fire without an event (use every_step, or binary firing)")


WHOLE: Final = ("input_code",)
"""Choices of a run that are made once for all layers."""


@eqx.filter_jit
def _excess(hardware: AbstractHardware, workload: Workload, technology: Technology) -> jax.Array:
    return hardware.cost(workload, technology).excess


def check_chip(hardware: AbstractHardware, geometries: Sequence[LayerWork], technology: Technology, *, fixed: bool) -> None:
    """The chip can run every layer, the technology can price it, and make it.

    Args:
        hardware: the chip.
        geometries: the network's layers.
        technology: prices.
        fixed: whether nothing that a search decides changes what the chip asks for.

    Raises:
        UserError: names layer, constant, or by how much too much is asked for.
    """
    for geometry in geometries:
        reason = hardware.unsupported(geometry)
        if reason is not None:
            able = ", ".join(name for name, family in REGISTRY.items() if name != "hybrid" and family.of().supports(geometry))
            what = f"{type(hardware).__name__} cannot run layer {geometry.name!r} ({geometry.kind}): {reason}"
            raise UserError(f"hardware.kind: {what} (these can, alone or as engines of a hybrid: {able})")
    workload = Workload.of(geometries)
    try:
        for engine in getattr(hardware, "engines", (hardware,)):
            check_cells(engine)
        if not fixed:
            # what it asks for is not known yet: whether it can be priced is, without a program
            jax.eval_shape(lambda: hardware.cost(workload, technology).excess)
            return
        excess = float(_excess(hardware, workload, technology))
    except BasisError as error:
        raise UserError(f"hardware.technology: {error}") from None
    except KeyError as error:
        analog = any(isinstance(part, Crossbar) for part in (hardware, *getattr(hardware, "engines", ())))
        if analog and technology.parts is not None and technology.parts.device == "none":
            what = (
                f"a crossbar needs a memory device: rram_*, pcm_*, sram_8t_* or {{process: .., device: ..}}, {technology.name!r} names none"
            )
            raise UserError(f"hardware.technology: {what}") from None
        # as text, a KeyError has quotes around its message
        raise UserError(f"hardware.technology: {error.args[0]}") from None
    except (ValueError, TypeError) as error:
        raise UserError(f"hardware.fixed: {one_line(error)}") from None
    if excess > LEGAL:
        raise UserError(
            f"hardware.fixed: the chip asks for {np.exp(excess):.3g} times what {technology.name} can do "
            "(the clock that its memories follow, or what fits without off-chip memory)"
        )


def limits_of(
    constraints: Mapping[str, float], objectives: tuple[AbstractObjective, ...], others: Mapping[str, AbstractObjective] | None = None
) -> tuple[Constraint, ...]:
    """Bounds with their objectives.

    Args:
        constraints: bounds by name.
        objectives: those of the study; by its name alone, one of an import path is found nowhere else.
        others: objectives that were found already, by what a config calls them.

    Raises:
        UserError: an unknown objective, a bound that nothing can be compared with, or a share beyond 1; objectives of different ages.
    """
    limits = []
    for name, bound in constraints.items():
        try:
            found = next((objective for objective in objectives if objective.name == name), None) or (others or {}).get(name) or find(name)
            limits.append(Constraint(found, bound))
        except (UserError, ValueError) as error:
            raise UserError(f"constraints.{name}: {error}") from None
        if found.answers and not found.logarithmic and found.unit == "1" and not 0 <= bound <= 1:
            raise UserError(f"constraints.{name}: is a share from 0 to 1, not per cent, got {bound:g}")
    _check_ages((*objectives, *(limit.objective for limit in limits)))
    return tuple(limits)


def _check_ages(objectives: tuple[AbstractObjective, ...]) -> None:
    """One age at most: an evaluation holds the answers at one time after programming."""
    ages = {objective.name: objective.age_s for objective in objectives if objective.age_s is not None}
    if len(set(ages.values())) > 1:
        told = ", ".join(f"{name} after {age:g} s" for name, age in ages.items())
        raise UserError(f"objectives: a study measures one age, not several ({told})")


def rehearse(problem: Any) -> None:
    """One evaluation of the problem by shapes alone: what would not fit together, or cannot be computed, is told before anything runs.

    Raises:
        UserError: what does not fit, or the objective that fails.
    """
    few = problem.dataset.train
    inputs = jax.ShapeDtypeStruct((2, *few.inputs.shape[1:]), jnp.float32)
    batch: Any = Batch(inputs, jax.ShapeDtypeStruct((2, *few.labels.shape[1:]), jnp.int32))  # type: ignore[arg-type]
    latents = {name: jax.ShapeDtypeStruct(problem.space.shape(name), jnp.float32) for name in problem.space.parameters}
    key = jax.random.key(0)

    def evaluated(state: Any, point: Any, samples: Any, chip: Any) -> Any:
        return problem.evaluate(problem.place(state, problem.space.relax(point)), samples, chip, exact=True)

    try:
        found = jax.eval_shape(evaluated, jax.eval_shape(problem.build, key), latents, batch, key)
    except KeyError as error:
        raise UserError(f"hardware.technology: {one_line(error.args[0])}") from None
    except (ValueError, TypeError, IndexError, AssertionError, ArithmeticError) as error:
        raise UserError(f"network: cannot be run on this chip: {one_line(error)}") from None
    for index, objective in enumerate(problem.objectives):
        try:
            value = jax.eval_shape(objective, found)
            jax.eval_shape(objective.relaxed, found)
        # of the user's own: whatever it is, it is theirs to mend
        except Exception as error:
            raise UserError(f"objectives.{index}: {objective.name} fails: {type(error).__name__}: {one_line(error)}") from None
        if getattr(value, "shape", None) != ():
            raise UserError(f"objectives.{index}: {objective.name} must be one number, got shape {getattr(value, 'shape', None)}")


def one_line(error: object) -> str:
    """The first line of a message, short enough to read."""
    text = str(error).strip()
    return text.splitlines()[0][:300] if text else type(error).__name__
