"""A population's members: how they are mapped over, shared among devices, framed and given up."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Key
from numpy.typing import NDArray

from search.pareto import hypervolume, non_dominated
from search.problem import Problem
from search.scalarise import Frame

MEMORY = 0.5  # of the frame: it follows the front slowly enough to descend by


class Member(NamedTuple):
    """One member: weights, chip (as latents in [0, 1]) and its optimisers' states."""

    network: nnx.State
    latents: dict[str, Array]
    network_optimiser: Any
    latent_optimiser: Any


Mapping = Callable[[Callable[[Any], Any], Any], Any]


def one_by_one(function: Callable[[Any], Any], inputs: Any) -> Any:
    """Members in turn: on a CPU, batching products over different weights is slower than a loop."""
    return jax.lax.map(function, inputs)


def side_by_side(function: Callable[[Any], Any], inputs: Any) -> Any:
    """Members as one batch: for accelerators."""
    return jax.vmap(function)(inputs)


def mapping(population_axis: str) -> Mapping:
    """How to map over members: `loop`, `vmap`, or `auto` by the default device."""
    if population_axis == "auto":
        population_axis = "loop" if jax.default_backend() == "cpu" else "vmap"
    return {"loop": one_by_one, "vmap": side_by_side}[population_axis]


def spread_over_devices(stacked: Any, over: Mapping) -> Any:
    """Members shared among all devices where they are mapped side by side and divide evenly; else as they are."""
    devices = jax.devices()
    count = jax.tree.leaves(stacked)[0].shape[0]
    if over is not side_by_side or len(devices) == 1 or count % len(devices):
        return stacked
    return jax.device_put(stacked, NamedSharding(Mesh(np.asarray(devices), ("members",)), PartitionSpec("members")))


def uniform_like(latents: dict[str, Array], key: Key[Array, ""]) -> dict[str, Array]:
    """Random latents of the same shapes."""
    keys = jax.random.split(key, len(latents))
    return {name: jax.random.uniform(k, z.shape, z.dtype) for (name, z), k in zip(latents.items(), keys, strict=True)}


def broadcast(population: Any) -> Any:
    """Every member with the weights of the first, and its optimiser's memory of them."""

    def first(leaf: Array) -> Array:
        return jnp.broadcast_to(leaf[:1], leaf.shape)

    one = population.members
    shared = one._replace(network=jax.tree.map(first, one.network), network_optimiser=jax.tree.map(first, one.network_optimiser))
    return population._replace(members=shared)


def broadcast_metrics(metrics: Any) -> Any:
    """Metrics of the first member for all, but for what each has seen on its own chip."""
    shared = [jnp.broadcast_to(x[:1], x.shape) for x in (metrics.loss, metrics.objectives)]
    return metrics._replace(loss=shared[0], objectives=shared[1])


def framed(frame: Frame, relaxed: NDArray[np.float64], *, only_front: bool) -> Frame:
    """The frame after a look at the members' relaxed objectives.

    Args:
        frame: the present one.
        relaxed: `[population, objectives]`, NaN for members that do not count.
        only_front: dominated members are left out, and the frame moves a part of the way; otherwise (random chips) it spans all.
    """
    usable = relaxed[np.all(np.isfinite(relaxed), axis=1)]
    if not len(usable):
        return frame
    front = usable[non_dominated(usable)] if only_front else usable
    keep = MEMORY if only_front else 0.0
    ideal = keep * np.asarray(frame.ideal) + (1 - keep) * front.min(axis=0)
    nadir = keep * np.asarray(frame.nadir) + (1 - keep) * front.max(axis=0)
    return Frame(jnp.asarray(ideal, jnp.float32), jnp.asarray(nadir, jnp.float32))


def relaxed_volume(relaxed: NDArray[np.float64], extent: float = 10.0) -> float:
    """Hypervolume of the members' relaxed objectives, in e-folds, up to a point far away, to the power of 1 / objectives."""
    usable = relaxed[np.all(np.isfinite(relaxed), axis=1)]
    # from a fixed corner: costs in pJ, ns or um2 stay far below e**40
    volume = hypervolume(usable, np.full(relaxed.shape[1], 4 * extent)) if len(usable) else 0.0
    return volume ** (1 / relaxed.shape[1])


def reason(problem: Problem, metrics: Any, member: int) -> str:
    """Why nothing of a member was finite."""
    values = np.asarray(metrics.objectives)[member]
    broken = [o.name for o, value in zip(problem.objectives, values, strict=True) if not np.isfinite(value)]
    if broken:
        return f"{' and '.join(broken)} not finite in training, also after a restart"
    return "gradients not finite, also after a restart"
