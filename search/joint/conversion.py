"""Conversion, then co-design: a search that starts from the weights of a converted network instead of random ones.

problem = make_problem(...)                   # the chip, what is searched, and the operation the network was trained with
problem = from_quantised(problem, network)    # its spiking twin, ready for `JointSearch` and for `Hardener.finetune`
"""

import dataclasses
import math

import jax
from flax import nnx

from codesign.evaluation.conversion import converted_design
from codesign.network.network import SpikingNetwork
from codesign.workloads.workload import with_neurons
from search.errors import UserError
from search.problem.problem import Problem


def from_quantised(problem: Problem, network: SpikingNetwork) -> Problem:
    """The problem with a converted network in place of its own: every member starts with the same weights, on chips of its own.

    Args:
        problem: its operation is the one `network` was trained with (gates of 0, whole activation bits).
        network: a trained quantised-ReLU network of the problem's layers.

    Raises:
        UserError: other layers than the problem's, or a bound of `timesteps` beyond the steps of the conversion.
        ValueError: a layer that cannot be converted, or activation bits that are not whole.
    """
    # geometries are the network's, not the graph's: any weights will do
    expected = nnx.merge(problem.graph, problem.build(0)).geometries
    # the conversion gives them neurons of its own
    if with_neurons(network.geometries, "if") != with_neurons(expected, "if"):
        names = [layer.name for layer in expected]
        raise UserError(f"the network's layers differ from the problem's ({', '.join(names)}): other names or shapes")
    graph, design = converted_design(network, problem.operation, problem.hardware)
    timesteps = problem.space.parameters.get("timesteps")
    most = 0.0 if timesteps is None else timesteps.harden(math.inf)
    if most > design.operation.longest:
        raise UserError(f"parameters.timesteps: high {most:g} exceeds the {design.operation.longest} steps of the conversion")

    def build(seed: jax.Array | int) -> nnx.State:
        # whatever the seed: members begin with what was trained, and differ by their wishes and chips
        return design.network

    return dataclasses.replace(problem, graph=graph, operation=design.operation, build=build)
