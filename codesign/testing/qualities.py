"""What a design is judged by: energy, latency, area, error and legality, less being better."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.analog.arrays.array import analog_matmul
from codesign.evaluation.arithmetic import arrays_of
from codesign.evaluation.devices import ageing_of
from codesign.hardware.base import AbstractHardware
from codesign.network.operation import Operation
from codesign.technology.technology import Technology
from codesign.testing.designs import Values, placed
from codesign.testing.hardware import QUICK_TO_COMPILE
from codesign.workloads.workload import Workload

QUALITIES: Final = ("energy", "latency", "area", "error", "legality")
Error = Callable[[Any], ArrayLike]
Legality = Callable[[Any, Workload], ArrayLike]

_FAN_IN: Final = 256
_OUTPUTS: Final = 16
_BATCH: Final = 16
_FULL_SCALE: Final = 0.1  # share of the largest sum, with which layers of `codesign.network` begin


def arithmetic_error(technology: Technology, workload: Workload, rows: Sequence[float]) -> Error:
    """The error of a layer of random weights and spikes as a chip computes it, over the exact result (root mean squares).

    Args:
        technology: physical constants.
        workload: says which layers have weights; parameters of the first one are used.
        rows: all numbers of rows that occur.
    """
    rng = np.random.default_rng(0)
    weights = jnp.asarray(rng.uniform(-1, 1, (_FAN_IN, _OUTPUTS)), jnp.float32)
    spikes = jnp.asarray(rng.random((_BATCH, _FAN_IN)) < 0.2, jnp.float32)
    # a chip without rows has none to cut at
    granularity = math.gcd(*(int(number) for number in rows)) if len(rows) else 1
    operation = Operation.of(len(workload), longest=1)
    weighted = next((index for index, layer in enumerate(workload) if layer.has_weights), 0)

    def error(chip: Any) -> Array:
        array = arrays_of(chip, technology, operation, True, granularity, ageing_of(chip, technology))[weighted]
        # one key: all designs have the same noise, so that what differs is the design
        found = analog_matmul(spikes, weights, array, jax.random.key(0), full_scale_share=_FULL_SCALE)
        exact = spikes @ weights
        return jnp.sqrt(jnp.mean((found - exact) ** 2) / jnp.mean(exact**2))

    return error


def always_legal(chip: Any, workload: Workload) -> float:
    """Nothing is forbidden but what `Cost.excess` says; a cost that is not finite counts as illegal all the same."""
    return 0.0


def measure(
    hardware: AbstractHardware,
    technology: Technology,
    points: Values,
    workloads: Workload,
    error: Error,
    legality: Legality,
) -> Float[np.ndarray, "moves designs qualities"]:
    """The qualities of many designs, in one compiled program.

    Args:
        hardware: the chip.
        technology: prices.
        points: values of its parameters, `[moves, designs, ...]` each.
        workloads: what each design runs, `[designs, layers]` each.
        error: of a chip.
        legality: of a chip for a workload; above 0 where it may not be built.
    """

    def one(values: Mapping[str, Array], workload: Workload) -> Array:
        chip = placed(hardware, values)
        cost = chip.cost(workload, technology)
        priced = jnp.stack([cost.energy, cost.latency, cost.area, jnp.asarray(error(chip), cost.energy.dtype)])
        broken = jnp.maximum(jnp.asarray(legality(chip, workload), priced.dtype), cost.excess)
        return jnp.append(priced, jnp.where(jnp.all(jnp.isfinite(priced)), broken, jnp.inf))

    def every(moves: Mapping[str, Array], workloads: Workload) -> Array:
        # move by move: all at once would hold the random layer of each
        return jax.lax.map(lambda values: jax.vmap(one)(values, workloads), moves)

    moves = {name: jnp.asarray(value, jnp.float32) for name, value in points.items()}
    return np.asarray(jax.jit(every, compiler_options=QUICK_TO_COMPILE)(moves, workloads), np.float64)
