"""What a unit's designs have in common, for spec sheets: its layers, and what of chip and operation was not searched."""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, Final

import jax
import numpy as np
from flax import nnx

from codesign.hardware.base import AbstractHardware
from codesign.hardware.registry import REGISTRY
from codesign.network.operation import RANGES
from codesign.parameters.legal import LegalRange
from codesign.workloads.workload import LayerWork
from search.problem.problem import Problem

# of an operation that leaves them out: all layers spike, and answers come after all steps
_LEFT_OUT: Final = {"gate": 1.0, "exit_entropy": 0.0}
_UNITS: Final = {"inferences_per_s": "1/s"}  # of what has no legal range

Described = dict[str, Any]  # `value` (a number, a name, or a list with one for each layer) and `unit` ("" of a name)


def layers(problem: Problem) -> list[dict[str, Any]]:
    """One entry per layer; shapes are channels x height x width.

    Returns:
        `name`, `kind`, `neuron`, `input` and `output` shapes, `kernel` (height, width), `stride`, `groups`, `fan_in`, `weights`,
        `macs` (multiply-accumulates per step) and `outputs` (elements per step).
    """
    network = nnx.merge(problem.graph, jax.eval_shape(problem.build, jax.random.key(0)))
    return [_layer(work) for work in network.geometries]


def chip(problem: Problem) -> dict[str, Described]:
    """Parameters and options of the chip that were not searched, by name; `engine.name` of the engines of a hybrid chip."""
    found: dict[str, Described] = {"family": _family(problem.hardware), "technology": _named(problem.technology.name)}
    found |= _parameters(problem.hardware)
    return {name: value for name, value in found.items() if name not in problem.space.parameters}


def operation(problem: Problem) -> dict[str, Described]:
    """How the network is run, as far as that was not searched: time steps, bits, gates."""
    found: dict[str, Described] = {}
    for name in (*RANGES, "longest"):
        held = getattr(problem.operation, name)
        value = _LEFT_OUT.get(name) if held is None else held
        # what nothing chose is the network's own
        if value is not None and name not in problem.space.parameters:
            found[name] = _number(value, RANGES.get(name))
    return found


def _layer(work: LayerWork) -> dict[str, Any]:
    return {
        "name": work.name,
        "kind": work.kind,
        "neuron": work.neuron,
        "input": [work.channels_in, work.height_in, work.width_in],
        "output": [work.channels_out, work.height_out, work.width_out],
        "kernel": [work.kernel_height, work.kernel_width],
        "stride": work.stride,
        "groups": work.groups,
        "fan_in": work.fan_in,
        "weights": work.weights,
        "macs": work.macs,
        "outputs": work.neurons_out,
    }


def _parameters(hardware: AbstractHardware) -> dict[str, Described]:
    found: dict[str, Described] = {}
    for field in dataclasses.fields(hardware):
        held = getattr(hardware, field.name)
        if field.name in hardware.choices:
            found[field.name] = _choice(np.asarray(held), hardware.choices[field.name])
        elif isinstance(held, jax.Array) and held.size:
            found[field.name] = _number(held, hardware.ranges.get(field.name))
        elif isinstance(held, int | float):
            found[field.name] = _number(held, None) | ({"unit": _UNITS[field.name]} if field.name in _UNITS else {})
        elif isinstance(held, str):
            found[field.name] = _named(held)
        elif held is not None and not isinstance(held, jax.Array | tuple):
            # a strategy: its class says what is done
            found[field.name] = _named(_words(type(held)))
    for name, engine in zip(getattr(hardware, "names", ()), getattr(hardware, "engines", ()), strict=True):
        found[f"{name}.family"] = _family(engine)
        found |= {f"{name}.{parameter}": value for parameter, value in _parameters(engine).items()}
    return found


def _family(hardware: AbstractHardware) -> Described:
    """As configs call it; a class of the user's own by its name."""
    known = {family: name for name, family in REGISTRY.items()}
    return _named(known.get(type(hardware), _words(type(hardware))))


def _choice(shares: np.ndarray, options: tuple[str, ...]) -> Described:
    """The option that is taken; of shares that nothing has settled yet the shares."""
    if not np.all(np.max(shares, axis=-1) == 1):
        return {"value": {name: share.tolist() for name, share in zip(options, np.moveaxis(shares, -1, 0), strict=True)}, "unit": "1"}
    taken = np.argmax(shares, axis=-1)
    return {"value": options[int(taken)] if taken.ndim == 0 else [options[int(i)] for i in taken], "unit": ""}


def _number(value: Any, legal: LegalRange | None) -> Described:
    # as they were written: a float32 has seven digits
    plain = [float(f"{each:.7g}") for each in np.ravel(np.asarray(value)).tolist()]
    return {"value": plain if np.ndim(value) else plain[0], "unit": "1" if legal is None else legal.unit}


def _named(name: str) -> Described:
    return {"value": name, "unit": ""}


def _words(found: type) -> str:
    """The name of a class as words: `DifferentialColumns` becomes `differential columns`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", found.__name__).lower()


def stored(problem: Problem) -> Mapping[str, Any]:
    """All facts by the names they are stored under."""
    return {"layers": layers(problem), "chip": chip(problem), "operation": operation(problem)}
