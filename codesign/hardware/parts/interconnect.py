"""How tiles are joined: two small strategies for the traffic between them."""

import abc
import dataclasses
from collections.abc import Callable

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.hardware.parameters.shares import weighed
from codesign.technology.technology import Technology

_PJ_PER_FF_V2 = 1e-3  # fF V^2 = fJ


def wire_pj_per_bit(length_um: ArrayLike, technology: Technology) -> Float[Array, "..."]:
    """Energy of one bit over a wire with repeaters [pJ]: `C V^2 / 2`, a random bit toggling the wire every second time."""
    per_um = technology["wire_capacitance_ff_per_um"] * (1 + technology["repeater_capacitance_share"])
    return 0.5 * jnp.asarray(length_um) * per_um * technology.supply_v**2 * _PJ_PER_FF_V2


@dataclasses.dataclass(frozen=True)
class AbstractInterconnect(abc.ABC):
    """A network between tiles; frozen and hashable, so that it is a static option of a chip."""

    @abc.abstractmethod
    def pj_per_bit(self, tiles: Array, tile_side_um: Array, technology: Technology) -> Float[Array, " layers"]:
        """Energy to bring one bit to a layer that occupies `tiles` tiles `[layers]`, each `tile_side_um` long [pJ]."""

    @abc.abstractmethod
    def area_um2(self, tiles: Array, tile_side_um: Array, technology: Technology) -> Float[Array, " layers"]:
        """Area of the network's share of `tiles` tiles `[layers]`, each `tile_side_um` long [um2]."""

    @abc.abstractmethod
    def logic_um2(self, tiles: Array, tile_side_um: Array, technology: Technology) -> Float[Array, " layers"]:
        """As much of `area_um2` of the same `tiles` and `tile_side_um` as leaks [um2]."""


def _side(tiles: Array) -> Array:
    """Tiles along a side of the square that a layer occupies, at least one (the root's gradient stays finite without tiles)."""
    return jnp.sqrt(jnp.maximum(tiles, 1))


@dataclasses.dataclass(frozen=True)
class Mesh(AbstractInterconnect):
    """A router per tile; a bit travels the mean Manhattan distance in a square of tiles, 2/3 of its side, and at least one hop."""

    def pj_per_bit(self, tiles: Array, tile_side_um: Array, technology: Technology) -> Float[Array, " layers"]:
        """Hops times the energy of a hop."""
        # two points of a unit line lie 1/3 apart on average, along each of two axes.
        # A hop has the published price of a hop, whatever the tile's side
        return jnp.maximum(2 / 3 * _side(tiles), 1) * technology["hop_pj_per_bit"]

    def area_um2(self, tiles: Array, tile_side_um: Array, technology: Technology) -> Float[Array, " layers"]:
        """A router per tile."""
        return tiles * technology["router_area_um2"]

    def logic_um2(self, tiles: Array, tile_side_um: Array, technology: Technology) -> Float[Array, " layers"]:
        """All of the routers."""
        return tiles * technology["router_area_um2"]


@dataclasses.dataclass(frozen=True)
class HTree(AbstractInterconnect):
    """Wires from the middle of a layer's square to every tile: half its side along each axis, side in all. No routers, but repeaters."""

    def pj_per_bit(self, tiles: Array, tile_side_um: Array, technology: Technology) -> Float[Array, " layers"]:
        """Wire of one side of the layer's square."""
        return wire_pj_per_bit(_side(tiles) * tile_side_um, technology)

    def area_um2(self, tiles: Array, tile_side_um: Array, technology: Technology) -> Float[Array, " layers"]:
        """Repeaters along the side of every tile; tracks lie above them."""
        return tiles * tile_side_um * technology["htree_width_um"]

    def logic_um2(self, tiles: Array, tile_side_um: Array, technology: Technology) -> Float[Array, " layers"]:
        """All of the repeaters."""
        return self.area_um2(tiles, tile_side_um, technology)


@dataclasses.dataclass(frozen=True)
class MixedInterconnect(AbstractInterconnect):
    """Networks of which one is still to be chosen: all that is asked of one is weighed by their shares; exact where one share is 1.

    Attributes:
        options: the networks.
        shares: of each.
    """

    options: tuple[AbstractInterconnect, ...]
    shares: Float[Array, " options"]

    def pj_per_bit(self, tiles: Array, tile_side_um: Array, technology: Technology) -> Float[Array, " layers"]:
        """The weighed energy."""
        return self._weighed(lambda each: each.pj_per_bit(tiles, tile_side_um, technology))

    def area_um2(self, tiles: Array, tile_side_um: Array, technology: Technology) -> Float[Array, " layers"]:
        """The weighed area."""
        return self._weighed(lambda each: each.area_um2(tiles, tile_side_um, technology))

    def logic_um2(self, tiles: Array, tile_side_um: Array, technology: Technology) -> Float[Array, " layers"]:
        """The weighed area."""
        return self._weighed(lambda each: each.logic_um2(tiles, tile_side_um, technology))

    def _weighed(self, asked: Callable[[AbstractInterconnect], Array]) -> Array:
        return weighed(self.shares, [asked(each) for each in self.options])
