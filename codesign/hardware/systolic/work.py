"""What one inference does on a systolic array: cycles, multiply-accumulates, updates, traffic; counts only, no prices."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.hardware.parameters.pieces import pieces
from codesign.hardware.parameters.shares import sharpened
from codesign.hardware.systolic.dataflow import AbstractDataflow, Grid
from codesign.hardware.systolic.products import products
from codesign.hardware.systolic.traffic import Memories, Traffic, count_traffic, has_neurons, is_pool, operand_bits, pooled_elements
from codesign.hardware.systolic.zeros import AbstractZeros
from codesign.numerics import safe_divide
from codesign.workloads.workload import Workload


class Build(NamedTuple):
    """What an array is built of, as far as it counts."""

    grid: Grid
    memories: Memories
    zeros: AbstractZeros
    closed: bool


class Work(NamedTuple):
    """What one inference does on the array, per layer.

    Attributes:
        cycles: of the array, over all timesteps.
        products: multiply-accumulates, zeros included.
        streamed: share of them in vectors that take a cycle.
        vectors: that enter the array, or are skipped.
        updates: neuron updates, or activations.
        traffic: bits moved.
        registers: bits written per multiply-accumulate: those that move every cycle, and those that a zero operand leaves alone.
    """

    cycles: Float[Array, " layers"]
    products: Float[Array, " layers"]
    streamed: Float[Array, " layers"]
    vectors: Float[Array, " layers"]
    updates: Float[Array, " layers"]
    traffic: Traffic
    registers: tuple[Float[Array, " layers"], Float[Array, " layers"]]


def mixed_work(
    dataflows: Sequence[AbstractDataflow], shares: Float[Array, "*layers options"], build: Build, workload: Workload, hardness: ArrayLike
) -> Work:
    """The work in each dataflow, weighed by their shares."""
    works = [work_in(dataflow, build, workload, hardness) for dataflow in dataflows]
    # nothing to weigh: the mixture would be in every program for a factor of 1
    if len(works) == 1:
        return works[0]
    weights = sharpened(jnp.broadcast_to(shares, (len(workload), len(works))), hardness)
    # counts are mixed and priced once; exact where one share is 1
    return jax.tree.map(lambda *parts: sum(weights[:, i] * part for i, part in enumerate(parts)), *works)


def work_in(dataflow: AbstractDataflow, build: Build, workload: Workload, hardness: ArrayLike) -> Work:
    """The work in one dataflow."""
    shape, timesteps = products(workload), workload.timesteps
    passes = dataflow.one_step(shape, build.grid, hardness)
    streamed = build.zeros.streamed(workload.input_rate, passes.vector)
    together = dataflow.together(shape, timesteps)
    # `together` steps stream through a fold; groups and heads follow one another
    array = timesteps / together * jnp.sum(shape.repeats * passes.cycles(together, streamed), axis=0)
    pooling = timesteps * pieces(pooled_elements(workload), build.grid.columns, hardness)
    each = shape.repeats * shape.positions * shape.fan_in * shape.outputs * timesteps
    done = jnp.sum(each, 0)
    return Work(
        cycles=jnp.where(is_pool(workload), pooling, array),
        products=done,
        # pooling multiplies nothing
        streamed=safe_divide(jnp.sum(each * streamed, 0), done),
        vectors=timesteps * jnp.sum(shape.repeats * passes.folds * passes.stream, axis=0),
        updates=has_neurons(workload) * workload.static("neurons_out") * timesteps,
        traffic=count_traffic(build.memories, dataflow, workload, shape, passes, hardness, build.closed),
        registers=dataflow.register_bits(operand_bits(workload)),
    )
