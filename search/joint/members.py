"""One member of a population, and how many are mapped over and shared among devices."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from flax import nnx
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Key


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
    # JAX shards an axis evenly or not at all; a loop would have to fetch every member from its device
    if over is not side_by_side or len(devices) == 1 or count % len(devices):
        return stacked
    return jax.device_put(stacked, NamedSharding(Mesh(np.asarray(devices), ("members",)), PartitionSpec("members")))


def uniform_like(latents: dict[str, Array], key: Key[Array, ""]) -> dict[str, Array]:
    """Random latents of the same shapes."""
    keys = jax.random.split(key, len(latents))
    return {name: jax.random.uniform(k, z.shape, z.dtype) for (name, z), k in zip(latents.items(), keys, strict=True)}
