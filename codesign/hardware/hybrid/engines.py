"""What an engine costs for its share of every layer."""

import dataclasses
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.cost import Cost
from codesign.hardware.base import AbstractHardware
from codesign.hardware.hybrid.transfer import any_of
from codesign.hardware.partial import AbstractPartialHardware
from codesign.numerics import safe_divide
from codesign.technology.technology import Technology
from codesign.workloads.workload import LayerWork, Workload


class EngineCost(NamedTuple):
    """An engine's part of the chip's cost, weighed by its share; leakage is apart, as it lasts while the other engines run.

    Attributes:
        components: all but leakage.
        energy_pj, latency_ns, utilisation: by layer.
        area_um2: by component.
        leakage_mw: of the engine, as far as any layer is on it.
        excess: as `Cost.excess`, as far as any layer is on it.
    """

    components: tuple[str, ...]
    energy_pj: Float[Array, "layers components"]
    latency_ns: Float[Array, " layers"]
    utilisation: Float[Array, " layers"]
    area_um2: Float[Array, " components"]
    leakage_mw: Float[Array, ""]
    excess: Float[Array, ""]


def engine_cost(
    engine: AbstractHardware, workload: Workload, technology: Technology, share: Float[Array, " layers"], hardness: ArrayLike
) -> EngineCost:
    """Cost of an engine that holds a share of every layer."""
    held = _runnable(engine, workload)
    if isinstance(engine, AbstractPartialHardware):
        # area and leakage power already follow the share
        found = _split(*_in_runs(engine, held, technology, share, hardness), share)
        # a clock that nothing runs at harms nobody
        return found._replace(excess=found.excess * any_of(share))
    cost = engine.cost(held, technology, hardness)
    # such an engine is not built in part: a single layer in full already pays for all of it
    used = any_of(share)
    part = eqx.tree_at(lambda c: c.area_um2, cost, cost.area_um2 * used)
    found = _split(part, share[:, None] * cost.energy_pj, share * cost.latency_ns, share)
    return found._replace(leakage_mw=found.leakage_mw * used, excess=found.excess * used)


def _split(cost: Cost, energy_pj: Array, latency_ns: Array, share: Array) -> EngineCost:
    """The engine's cost with its leakage taken out, as power."""
    leaking = np.asarray([name.endswith("leakage") for name in cost.components])
    rest = np.flatnonzero(~leaking)
    power = safe_divide(jnp.sum(cost.energy_pj[:, np.flatnonzero(leaking)]), jnp.sum(cost.latency_ns))
    names = tuple(cost.components[index] for index in rest)
    return EngineCost(names, energy_pj[:, rest], latency_ns, share * cost.utilisation, cost.area_um2[rest], power, cost.excess)


def _in_runs(
    engine: AbstractPartialHardware, workload: Workload, technology: Technology, share: Array, hardness: ArrayLike
) -> tuple[Cost, Float[Array, "layers components"], Float[Array, " layers"]]:
    """All of the engine; energy and time run by run: it overlaps its layers, but not across one that another engine has to finish first."""
    runs = _runs(share)
    # one program for all runs and for the whole share
    costs = jax.vmap(lambda held: engine.partial_cost(workload, technology, held, hardness))(jnp.concatenate([runs, share[None]]))
    whole = jax.tree.map(lambda leaf: leaf[-1], costs)
    return whole, jnp.sum(runs[:, :, None] * costs.energy_pj[:-1], 0), jnp.sum(runs * costs.latency_ns[:-1], 0)


def _runs(share: Float[Array, " layers"]) -> Float[Array, "runs layers"]:
    """Share of each layer in the run that begins with each layer; over all runs it sums to the layer's own share.

    Were layers placed independently by their shares: not on the engine before the run's first layer, and on it from there on.
    """
    layers = share.shape[0]
    within = np.arange(layers) >= np.arange(layers)[:, None]
    begins = jnp.concatenate([jnp.ones(1, share.dtype), 1 - share[:-1]])
    return begins[:, None] * within * jnp.cumprod(jnp.where(within, share, 1), axis=1)


def _runnable(engine: AbstractHardware, workload: Workload) -> Workload:
    """The workload with a single synapse in place of each layer that the engine cannot run (its share of those is 0)."""
    # replaced and not left out: shares and costs of all engines have one entry per layer
    layers = tuple(layer if engine.supports(layer) else LayerWork(layer.name, "dense", 1, 1, neuron=layer.neuron) for layer in workload)
    return dataclasses.replace(workload, layers=layers)
