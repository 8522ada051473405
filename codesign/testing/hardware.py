"""What every hardware model keeps to: finite costs that add up, one compilation, a smooth form that tends to the exact one, gradients."""

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from codesign.cost import Cost
from codesign.hardware.base import AbstractHardware
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload

HARDNESSES = (0.0, 0.5, 1.0)
# still the smooth branch, and within 2e-3 of the exact one
_ALMOST_HARD = 1 - 1e-5
# the checks compile much and run little
QUICK_TO_COMPILE = {"xla_backend_optimization_level": 0}


def check_hardware(hardware: AbstractHardware, workload: Workload, technology: Technology) -> None:
    """Check a hardware model on one workload.

    Properties: costs are finite, the workload costs energy, no entry is negative, utilisation lies within [0, 1]; the breakdown sums to the
    totals; it compiles once for all values of parameters, rates, bits, timesteps and hardness; it maps over designs and workloads; the
    smooth model tends to the exact one; gradients with respect to every parameter and property are finite, at zero and at full activity
    too.

    Args:
        hardware: the chip; its floating-point array leaves are its parameters.
        workload: layers it supports.
        technology: prices that have what it needs.

    Raises:
        AssertionError: a property does not hold; the message names it.
        UnsupportedLayerError: the chip says it cannot run a layer.
    """
    hardware.require(workload)
    traces: list[int] = []

    def cost(both: tuple[AbstractHardware, Workload], hardness: Array) -> Cost:
        traces.append(1)
        return both[0].cost(both[1], technology, hardness)

    run = _jit(cost, (hardware, workload))
    # one chip with other parameters: values must not compile anew
    points = [(hardware, point) for point in _activities(workload)] + [(_scaled(hardware, 1.01), workload)]
    for both in points:
        for hardness in HARDNESSES:
            check_cost(run(both, jnp.float32(hardness)))
    assert float(run((hardware, workload), jnp.float32(1)).energy) > 0, "the workload costs no energy"
    assert len(traces) == 1, f"cost was traced {len(traces)} times over changing values; keep every number an array leaf"
    _check_limit(run((hardware, workload), jnp.float32(_ALMOST_HARD)), run((hardware, workload), jnp.float32(1)))
    _check_vmap(hardware, workload, technology, run((hardware, workload), jnp.float32(0.5)))
    check_gradients(hardware, workload, technology)


def check_cost(cost: Cost) -> None:
    """Check one cost: finite, nowhere negative, consistent with itself. A model without latency or area gives 0.

    Raises:
        AssertionError: names what is wrong and where.
    """
    for name in ("energy_pj", "latency_ns", "area_um2", "utilisation"):
        values = np.asarray(getattr(cost, name))
        assert np.all(np.isfinite(values)), f"{name} is not finite: {values}"
        assert np.all(values >= 0), f"{name} is negative: {values.min()}"
    # a share that is computed may exceed 1 by a rounding
    assert np.all(np.asarray(cost.utilisation) <= 1 + 1e-5), f"utilisation above 1: {cost.utilisation}"
    assert cost.energy_pj.shape == (len(cost.layers), len(cost.components)), f"energy has shape {cost.energy_pj.shape}"
    table = cost.to_table()
    # the table adds up in float64, the cost in float32
    for column, total in (("energy_pj", cost.energy), ("latency_ns", cost.latency), ("area_um2", cost.area)):
        assert np.isclose(table[column].sum(), float(total), rtol=1e-4), f"{column}: the breakdown does not sum to its total"
    for name, parts in (("by_layer", cost.by_layer()), ("by_component", cost.by_component())):
        assert np.isclose(sum(map(float, parts.values())), float(cost.energy), rtol=1e-4), f"{name} does not sum to the energy"


def check_gradients(hardware: AbstractHardware, workload: Workload, technology: Technology) -> None:
    """Check that gradients of log energy, latency and area are finite, at the given activity, none and full.

    Raises:
        AssertionError: names the leaf whose gradient is not finite.
    """

    def total(both: tuple[AbstractHardware, Workload], hardness: Array) -> Array:
        cost = both[0].cost(both[1], technology, hardness)
        # log1p, as a model may have no latency or no area
        return jnp.log1p(cost.energy) + jnp.log1p(cost.latency) + jnp.log1p(cost.area) + jnp.sum(cost.utilisation)

    gradient = _jit(eqx.filter_grad(total), (hardware, workload))
    for point in _activities(workload):
        for hardness in HARDNESSES:
            leaves = jax.tree_util.tree_leaves_with_path(gradient((hardware, point), jnp.float32(hardness)))
            for path, leaf in leaves:
                name = jax.tree_util.keystr(path[1:])
                assert np.all(np.isfinite(leaf)), f"the gradient of {name} is not finite at hardness {hardness}: {leaf}"


def _jit(function: Callable[[Any, Array], Any], like: Any) -> Callable[[Any, Array], Any]:
    """`function(tree, hardness)` compiled once for all values of the floating-point leaves of trees like `like`."""
    # strategies and names come from `like`, so only numbers pass through jit
    static = eqx.filter(like, eqx.is_inexact_array, inverse=True)
    compiled = jax.jit(lambda leaves, hardness: function(eqx.combine(leaves, static), hardness), compiler_options=QUICK_TO_COMPILE)
    return lambda tree, hardness: compiled(eqx.filter(tree, eqx.is_inexact_array), hardness)


def _activities(workload: Workload) -> list[Workload]:
    """The workload as it is, silent, and with every element active."""
    # the ends of the range, where divisions and logarithms give out
    none, full = jnp.zeros_like(workload.input_rate), jnp.ones_like(workload.input_rate)
    return [
        workload,
        dataclasses.replace(workload, input_rate=none, output_rate=none),
        dataclasses.replace(workload, input_rate=full, output_rate=full),
    ]


def _scaled(hardware: AbstractHardware, factor: float) -> Any:
    return jax.tree.map(lambda leaf: leaf * leaf.dtype.type(factor) if eqx.is_inexact_array(leaf) else leaf, hardware)


def _check_limit(almost: Cost, exact: Cost) -> None:
    for name in ("energy_pj", "latency_ns", "area_um2"):
        soft, hard = np.asarray(getattr(almost, name)), np.asarray(getattr(exact, name))
        # entries of almost nothing are held to a share of the mean entry, not to themselves
        floor = 1e-3 * hard.sum() / hard.size
        assert np.allclose(soft, hard, rtol=2e-3, atol=floor), f"{name} does not tend to the exact model: {soft} against {hard}"


def _check_vmap(hardware: AbstractHardware, workload: Workload, technology: Technology, expected: Cost) -> None:
    leaves, static = eqx.partition((hardware, workload), eqx.is_inexact_array)

    def cost(one: Any) -> Cost:
        chip, work = eqx.combine(one, static)
        return chip.cost(work, technology, 0.5)

    stacked = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), leaves)
    many = jax.jit(jax.vmap(cost), compiler_options=QUICK_TO_COMPILE)(stacked)
    for name in ("energy_pj", "latency_ns", "area_um2"):
        row, alone = np.asarray(getattr(many, name))[1], np.asarray(getattr(expected, name))
        assert np.allclose(row, alone, rtol=1e-3, atol=1e-6 * alone.max()), (
            f"{name} differs when mapped over designs: {row} against {alone}"
        )
