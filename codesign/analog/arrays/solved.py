"""A crossbar that is programmed already: what its devices deliver through their wires is known, slice by slice, and is read here.

Wires are solved outside, array by array, where sizes are known numbers; sizes are run-time values here, so that designs of all sizes and
bits are read by one compiled program.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from codesign.analog.arrays.array import AbstractArray
from codesign.analog.arrays.physics import Held
from codesign.analog.arrays.searched import TiledCrossbar
from codesign.workloads.workload import LayerWork


class SolvedCrossbar(AbstractArray):
    """Arrays of known devices and wires, one set of them for each slice of the weights.

    Attributes:
        base: how a slice is read.
        held: what the devices deliver; a slice each along the first axis of every leaf.
        ranges: full scale of each slice's converters, as a share of that of whole weights.
        count: slices that are read; the others are empty.
    """

    base: TiledCrossbar
    held: Held
    ranges: Float[Array, " slices"]
    count: Int[Array, ""]

    def program(self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]) -> Held:
        """What is held: the devices were programmed with these weights before."""
        return self.held

    def read(
        self, x: Float[Array, "batch fan_in"], held: Held, full_scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "batch outputs"]:
        """One conversion per slice, tile and output."""

        def add(number: Array, total: Array) -> Array:
            own, drawn = jax.tree.map(lambda leaf: leaf[number], held), jax.random.fold_in(key, number)
            return total + self.base.read(x, own, full_scale * self.ranges[number], drawn)

        return jax.lax.fori_loop(0, self.count, add, jnp.zeros((x.shape[0], held.weights.shape[-1]), x.dtype))

    def read_map(
        self,
        x: Float[Array, "batch height width channels"],
        held: Held,
        full_scale: Float[Array, ""],
        key: Key[Array, ""],
        geometry: LayerWork,
    ) -> Float[Array, "batch height_out width_out outputs"]:
        """The same for every patch."""

        def add(number: Array, total: Array) -> Array:
            own, drawn = jax.tree.map(lambda leaf: leaf[number], held), jax.random.fold_in(key, number)
            return total + self.base.read_map(x, own, full_scale * self.ranges[number], drawn, geometry)

        shape = (x.shape[0], geometry.height_out, geometry.width_out, held.weights.shape[-1])
        return jax.lax.fori_loop(0, self.count, add, jnp.zeros(shape, x.dtype))

    def part(self, held: Held, start: int, stop: int) -> tuple["SolvedCrossbar", Held]:
        """Rows are the second axis of every leaf."""
        return self, jax.tree.map(lambda leaf: leaf[:, start:stop], held)
