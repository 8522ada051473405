"""Random legal designs: values for the parameters of a chip, and something to run on it."""

import dataclasses
import difflib
import math
from collections.abc import Mapping
from typing import Any, Final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from codesign.hardware.base import AbstractHardware
from codesign.network.operation import Operation
from codesign.parameters.categorical import Categorical
from codesign.parameters.continuous import Continuous
from codesign.parameters.gate import Gate
from codesign.parameters.integer import Integer
from codesign.parameters.space import Parameter, Space
from codesign.workloads.workload import LayerWork, Workload, conv, dense, pool

Ranges = Space | Mapping[str, Parameter | tuple[float, float]]
Values = Mapping[str, NDArray[Any]]

# maps and kernels on both sides of the usual sizes of arrays, cores and buffers
_LAYERS: Final = (
    conv("first", 3, 32, 16),
    pool("pool", 32, 16),
    conv("wide", 32, 128, 8, stride=2),
    dense("large", 2048, 512),
    LayerWork("recurrent", "recurrent", 512 + 64, 64),
    dense("answers", 64, 10),
)


def default_workload(hardware: AbstractHardware) -> Workload:
    """A small network of every kind of layer that most chips run."""
    return Workload.of([layer for layer in _LAYERS if hardware.supports(layer)])


def parameters_of(hardware: AbstractHardware, ranges: Ranges) -> dict[str, Parameter]:
    """The parameters of a chip that a search may move, by name; those of the network are left out.

    Raises:
        ValueError: a name that neither the chip nor the network has (the message gives the nearest).
    """
    given = ranges.parameters if isinstance(ranges, Space) else ranges
    # what is chosen by name is known from the chip itself
    numbers = {name: _parameter(value) for name, value in given.items() if not isinstance(value, Categorical | Gate)}
    of_networks = {field.name for field in dataclasses.fields(Operation)}
    for name in numbers.keys() - of_networks:
        if not _has(hardware, name):
            near = difflib.get_close_matches(name, [field.name for field in dataclasses.fields(hardware)], 1, 0)
            raise ValueError(f"{type(hardware).__name__} has no parameter {name!r} (did you mean {near[0] if near else None!r}?)")
    return {name: parameter for name, parameter in numbers.items() if _has(hardware, name)}


def _parameter(given: Parameter | tuple[float, float]) -> Parameter:
    if not isinstance(given, tuple):
        return given
    low, high = given
    if isinstance(low, int) and isinstance(high, int):
        return Integer(low, high, log=low > 0)
    return Continuous(low, high, log=low > 0)


def _has(hardware: Any, name: str) -> bool:
    try:
        return eqx.is_inexact_array(part(hardware, name))
    except (AttributeError, ValueError):
        return False


def part(hardware: Any, name: str) -> Any:
    """A field of a chip; `engine.parameter` is that of one engine of a hybrid one."""
    engine, _, field = name.rpartition(".")
    return getattr(hardware.engines[hardware.names.index(engine)] if engine else hardware, field)


def placed(hardware: Any, values: Mapping[str, Array]) -> Any:
    """The chip with some parameters replaced."""
    return eqx.tree_at(lambda chip: [part(chip, name) for name in values], hardware, list(values.values())) if values else hardware


def draw_values(parameters: Mapping[str, Parameter], layers: int, designs: int, rng: np.random.Generator) -> Values:
    """Legal values, spread over each parameter's own scale: `[designs]`, or `[designs, layers]` where each layer has one."""

    def draw(parameter: Parameter) -> NDArray[np.float64]:
        shape = (designs, layers) if parameter.per_layer else (designs,)
        relaxed = np.asarray(parameter.relax(rng.random(shape)), np.float64)
        return np.vectorize(parameter.harden, otypes=[np.float64])(relaxed)

    return {name: draw(parameter) for name, parameter in parameters.items()}


def bounds(parameter: Parameter) -> dict[str, float]:
    """The lowest and the highest legal value."""
    return {side: parameter.harden(float(parameter.relax(z))) for side, z in (("low", 0.0), ("high", 1.0))}


def draw_choices(hardware: AbstractHardware, designs: int, rng: np.random.Generator) -> Values:
    """One option for everything that the chip chooses by name, as shares: `[designs, ..., options]`."""

    def draw(name: str, options: tuple[str, ...]) -> NDArray[np.float64]:
        shape = part(hardware, name).shape[:-1]
        return np.eye(len(options))[rng.integers(len(options), size=(designs, *shape))]

    return {name: draw(name, options) for name, options in hardware.choices.items()}


def chosen(hardware: AbstractHardware, values: Values) -> dict[str, NDArray[Any]]:
    """The options' names in place of their shares, for people."""
    return {name: np.asarray(options)[values[name].argmax(-1)] for name, options in hardware.choices.items()}


def draw_workloads(workload: Workload, designs: int, rng: np.random.Generator) -> Workload:
    """The same layers run in other ways, `[designs, layers]` each: rates, bits, steps, and which layers spike."""
    shape = (designs, len(workload))
    spiking = rng.integers(2, size=shape)
    steps = rng.integers(1, 9, size=(designs, 1))
    numbers = rng.integers(2, size=shape)  # half of the layers hear spikes, the others numbers
    drawn = {
        "input_rate": _log_uniform(0.01, 1, shape, rng),
        "output_rate": _log_uniform(0.01, 1, shape, rng),
        "timesteps": np.where(spiking, steps, 1),
        "spiking": spiking,
        "weight_bits": rng.integers(2, 9, size=shape),
        "activation_bits": np.where(numbers, rng.integers(2, 9, size=shape), 1),
        "state_bits": rng.integers(6, 17, size=shape),
        "weight_density": _log_uniform(0.1, 1, shape, rng),
        "weight_magnitude": _log_uniform(0.1, 1, shape, rng),
        # half of the networks may answer early, and ask so after every step
        "exit_checks": (np.arange(len(workload)) == len(workload) - 1) * steps * rng.integers(2, size=(designs, 1)),
        "encoded": np.ones(shape),
    }
    leaves: dict[str, Any] = {name: jnp.asarray(value, jnp.float32) for name, value in drawn.items()}
    return dataclasses.replace(workload, **leaves)


def _log_uniform(low: float, high: float, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    return np.exp(rng.uniform(math.log(low), math.log(high), shape))
