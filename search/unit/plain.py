"""The network that a study's networks are compared with: of the same shape, without spikes, in as little time as the data allow."""

import dataclasses
from typing import Final

import jax
from flax import nnx

from codesign.network.encoding import Direct
from codesign.network.operation import RANGES, Operation
from codesign.parameters.integer import Integer
from codesign.parameters.space import Space
from search.designs.legal import Point
from search.objectives.registry import find
from search.problem.problem import Problem

_BITS: Final = ("weight_bits", "activation_bits")
_RUN: Final = frozenset(field.name for field in dataclasses.fields(Operation))


def plain(problem: Problem) -> Problem:
    """The problem of such a network: error and energy, on the chips of the study.

    Frames are looked at once. What has a time axis keeps its steps, over which layers take their mean.
    """
    network = nnx.merge(problem.graph, jax.eval_shape(problem.build, jax.random.key(0)))
    layers = problem.space.layers
    longest = 1 if isinstance(network.encoding, Direct) else problem.operation.longest
    run = dataclasses.replace(Operation.of(layers, longest=longest, gate=0.0), state_bits=problem.operation.state_bits)
    # bits as parameters and no constants: one compiled program serves all of them
    bits = {name: Integer(int(RANGES[name].low), int(RANGES[name].high)) for name in _BITS}
    own = {name: parameter for name, parameter in problem.space.parameters.items() if name not in _RUN}
    space = Space({**own, **bits}, layers, problem.space.inert)
    objectives = (find("error"), find("energy"))
    return dataclasses.replace(problem, operation=run, space=space, objectives=objectives, constraints={}, limits=())


def plain_point(problem: Problem, point: Point, bits: int) -> Point:
    """The chip of a design, with weights and activations of so many bits; `problem` is one of `plain`."""
    return {name: bits if name in _BITS else point[name] for name in problem.space.parameters}
