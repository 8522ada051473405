"""Where the layers sit on a mesh, and how far a message travels between them.

Layers take consecutive runs of cores along a snake over the mesh (left to right, then back). The mean distance between two runs
has a closed form in their ends, which may be fractional: the same expression is the exact mean over all pairs of tiles at whole
core counts and a smooth estimate between them, at any network size.
"""

import abc
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from codesign.workloads.workload import Workload


class Hops(NamedTuple):
    """Mean hops of a message on its way into each layer, by direction, and of one that leaves the chip, `[east-west, north-south]`."""

    east_west: Float[Array, " layers"]
    north_south: Float[Array, " layers"]
    leaving: Float[Array, "2"]


class AbstractPlacement(eqx.Module):
    """A rule that places layers on the mesh."""

    cores_per_tile: eqx.AbstractVar[int]

    @abc.abstractmethod
    def hops(self, cores: Float[Array, " layers"], workload: Workload) -> Hops:
        """Mean hops into each layer, when the layers take `cores` cores each (at least one)."""


class GivenHops(AbstractPlacement):
    """The same measured mean distance for every layer, such as Yan et al.'s 0.64 hops for VGG16.

    Attributes:
        east_west, north_south: mean hops of a message in each direction.
        cores_per_tile: cores that share a router (static).
    """

    east_west: Float[Array, ""]
    north_south: Float[Array, ""]
    cores_per_tile: int = eqx.field(static=True)

    @classmethod
    def of(cls, east_west: float, north_south: float, cores_per_tile: int = 4) -> "GivenHops":
        """Mean hops in each direction."""
        east, north = (jnp.asarray(x, jnp.float32) for x in (east_west, north_south))
        return cls(cores_per_tile=cores_per_tile, east_west=east, north_south=north)

    def hops(self, cores: Float[Array, " layers"], workload: Workload) -> Hops:
        """The given distances."""
        along = jnp.stack([self.east_west, self.north_south])
        return Hops(jnp.broadcast_to(along[0], cores.shape), jnp.broadcast_to(along[1], cores.shape), along)


class SnakePlacement(AbstractPlacement):
    """Consecutive runs along a snake; input enters and output leaves at the first tile; recurrent layers also send to themselves.

    The mesh grows downwards as far as the network needs (further chips are attached below).

    Attributes:
        mesh_columns: tiles per row of the mesh.
        cores_per_tile: cores that share a router.
    """

    mesh_columns: int = eqx.field(static=True, default=8)
    cores_per_tile: int = eqx.field(static=True, default=4)

    def hops(self, cores: Float[Array, " layers"], workload: Workload) -> Hops:
        """Mean distance between the previous layer's tiles and this layer's, and within the layer for its own spikes."""
        ends = jnp.cumsum(cores) / self.cores_per_tile / self.mesh_columns  # in rows of the mesh
        starts = ends - cores / self.cores_per_tile / self.mesh_columns
        columns = _column_shares(starts, ends, self.mesh_columns)
        # rows never fall along the snake, so their mean distance is the difference of means; columns turn back, so pairs count
        rows = _mean_row(starts, ends)
        # share of a run in the columns up to each but the last; input enters at the first tile, which has all of its own
        up_to = columns @ jnp.asarray(np.triu(np.ones((self.mesh_columns, self.mesh_columns - 1))), cores.dtype)
        before = jnp.concatenate([jnp.ones((1, self.mesh_columns - 1), cores.dtype), up_to[:-1]])
        east_west = _distance_across(before, up_to)
        north_south = rows - jnp.concatenate([jnp.zeros(1, cores.dtype), rows[:-1]])
        own = _own_share(workload, cores)
        return Hops(
            east_west + own * (_distance_across(up_to, up_to) - east_west),
            north_south + own * (_distance_within(starts, ends) - north_south),
            # the first tile lies in the first column of the first row
            jnp.stack([jnp.sum(1 - up_to[-1]), rows[-1]]),
        )


def _own_share(workload: Workload, like: Array) -> Float[Array, " layers"]:
    """Share of a layer's inputs that are its own outputs."""
    shares = [layer.channels_out / layer.channels_in if layer.kind == "recurrent" else 0.0 for layer in workload]
    # may exceed 1 where a layer does not list its own outputs among its inputs
    return jnp.asarray(np.clip(shares, 0, 1), like.dtype)


def _column_shares(starts: Array, ends: Array, columns: int) -> Float[Array, "layers columns"]:
    """Share of a run of the snake that lies in each column; starts and ends in rows."""

    def covered(position: Array) -> Array:
        full = jnp.floor(position)
        rest = ((position - full) * columns)[:, None]
        index = jnp.arange(columns, dtype=position.dtype)
        forward, backward = jnp.clip(rest - index, 0, 1), jnp.clip(rest - (columns - 1 - index), 0, 1)
        # odd rows run backwards; whole rows cover every column once
        return full[:, None] + jnp.where((full % 2 == 0)[:, None], forward, backward)

    # relative to an even row below the start: whole numbers stay small, so float32 keeps the fractions
    base = 2 * jnp.floor(starts / 2)
    return (covered(ends - base) - covered(starts - base)) / ((ends - starts) * columns)[:, None]


def _distance_across(a: Array, b: Array) -> Float[Array, " layers"]:
    """Mean column distance of two runs from their cumulative shares: a pair is cut by every border that one of them lies before."""
    return jnp.sum(a + b - 2 * a * b, axis=1)


def _mean_row(starts: Array, ends: Array) -> Float[Array, " layers"]:
    """Mean row index of a run."""

    def integral(position: Array) -> Array:
        full = jnp.floor(position)
        return full * (full - 1) / 2 + full * (position - full)

    base = jnp.floor(starts)
    return base + (integral(ends - base) - integral(starts - base)) / (ends - starts)


def _distance_within(starts: Array, ends: Array) -> Float[Array, " layers"]:
    """Mean row distance between two tiles of the same run, from the rows' shares (first, `middle` full ones, last)."""
    first_row = jnp.floor(starts)
    first = jnp.minimum(ends, first_row + 1) - starts
    # 0, and no last part, where the run ends in its first row
    middle = jnp.maximum(jnp.floor(ends) - first_row - 1, 0)
    last = jnp.maximum(ends - starts - first - middle, 0)
    # both orders of a pair count: twice 1 + ... + m, and twice the sum over pairs of m rows, m (m^2 - 1) / 6
    total = (first + last) * middle * (middle + 1) + 2 * first * last * (middle + 1) + middle * (middle**2 - 1) / 3
    return total / (ends - starts) ** 2
